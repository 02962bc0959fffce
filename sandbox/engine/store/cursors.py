"""Cursors: a position in one query, as a text that only this store can make.

Sealed with a key of the store, because a position is an index key and learner code must not choose one. A cursor fits
one query: source, range, order and operators, and the fields of the index. Source: docs/spec/semantics.md §7.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sandbox.engine.errors import LearnerError

_FINGERPRINT_BYTES = 16
_SEAL_BYTES = 16
_AFTER, _END = b"a", b"e"

INVALID_CURSOR_DATA = {"isConvexSystemError": True, "paginationError": "InvalidCursor"}
"""What React's `usePaginatedQuery` looks for, to begin again with the first page."""


@dataclass(frozen=True, slots=True)
class Position:
    """Just after the index key `after`, or the end of the query where that is None."""

    after: bytes | None

    @property
    def is_end(self) -> bool:
        return self.after is None


END = Position(None)


class QueryCursors:
    """Writes and reads the cursors of one query. `fields` are those of its index, empty while there is no table."""

    def __init__(self, key: bytes, plan: dict[str, Any], fields: Sequence[str]) -> None:
        self._key = key
        source = {**plan["source"], "order": plan["source"].get("order") or "asc"}
        query = json.dumps([source, plan.get("operators") or []], sort_keys=True)
        # The end of a query is its end by any index, also by that of a table that did not exist before.
        self._of_end = _fingerprint(query)
        self._of_key = _fingerprint(json.dumps([query, list(fields)]))

    def write(self, position: Position) -> str:
        if position.after is None:
            return self._sealed(_END + self._of_end)
        return self._sealed(_AFTER + self._of_key + position.after)

    def read(self, text: str | None) -> Position | None:
        """None without a cursor. Raises LearnerError (InvalidCursor): not ours, or of another query."""
        if text is None:
            return None
        content = self._unsealed(text)
        kind, fingerprint = content[:1], content[1 : 1 + _FINGERPRINT_BYTES]
        if kind == _END and fingerprint == self._of_end:
            return END
        if kind == _AFTER and fingerprint == self._of_key:
            return Position(content[1 + _FINGERPRINT_BYTES :])
        raise _invalid_cursor()

    def _sealed(self, content: bytes) -> str:
        return base64.urlsafe_b64encode(self._seal(content) + content).decode().rstrip("=")

    def _unsealed(self, text: str) -> bytes:
        try:
            raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            raise _invalid_cursor() from None
        seal, content = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(content)):
            raise _invalid_cursor()
        return content

    def _seal(self, content: bytes) -> bytes:
        return blake2b(content, key=self._key, digest_size=_SEAL_BYTES).digest()


def _fingerprint(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=_FINGERPRINT_BYTES).digest()


def _invalid_cursor() -> LearnerError:
    return LearnerError(
        "InvalidCursor: Tried to run a query starting from a cursor, "
        "but it looks like this cursor is from a different query.",
        code="InvalidCursor",
        data=INVALID_CURSOR_DATA,
        has_data=True,
    )
