"""What a client is told of a call, in words that the sync protocol and the HTTP API share.

Facts: docs/spec/semantics.md §9 (error texts), sync-protocol.md §5 (the HTTP answer).
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from sandbox.engine import values
from sandbox.engine.errors import BUSY_CODE, CONFLICT_CODE, LearnerError
from sandbox.engine.runtime.executor import Identity, Outcome
from sandbox.engine.values import ValueFormat


def persona_of(identity: Identity | None) -> str | None:
    """The caller's name in the panels."""
    return None if identity is None else str(identity.get("subject"))


def client_text(error: LearnerError) -> str:
    """What a client is shown (semantics.md §9): it ends with a line break, also without frames."""
    message = error.message if error.message.endswith("\n") else f"{error.message}\n"
    return f"[Request ID: {secrets.token_hex(8)}] Server Error\n{message}"


def is_retriable(error: LearnerError) -> bool:
    """Whether it is no answer of the function's: a mutation lost every race, and may well win the next one."""
    return error.code in (CONFLICT_CODE, BUSY_CODE)


def error_data(error: LearnerError) -> dict[str, Any]:
    return {"errorData": error.data} if error.has_data else {}


def http_answer(outcome: Outcome, format_: ValueFormat) -> str:
    """The JSON text of an answer to `/api/query` and its like: `{"status": …}`; an error is an answer, too."""
    log_lines = _log_lines(outcome.log_lines)
    if outcome.error is not None:
        return http_failure(outcome.error, format_, outcome.log_lines)
    assert outcome.value_json is not None
    # Also the encoded form is written anew: the function's own text has 1 where clients in Python expect 1.0.
    return f'{{"status":"success","value":{values.export_text(outcome.value_json, format_)}{log_lines}}}'


def http_failure(error: LearnerError, format_: ValueFormat, log_lines: tuple[str, ...] = ()) -> str:
    """The same for a call that failed, or that could not be made."""
    message = json.dumps(client_text(error))
    data = f',"errorData":{values.export_text(json.dumps(error.data), format_)}' if error.has_data else ""
    return f'{{"status":"error","errorMessage":{message}{data}{_log_lines(log_lines)}}}'


def _log_lines(lines: tuple[str, ...]) -> str:
    return f',"logLines":{json.dumps(lines)}' if lines else ""
