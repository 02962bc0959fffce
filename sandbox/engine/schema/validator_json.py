"""Validators from the JSON that `exportArgs`, `exportReturns` and `schema.export` give.

Source: docs/spec/runtime-abi.md §3 (validator JSON) and semantics.md §5. The JSON is made by learner code, so
nothing of its shape is taken for granted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

from sandbox.engine.errors import LearnerError
from sandbox.engine.schema.subset import accepts_string_literal, is_subset
from sandbox.engine.schema.validators import (
    ANY,
    BOOLEAN,
    BYTES,
    FLOAT64,
    INT64,
    NULL,
    STRING,
    ArrayValidator,
    Field,
    IdValidator,
    LiteralValidator,
    ObjectValidator,
    RecordValidator,
    UnionValidator,
    Validator,
)
from sandbox.engine.values import Int64, decode, display, field_name_problem, identifier_problem

VALIDATOR_NESTING_MAX = 64

_SIMPLE: dict[str, Validator] = {
    "null": NULL,
    "number": FLOAT64,
    "bigint": INT64,
    "boolean": BOOLEAN,
    "string": STRING,
    "bytes": BYTES,
    "any": ANY,
}


def parse_validator(json: Any) -> Validator:
    """The validator of a validator JSON value. Raises LearnerError, code InvalidValidator unless Convex has one."""
    return _parse(json, 0)


def _parse(json: Any, depth: int) -> Validator:
    if depth > VALIDATOR_NESTING_MAX:
        _refuse(f"Validator is too nested (maximum nesting {VALIDATOR_NESTING_MAX})")
    kind = _part(json, "type", str)
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return simple
    parse = _PARSERS.get(kind)
    if parse is None:
        _refuse(f"Unknown validator type `{kind}`")
    return parse(json, depth + 1)


def _parse_id(json: Any, depth: int) -> Validator:
    table = _part(json, "tableName", str)
    problem = identifier_problem(table)
    if problem is not None:
        _refuse(problem)
    return IdValidator(table)


def _parse_literal(json: Any, depth: int) -> Validator:
    value = decode(_part(json, "value", object))
    if type(value) not in (float, Int64, bool, str):
        _refuse(f"Value {display(value)} is not a valid literal.")
    if type(value) is float and not math.isfinite(value):
        _refuse("Infinite or NaN values are not supported in literal validators.", code="UnsupportedFloatLiteral")
    return LiteralValidator(value)


def _parse_array(json: Any, depth: int) -> Validator:
    return ArrayValidator(_parse(_part(json, "value", dict), depth))


def _parse_union(json: Any, depth: int) -> Validator:
    return UnionValidator(tuple(_parse(member, depth) for member in _part(json, "value", list)))


def _parse_record(json: Any, depth: int) -> Validator:
    keys = _parse(_part(json, "keys", dict), depth)
    if not is_subset(keys, STRING):
        _refuse(
            "Records can only have string keys. Your validator contains a record with key typed as "
            f"`{keys}`, which is not a subtype of `v.string()`",
            code="InvalidRecordType",
        )
    values = _part(json, "values", dict)
    inner = _parse(_part(values, "fieldType", dict), depth)
    if accepts_string_literal(keys):
        _refuse("Records cannot have string literal keys", code="InvalidRecordType")
    if _part(values, "optional", bool):
        _refuse("Records cannot have optional values", code="InvalidRecordType")
    return RecordValidator(keys, inner)


def _parse_object(json: Any, depth: int) -> Validator:
    fields = _part(json, "value", dict)
    return ObjectValidator(tuple(_parse_field(name, fields[name], depth) for name in sorted(fields)))


def _parse_field(name: str, json: Any, depth: int) -> Field:
    problem = field_name_problem(name) or identifier_problem(name)
    if problem is not None:
        _refuse(problem)
    try:
        return Field(name, _parse(_part(json, "fieldType", dict), depth), _part(json, "optional", bool))
    except LearnerError as error:
        raise LearnerError(f"Invalid validator for key `{name}`: {error.message}", code=error.code) from None


def _refuse_commit_ts(json: Any, depth: int) -> NoReturn:
    _refuse("`v.commitTs()` is not available in this sandbox.", code="Unsupported")


_PARSERS: dict[str, Callable[[Any, int], Validator]] = {
    "id": _parse_id,
    "literal": _parse_literal,
    "array": _parse_array,
    "union": _parse_union,
    "record": _parse_record,
    "object": _parse_object,
    "commitTs": _refuse_commit_ts,
}


def _part(json: Any, name: str, kind: type) -> Any:
    if not isinstance(json, dict) or not isinstance(json.get(name, _ABSENT), kind) or name not in json:
        _refuse(f"Malformed validator: expected `{name}`")
    return json[name]


_ABSENT = object()


def _refuse(message: str, code: str = "InvalidValidator") -> NoReturn:
    raise LearnerError(message, code=code)
