"""Arguments for a learner's function, made from its validator.

A check names the functions, never their arguments: whether the row's id is called `id` or `signupId`, and what else a
function wants, is read from the validator that it exports (docs/spec/runtime-abi.md). Values are Convex-encoded JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.engine import FunctionInfo

Row = Mapping[str, Any]
Validator = Mapping[str, Any]

SAMPLES: Mapping[str, Any] = {
    "null": None,
    "number": 1.0,
    "bigint": {"$integer": "AQAAAAAAAAA="},
    "boolean": True,
    "bytes": {"$bytes": ""},
    "any": None,
    "array": [],
    "record": {},
}


def arguments(function: FunctionInfo, table: str, row: Row, *, wants_id: bool) -> dict[str, Any]:
    """Arguments with which the function means this row of this table.

    With `wants_id` the row's id is put where the function takes one; without it, text means the row's owner. Optional
    fields are left out unless the row has a value of that name. A function that declares nothing gets every usual name.
    """
    fields = _fields(function.args)
    if fields is None:
        return _usual_names(table, row)
    id_field = _id_field(fields, table) if wants_id else None
    given: dict[str, Any] = {}
    for name, field in fields.items():
        if name == id_field or (_accepts_id(field["fieldType"], table) and not field["optional"]):
            given[name] = _with_id(field["fieldType"], table, row)
        elif _accepts_id(field["fieldType"], table):
            continue
        elif name in row:
            given[name] = row[name]
        elif not field["optional"]:
            given[name] = _sample(field["fieldType"], row)
    return given


def _fields(validator: Validator | None) -> Mapping[str, Any] | None:
    """The fields of the first object that the validator accepts, or None when it accepts anything."""
    for member in _members(validator or {"type": "any"}):
        if member["type"] == "object":
            fields: Mapping[str, Any] = member["value"]
            return fields
    return None


def _members(validator: Validator) -> Iterator[Validator]:
    if validator["type"] == "union":
        for member in validator["value"]:
            yield from _members(member)
    else:
        yield validator


def _accepts_id(validator: Validator, table: str) -> bool:
    """Whether an id of the table fits, or a list or an object around one."""
    return any(_holds_id(member, table) for member in _members(validator))


def _holds_id(member: Validator, table: str) -> bool:
    match member["type"]:
        case "id":
            return bool(member["tableName"] == table)
        case "array":
            return _accepts_id(member["value"], table)
        case "object":
            return any(_accepts_id(field["fieldType"], table) for field in member["value"].values())
        case _:
            return False


def _with_id(validator: Validator, table: str, row: Row) -> Any:
    """The row's id, in the list or the object that the validator wants around it."""
    member = next((member for member in _members(validator) if _holds_id(member, table)), None)
    match member and member["type"]:
        case "array":
            return [_with_id(member["value"], table, row)]
        case "object":
            return {
                name: _with_id(field["fieldType"], table, row)
                if _accepts_id(field["fieldType"], table)
                else row.get(name, _sample(field["fieldType"], row))
                for name, field in member["value"].items()
                if name in row or not field["optional"]
            }
        case _:
            return row["_id"]


def _id_field(fields: Mapping[str, Any], table: str) -> str | None:
    """The argument that names the row: one that accepts its id, else the text or `v.any()` that is most likely it."""
    declared = [name for name, field in fields.items() if _accepts_id(field["fieldType"], table)]
    if declared:
        return min(declared, key=lambda name: fields[name]["optional"])
    loose = [
        name
        for name, field in fields.items()
        if any(member["type"] in ("string", "any") for member in _members(field["fieldType"]))
        and name not in ("ownerId", "name")
    ]
    return min(loose, key=lambda name: _unlikely_id(name, fields[name]["optional"], table), default=None)


def _unlikely_id(name: str, is_optional: bool, table: str) -> tuple[bool, bool]:
    words = re.findall(r"[a-z]+", re.sub(r"([A-Z])", r" \1", name).lower())
    likely = {"id", "row", "document", "doc", table, table.removesuffix("s")}
    return (is_optional, not likely & set(words))


def _sample(validator: Validator, row: Row) -> Any:
    """Some value that the validator accepts."""
    member = next(_members(validator), None)
    if member is None:
        return None
    match member["type"]:
        case "string":
            return row.get("ownerId", "alice")
        case "literal":
            return member["value"]
        case "object":
            return {
                name: _sample(field["fieldType"], row)
                for name, field in member["value"].items()
                if not field["optional"]
            }
        case other:
            return SAMPLES.get(other)


def _usual_names(table: str, row: Row) -> dict[str, Any]:
    own = {name: value for name, value in row.items() if not name.startswith("_")}
    return {**own, "id": row["_id"], "_id": row["_id"], f"{table.removesuffix('s')}Id": row["_id"]}
