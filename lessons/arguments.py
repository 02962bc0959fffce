"""Arguments for a learner's function, made from its validator.

A check names the functions, never their arguments: whether the row's id is called `id` or `signupId`, and what else a
function wants, is read from the validator that it exports (docs/spec/runtime-abi.md). Values are Convex-encoded JSON.
How well a value or a name fits is fitting.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lessons.fitting import Validator, fits, members, resembles, singular, words
from sandbox.engine import FunctionInfo

Row = Mapping[str, Any]

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
PAGE: Mapping[str, Any] = {"numItems": 100.0, "cursor": None}
"""The first page: what `paginationOptsValidator` takes."""


def arguments(
    function: FunctionInfo, table: str, row: Row, *, wants_id: bool, ids: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Arguments with which the function means this row of this table.

    With `wants_id` the row's id is put where the function takes one; without it, text means the row's owner. Other
    arguments are values of the row, by names that are alike. Optional ones are left out unless the row has a value of
    that very name. `ids` are ids of rows of other tables, by table. A function that declares nothing gets every usual
    name. `row` needs no `_id` where nothing wants one, as for a row that is yet to be made.
    """
    fields = _fields(function.args)
    if fields is None:
        return _usual_names(table, row)
    maker = _Maker(table, row, ids or {})
    return maker.an_object(fields, maker.id_field(fields) if wants_id else None)


def takes_id(function: FunctionInfo, table: str, row: Row) -> bool:
    """False only when the function declares its arguments and none of them can be the row's id."""
    marked = {**row, "_id": "the id of the row"}
    return fits_anywhere(arguments(function, table, marked, wants_id=True), "the id of the row")


def fits_anywhere(value: Any, wanted: str) -> bool:
    """Whether the text stands anywhere in the value."""
    if isinstance(value, Mapping):
        return any(fits_anywhere(entry, wanted) for entry in value.values())
    if isinstance(value, list):
        return any(fits_anywhere(entry, wanted) for entry in value)
    return bool(value == wanted)


@dataclass(frozen=True, slots=True)
class _Maker:
    table: str
    row: Row
    ids: Mapping[str, str]

    def an_object(self, fields: Mapping[str, Any], id_field: str | None = None) -> dict[str, Any]:
        if fields.keys() >= PAGE.keys():
            return dict(PAGE)
        given: dict[str, Any] = {}
        for name, field in fields.items():
            validator, optional = field["fieldType"], field["optional"]
            if name == id_field or (not optional and self._accepts_id(validator)):
                given[name] = self._with_id(validator)
            elif self._accepts_id(validator):
                continue
            elif name in self.row and fits(validator, self.row[name]):
                given[name] = self.row[name]
            elif not optional:
                given[name] = self._sample(validator, name)
        return given

    def id_field(self, fields: Mapping[str, Any]) -> str | None:
        """The argument that names the row: one that accepts its id, else the text that is most likely it."""
        declared = [name for name, field in fields.items() if self._accepts_id(field["fieldType"])]
        if declared:
            return min(declared, key=lambda name: fields[name]["optional"])
        loose = [
            name
            for name, field in fields.items()
            if any(member["type"] in ("string", "any") for member in members(field["fieldType"]))
            and not self._alike(name)
        ]
        return min(loose, key=lambda name: self._unlikely(name, fields[name]["optional"]), default=None)

    def _unlikely(self, name: str, is_optional: bool) -> tuple[bool, bool]:
        likely = {"id", "row", "document", "doc", self.table.lower(), *words(self.table), *singular(self.table)}
        return is_optional, not likely & words(name)

    def _alike(self, name: str) -> list[str]:
        """The row's own fields whose names are alike, the very same name first."""
        own = [field for field in self.row if not field.startswith("_")]
        return sorted((field for field in own if resembles(name, field)), key=lambda field: field != name)

    def _accepts_id(self, validator: Validator) -> bool:
        """Whether an id of the table fits, or a list or an object around one."""
        return any(self._holds_id(member) for member in members(validator))

    def _holds_id(self, member: Validator) -> bool:
        match member["type"]:
            case "id":
                return bool(member["tableName"] == self.table)
            case "array":
                return self._accepts_id(member["value"])
            case "object":
                return any(self._accepts_id(field["fieldType"]) for field in member["value"].values())
            case _:
                return False

    def _with_id(self, validator: Validator) -> Any:
        """The row's id, in the list or the object that the validator wants around it."""
        member = next((member for member in members(validator) if self._holds_id(member)), None)
        match member and member["type"]:
            case "array":
                return [self._with_id(member["value"])]
            case "object":
                return self.an_object(member["value"], self.id_field(member["value"]))
            case _:
                return self.row.get("_id")

    def _sample(self, validator: Validator, name: str) -> Any:
        """A value of the row that is alike, or else some value that the validator accepts."""
        for field in self._alike(name):
            if fits(validator, self.row[field]):
                return self.row[field]
        choices = [member for member in members(validator) if member["type"] != "null"] or list(members(validator))
        return self._some(choices[0], name) if choices else None

    def _some(self, member: Validator, name: str) -> Any:
        match member["type"]:
            case "string":
                return str(self.row.get("ownerId", "alice"))
            case "literal":
                return member["value"]
            case "object":
                return self.an_object(member["value"])
            case "id":
                return self.ids.get(member["tableName"])
            case other:
                return SAMPLES.get(other)


def _fields(validator: Validator | None) -> Mapping[str, Any] | None:
    """The fields of the first object that the validator accepts, or None when it accepts anything."""
    for member in members(validator or {"type": "any"}):
        if member["type"] == "object":
            fields: Mapping[str, Any] = member["value"]
            return fields
    return None


def _usual_names(table: str, row: Row) -> dict[str, Any]:
    own = {name: value for name, value in row.items() if not name.startswith("_")}
    id_ = row.get("_id")
    if id_ is None:
        return own
    return {**own, "id": id_, "_id": id_, **{f"{name}Id": id_ for name in singular(table)}}
