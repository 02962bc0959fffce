"""Bodies of one action that are too large for one message: they cross in pieces, each way (js/action_world.js).

Stands between base64 in messages and bytes here. Keys are the action's own for what it gives, ours for what it takes.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from sandbox.engine import limits
from sandbox.engine.errors import LearnerError

PIECE_BYTES = limits.MIB


class Pieces:
    """Holds at most ACTION_OPERATION_BYTES_MAX at a time."""

    def __init__(self) -> None:
        self._given: dict[str, bytearray] = {}
        self._held: dict[str, memoryview] = {}
        self._count = 0

    def give(self, args: dict[str, Any]) -> None:
        """A piece of a body from the action. Raises LearnerError."""
        key = args.get("key")
        data = decoded_body(args.get("data"), PIECE_BYTES, "A piece of a body")
        if not isinstance(key, str) or len(key) > 32:
            raise _unknown()
        self._require_room(len(data))
        self._given.setdefault(key, bytearray()).extend(data)

    def body(self, body: object, bytes_max: int, what: str) -> bytes:
        """The body that an operation names: base64, or the key of what was given before. Raises LearnerError."""
        if not isinstance(body, dict):
            return decoded_body(body, bytes_max, what)
        given = self._given.pop(str(body.get("key")), None)
        if given is None:
            raise _unknown()
        if len(given) > bytes_max:
            raise _too_large(bytes_max, what)
        return bytes(given)

    def hold(self, body: bytes) -> object:
        """What the action is told of a body: base64 (None for nothing), or key and size of what it is to take."""
        if len(body) <= PIECE_BYTES:
            return base64.b64encode(body).decode() if body else None
        self._require_room(len(body))
        self._count += 1
        self._held[str(self._count)] = memoryview(body)
        return {"key": str(self._count), "size": len(body)}

    def take(self, args: dict[str, Any]) -> str:
        """The next piece of a body that is held, in base64. Raises LearnerError."""
        key = str(args.get("key"))
        rest = self._held.pop(key, None)
        if rest is None:
            raise _unknown()
        if len(rest) > PIECE_BYTES:
            self._held[key] = rest[PIECE_BYTES:]
        return base64.b64encode(rest[:PIECE_BYTES]).decode()

    def _require_room(self, size: int) -> None:
        held = sum(map(len, self._given.values())) + sum(map(len, self._held.values()))
        if held + size > limits.ACTION_OPERATION_BYTES_MAX:
            raise _too_large(limits.ACTION_OPERATION_BYTES_MAX, "What this action sends and receives at once")


def decoded_body(body: object, bytes_max: int, what: str) -> bytes:
    """The bytes of a body that crossed as base64. Raises LearnerError."""
    if body is None:
        return b""
    if not isinstance(body, str):
        raise LearnerError(f"{what} is not readable", code="InvalidSyscall")
    if len(body) // 4 * 3 > bytes_max + 2:
        raise _too_large(bytes_max, what)
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise LearnerError(f"{what} is not readable", code="InvalidSyscall") from None


def _too_large(bytes_max: int, what: str) -> LearnerError:
    return LearnerError(f"{what} is too large (limit: {bytes_max // limits.MIB} MiB)", code="LimitExceeded")


def _unknown() -> LearnerError:
    return LearnerError("There is no such body", code="InvalidSyscall")
