"""The schema that is live in a fork, as a check asks of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lessons.fitting import Validator, members


@dataclass(frozen=True, slots=True)
class Field:
    validator: Validator
    optional: bool

    @property
    def kinds(self) -> frozenset[str]:
        """The types of all members of its unions: {"string", "null"}."""
        return frozenset(member["type"] for member in members(self.validator))

    def accepts(self, kind: str) -> bool:
        """Whether values of that type ("number", "string", "id", "null" …) may be stored; v.any() accepts all."""
        return bool(self.kinds & {kind, "any"})

    @property
    def is_loose(self) -> bool:
        """Whether it takes anything, which is a schema that says nothing."""
        return "any" in self.kinds


@dataclass(frozen=True, slots=True)
class Table:
    """`fields` are those of all shapes that the documents may have. `indexes` are the declared fields by name."""

    name: str
    document: Validator
    fields: Mapping[str, Field]
    indexes: Mapping[str, tuple[str, ...]]

    @property
    def is_loose(self) -> bool:
        """Whether its documents may be anything."""
        return any(member["type"] in ("any", "record") for member in members(self.document))

    def index_on(self, *fields: str) -> str | None:
        """The name of an index that begins with these fields, in this order."""
        return next((name for name, own in self.indexes.items() if own[: len(fields)] == fields), None)


@dataclass(frozen=True, slots=True)
class Schema:
    tables: Mapping[str, Table]
    validates: bool

    @classmethod
    def of(cls, json_text: str) -> Schema:
        exported = json.loads(json_text)
        tables = {entry["tableName"]: _table(entry) for entry in exported["tables"]}
        return cls(tables, bool(exported.get("schemaValidation", False)))


def _table(entry: Mapping[str, Any]) -> Table:
    document = entry.get("documentType") or {"type": "any"}
    shapes = [member["value"] for member in members(document) if member["type"] == "object"]
    names = dict.fromkeys(name for shape in shapes for name in shape)
    indexes = {index["indexDescriptor"]: tuple(index["fields"]) for index in entry.get("indexes", [])}
    return Table(entry["tableName"], document, {name: _field(name, shapes) for name in names}, indexes)


def _field(name: str, shapes: list[Mapping[str, Any]]) -> Field:
    found = [shape[name] for shape in shapes if name in shape]
    validators = [each["fieldType"] for each in found]
    validator = validators[0] if len(validators) == 1 else {"type": "union", "value": validators}
    return Field(validator, len(found) < len(shapes) or any(each["optional"] for each in found))
