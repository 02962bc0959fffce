"""The value model: what a document, an argument or a result may hold.

Python's own types carry the values, with two additions: `Int64`, because a plain JSON number is always a
Float64, and `UNDEFINED`, which stands for a missing field in ranges, filters and patches and is not a value.
Source: docs/spec/semantics.md §1. Values are never changed in place once they are built.
"""

from __future__ import annotations

import enum
from typing import Final, TypeAlias


class Undefined(enum.Enum):
    """The type of `UNDEFINED`; an enum of one member, so that `is UNDEFINED` narrows a type."""

    UNDEFINED = "undefined"

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = Undefined.UNDEFINED


class Int64(int):
    """A JavaScript bigint, -2**63 <= n < 2**63. Code that builds one from arithmetic checks the range first."""

    __slots__ = ()


INT64_MIN: Final = -(1 << 63)
INT64_MAX: Final = (1 << 63) - 1

Value: TypeAlias = Int64 | float | bool | str | bytes | list["Value"] | dict[str, "Value"] | None
"""A `float` is a Float64; an `int` that is not an `Int64` or a `bool` is not a value."""
