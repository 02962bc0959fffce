"""Questions about validators without a value: does one imply another, can a document hold a field.

Source: `common/src/schemas/validator.rs` (`is_subset`, `can_contain_field`), summed up in docs/spec/semantics.md §5.
"""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.engine.schema.validators import (
    ANY,
    BOOLEAN,
    FLOAT64,
    INT64,
    STRING,
    AnyValidator,
    ArrayValidator,
    IdValidator,
    LiteralValidator,
    ObjectValidator,
    UnionValidator,
    Validator,
)
from sandbox.engine.values import Int64

COMPARISONS_MAX = 200_000
"""Ours: some tenths of a second."""

_WIDER_THAN_A_LITERAL: dict[type, Validator] = {str: STRING, Int64: INT64, float: FLOAT64, bool: BOOLEAN}


def is_subset(narrow: Validator, wide: Validator) -> bool:
    """Whether every value that `narrow` accepts is surely accepted by `wide`. False may also mean "not sure"."""
    return _Comparison().holds(narrow, wide)


class _Comparison:
    """One question. Unions are compared member by member, and whoever writes two of ten thousand gets no answer."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        self._steps = 0

    def holds(self, narrow: Validator, wide: Validator) -> bool:
        self._steps += 1
        if self._steps > COMPARISONS_MAX:
            return False
        if wide == ANY or narrow == wide:
            return True
        match narrow, wide:
            case ArrayValidator(), ArrayValidator():
                return self.holds(narrow.element, wide.element)
            case ObjectValidator(), ObjectValidator():
                return self._holds_for_objects(narrow, wide)
            case UnionValidator(), _:
                return all(self.holds(member, wide) for member in narrow.members)
            case _, UnionValidator():
                return any(self.holds(narrow, member) for member in wide.members) or (
                    narrow == BOOLEAN and all(self.holds(LiteralValidator(either), wide) for either in (True, False))
                )
            case LiteralValidator(), _:
                return _WIDER_THAN_A_LITERAL[type(narrow.value)] == wide
            case IdValidator(), _:
                return wide == STRING
        return False

    def _holds_for_objects(self, narrow: ObjectValidator, wide: ObjectValidator) -> bool:
        if not narrow.names <= wide.names:
            return False
        declared = {field.name: field for field in narrow.fields}
        for field in wide.fields:
            inner = declared.get(field.name)
            if inner is None:
                if not field.optional:
                    return False
            elif (inner.optional and not field.optional) or not self.holds(inner.validator, field.validator):
                return False
        return True


def can_contain_field(validator: Validator, path: Sequence[str]) -> bool:
    """Whether some accepted value has something at the field path."""
    if not path:
        return True
    match validator:
        case AnyValidator():
            return True
        case UnionValidator():
            return any(can_contain_field(member, path) for member in validator.members)
        case ObjectValidator():
            return any(
                declared.name == path[0] and can_contain_field(declared.validator, path[1:])
                for declared in validator.fields
            )
    return False


def can_contain_vector(validator: Validator, path: Sequence[str]) -> bool:
    """Whether some accepted value may have an array of Float64 at the field path; as Convex asks it, an array whose
    elements are a union does not count, and a field that an object does not declare does."""
    match validator:
        case AnyValidator():
            return True
        case UnionValidator():
            return any(can_contain_vector(member, path) for member in validator.members)
        case ObjectValidator() if path:
            declared = {field.name: field.validator for field in validator.fields}
            return path[0] not in declared or can_contain_vector(declared[path[0]], path[1:])
        case ArrayValidator() if not path:
            return validator.element in (FLOAT64, ANY)
    return False


def accepts_string_literal(validator: Validator) -> bool:
    """Whether it is a string literal or a union that has one, which a record may not have for its keys."""
    match validator:
        case LiteralValidator():
            return type(validator.value) is str
        case UnionValidator():
            return any(map(accepts_string_literal, validator.members))
    return False
