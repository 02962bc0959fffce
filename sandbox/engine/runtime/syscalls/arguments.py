"""Taking arguments apart: learner code wrote them, so each is looked at before it is used. Texts: runtime-abi.md §2."""

from __future__ import annotations

from typing import Any

from sandbox.engine import values
from sandbox.engine.errors import LearnerError
from sandbox.engine.values import Value


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
        raise LearnerError(f"Invalid argument `{name}` for `{method}`: {error.message}", code=error.code) from None
    if not isinstance(value, dict):
        raise not_an_object(name, method)
    return value


def not_an_object(name: str, method: str) -> LearnerError:
    return LearnerError(f"Invalid argument `{name}` for `{method}`: Value must be an Object", code="InvalidArgument")
