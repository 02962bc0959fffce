"""What the frames of a JS process say. Learner code may have made any of it, so all of it is checked.

Which frame may come when is decided by those who read them (exchange.py, actions/); their shapes: js/runner.js.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from sandbox.engine import limits
from sandbox.engine.errors import EngineError, LearnerError

UNAWAITED_MAX = 1000
LOG_OVERFLOW = f"[ERROR] Log overflow (maximum {limits.LOG_LINES_MAX}). Remaining log lines omitted."
_OPERATION = re.compile(r"[\w./]{1,64}")


class CallStopped(EngineError):
    """The process was ended in the middle of a call or a load. `code` says why."""

    code = "CallStopped"


@dataclass(slots=True)
class Reply:
    """The outcome frame. `ok` decides: `text` holds the result, or `error` the text of what was thrown."""

    ok: bool
    text: str
    error: str = ""
    stack: str | None = None
    data: str | None = None
    unawaited: tuple[str, ...] = ()
    time_was_read: bool = False
    """Whether the function asked for the time of day."""
    entry: str = ""
    """Of a load that failed: the module whose evaluation it was."""


def read_outcome(fields: list[bytes]) -> Reply:
    """The outcome of an "R" or "E" frame: header and text. Raises CallStopped for what is none."""
    header = _json(fields[0])
    if not isinstance(header, dict):
        raise out_of_turn()
    stack, data = header.get("stack"), header.get("data")
    return Reply(
        ok=header.get("ok") is True,
        text=fields[1].decode(errors="replace"),
        error=well_formed(str(header.get("error", ""))),
        stack=None if stack is None else well_formed(str(stack)),
        data=None if data is None else str(data),
        unawaited=_operations(header.get("unawaited")),
        time_was_read=header.get("timeWasRead") is True,
        entry=str(header.get("entry", "")),
    )


def read_log_line(raw: bytes, log_lines: list[str]) -> None:
    """Adds a line of a "G" frame, as long as there is room. Raises CallStopped for what is none."""
    line = _json(raw)
    if not isinstance(line, str) or len(line) > limits.LOG_LINE_BYTES_MAX:
        raise out_of_turn()
    if len(log_lines) < limits.LOG_LINES_MAX - 1:
        log_lines.append(well_formed(line))
    elif len(log_lines) == limits.LOG_LINES_MAX - 1:
        log_lines.append(LOG_OVERFLOW)


def read_number(raw: bytes) -> int:
    if not raw.isdigit() or len(raw) > 9:
        raise out_of_turn()
    return int(raw)


def refusal_text(error: LearnerError) -> str:
    """What the function is answered whose operation is refused."""
    document = {"message": error.message, "data": error.data} if error.has_data else {"message": error.message}
    return "!" + json.dumps(document)


def well_formed(text: str) -> str:
    """The text with U+FFFD for every half of a surrogate pair, which JavaScript allows and no socket carries."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def out_of_turn() -> CallStopped:
    """A frame that no runner of ours sends: learner code got hold of stdout."""
    return CallStopped("The JavaScript process sent a message that makes no sense", code="ForgedMessage")


def _operations(named: Any) -> tuple[str, ...]:
    """Names of operations, as far as they can be such."""
    if not isinstance(named, list):
        return ()
    return tuple(op for op in named[:UNAWAITED_MAX] if isinstance(op, str) and _OPERATION.fullmatch(op))


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise out_of_turn() from None
