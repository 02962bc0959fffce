"""Values as the text of one cell, and back by what the schema says of the field. For the Data panel and for CSV.

A text is a string wherever the field takes strings and no other type fits it better. Whatever a plain text cannot say
is JSON: `""` is the empty string, `"12"` a string beside numbers, `[1, 2]` an array. An empty cell is an absent field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.schema import SchemaDefinition, parse_validator
from sandbox.engine.values import INT64_MAX, INT64_MIN, UNDEFINED, Int64, Undefined, Value, dumps, loads

ALL_KINDS = frozenset({"string", "number", "int64", "boolean", "null", "bytes", "array", "object"})
_KIND_OF = {"id": "string", "bigint": "int64", "record": "object"}
_WHOLE = re.compile(r"-?[0-9]+n?")
_SPECIAL_FLOATS = {"NaN", "Infinity", "-Infinity"}


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a table: the types of its values, whether it may be absent, and its validator in words."""

    name: str
    kinds: frozenset[str] = ALL_KINDS
    optional: bool = True
    shown: str = "v.any()"


def columns_of(schema: SchemaDefinition, table: str) -> dict[str, Column]:
    """The declared fields of a table in the order of their declaration; none where the schema declares none."""
    columns: dict[str, Column] = {}
    for definition in json.loads(schema.json_text)["tables"]:
        if definition["tableName"] == table:
            for name, declared in _object_fields(definition.get("documentType")):
                column = _column(name, declared)
                known = columns.get(name)
                columns[name] = column if known is None else _either(known, column)
    return columns


def _object_fields(document_type: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    match document_type:
        case {"type": "object", "value": dict(fields)}:
            yield from fields.items()
        case {"type": "union", "value": list(members)}:
            for member in members:
                yield from _object_fields(member)


def _column(name: str, declared: Mapping[str, Any]) -> Column:
    optional = bool(declared.get("optional"))
    shown = str(parse_validator(declared["fieldType"]))
    return Column(name, _kinds_of(declared["fieldType"]), optional, f"v.optional({shown})" if optional else shown)


def _either(one: Column, other: Column) -> Column:
    shown = one.shown if one.shown == other.shown else f"{one.shown} or {other.shown}"
    return Column(one.name, one.kinds | other.kinds, one.optional or other.optional, shown)


def _kinds_of(validator: Any) -> frozenset[str]:
    match validator:
        case {"type": "any"}:
            return ALL_KINDS
        case {"type": "union", "value": list(members)}:
            return frozenset().union(*map(_kinds_of, members))
        case {"type": "literal", "value": value}:
            return frozenset({_kind_of(loads(json.dumps(value)))})
        case {"type": str(kind)}:
            return frozenset({_KIND_OF.get(kind, kind)})
    return ALL_KINDS


def _kind_of(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case Int64():
            return "int64"
        case float():
            return "number"
        case bytes():
            return "bytes"
        case list():
            return "array"
    return "object"


def parse_cell(text: str, column: Column) -> Value | Undefined:
    """The value that a text stands for. Whether the field takes it is the validator's question.

    Raises LearnerError for an empty cell of a field that must be there and takes no strings.
    """
    if text == "":
        return _empty(column)
    if "string" not in column.kinds:
        text = text.strip()
    if text.startswith('"') or column.kinds != {"string"}:
        found = _parsed(text, column.kinds)
        if found is not UNDEFINED and _kind_of(found) in column.kinds:
            return found
        if "string" not in column.kinds and found is not UNDEFINED:
            return found
    return text


def _empty(column: Column) -> Value | Undefined:
    if column.optional:
        return UNDEFINED
    if "string" in column.kinds:
        return ""
    raise LearnerError(f"`{column.name}` must have a value: {column.shown}.", code="EmptyCell")


def _parsed(text: str, kinds: frozenset[str]) -> Value | Undefined:
    """What the text says as JSON, as a whole number of 64 bits, or as a number that JSON lacks; else UNDEFINED."""
    if _WHOLE.fullmatch(text) and (text.endswith("n") or "number" not in kinds) and "int64" in kinds:
        number = int(text.removesuffix("n"))
        return Int64(number) if INT64_MIN <= number <= INT64_MAX else UNDEFINED
    if text in _SPECIAL_FLOATS and "number" in kinds:
        return float(text)
    try:
        return loads(text)
    except LearnerError:
        return UNDEFINED


def cell_text(value: Value | Undefined, column: Column) -> str:
    """The text that `parse_cell` reads as this value."""
    if value is UNDEFINED:
        return ""
    if isinstance(value, str):
        if value != "" and not value.startswith('"') and parse_cell(value, column) == value:
            return value
        return "" if value == "" and not column.optional else dumps(value)
    if isinstance(value, Int64):
        return f"{int(value)}n" if "number" in column.kinds else str(int(value))
    if isinstance(value, float):
        return _number_text(value)
    return dumps(value)


def _number_text(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    text = repr(value)
    return text.removesuffix(".0") if text != "-0.0" else text
