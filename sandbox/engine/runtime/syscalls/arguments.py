"""Taking arguments apart: learner code wrote them, so each is looked at before it is used. Texts: runtime-abi.md §2."""

from __future__ import annotations

from typing import Any

from sandbox.engine import values
from sandbox.engine.errors import LearnerError
from sandbox.engine.values import LONE_SURROGATE, Undefined, Value


def text(args: dict[str, Any], name: str, method: str) -> str:
    value = args.get(name)
    if not isinstance(value, str):
        raise LearnerError(f"Invalid argument `{name}` for `{method}`: expected a string", code="InvalidArgument")
    return value


def optional_text(args: dict[str, Any], name: str) -> str | None:
    value = args.get(name)
    return value if isinstance(value, str) else None


def document(args: dict[str, Any], name: str, method: str) -> dict[str, Value]:
    """A Convex object."""
    try:
        value = values.decode(args.get(name))
    except LearnerError as error:
        raise _unreadable(error, name, method) from None
    if not isinstance(value, dict):
        raise not_an_object(name, method)
    return value


def fields(args: dict[str, Any], name: str, method: str) -> dict[str, Value | Undefined]:
    """What a patch changes: UNDEFINED stands for a field to be removed."""
    raw = args.get(name)
    if not isinstance(raw, dict):
        raise not_an_object(name, method)
    try:
        values.check_field_names(raw.keys())
        return {field: values.decode_with_undefined(value) for field, value in raw.items()}
    except LearnerError as error:
        raise _unreadable(error, name, method) from None


def _unreadable(error: LearnerError, name: str, method: str) -> LearnerError:
    """Half of a surrogate pair is what Convex's reader of JSON trips over, before it knows what it reads."""
    if error.code == "LoneSurrogate":
        return LearnerError(f"Received invalid json: {LONE_SURROGATE}", code="SyscallArgsInvalidJson")
    return LearnerError(f"Invalid argument `{name}` for `{method}`: {error.message}", code=error.code)


def not_an_object(name: str, method: str) -> LearnerError:
    return LearnerError(f"Invalid argument `{name}` for `{method}`: Value must be an Object", code="InvalidArgument")
