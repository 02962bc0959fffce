"""How large a value or a document may be. Source: docs/spec/semantics.md §1; the numbers are in limits.py.

Decoding already applies the bounds of any value, so `check_value` is for values that were built in Python.
"""

from __future__ import annotations

from sandbox.engine.errors import LearnerError
from sandbox.engine.limits import (
    ARRAY_LENGTH_MAX,
    DOCUMENT_BYTES_MAX,
    DOCUMENT_NESTING_MAX,
    OBJECT_FIELDS_MAX,
    VALUE_NESTING_MAX,
)
from sandbox.engine.values.names import check_field_names
from sandbox.engine.values.size import size_of
from sandbox.engine.values.types import Value


def check_value(value: Value) -> None:
    """Field names, field counts, array lengths and nesting. Raises LearnerError."""
    _check_inside(value, 0)


def check_document_size(value: dict[str, Value]) -> int:
    """Raises LearnerError for more than a document may weigh. Returns the size."""
    size = size_of(value)
    if size > DOCUMENT_BYTES_MAX:
        raise LearnerError(
            f"Value is too large ({readable_size(size)} > maximum size {readable_size(DOCUMENT_BYTES_MAX)})",
            code="ValueTooLarge",
        )
    return size


def nesting_problem(value: dict[str, Value]) -> str | None:
    """What forbids a document that is nested so deep. Raises LearnerError for what no value may be."""
    nesting = nesting_of(value)
    if nesting <= DOCUMENT_NESTING_MAX:
        return None
    return f"Document is too nested (nested {nesting} levels deep > maximum nesting {DOCUMENT_NESTING_MAX})"


def nesting_of(value: Value) -> int:
    """0 for a scalar, 1 for an array or object of scalars. Raises LearnerError for a value out of bounds."""
    return _check_inside(value, 0)


def readable_size(size: int) -> str:
    """Bytes as Convex prints them: `1 MiB`, `1.25 MiB`, `700 B`."""
    amount, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if amount.is_integer() else f"{amount:.2f} {unit}"


def check_array_length(length: int) -> None:
    if length > ARRAY_LENGTH_MAX:
        raise LearnerError(
            f"Array length is too long ({length} > maximum length {ARRAY_LENGTH_MAX})", code="ArrayTooLong"
        )


def check_field_count(count: int) -> None:
    if count > OBJECT_FIELDS_MAX:
        raise LearnerError(
            f"Object has too many fields ({count} > maximum number {OBJECT_FIELDS_MAX})", code="TooManyFields"
        )


def check_depth(depth: int) -> None:
    """Call on entering the array or object that `depth` others hold."""
    if depth >= VALUE_NESTING_MAX:
        # Convex builds a value from the inside out and stops at the first level too many, so it always says 65.
        raise LearnerError(
            f"Value is too nested (nested {VALUE_NESTING_MAX + 1} levels deep > maximum nesting {VALUE_NESTING_MAX})",
            code="TooNested",
        )


def _check_inside(value: Value, depth: int) -> int:
    """The nesting of a value: 0 for a scalar, 1 for an array of scalars."""
    if type(value) is list:
        check_depth(depth)
        check_array_length(len(value))
        parts = value
    elif type(value) is dict:
        check_depth(depth)
        check_field_count(len(value))
        check_field_names(value.keys())
        parts = list(value.values())
    else:
        return 0
    return 1 + max((_check_inside(part, depth + 1) for part in parts), default=0)
