"""A schema's JSON as Convex's backend stores it, and so as its tools read it.

That is the export of schema.ts after it was parsed and written again: tables, indexes and fields in the order of their
names, every index with the `_creationTime` that Convex appends, the document type without system fields.
Source: `common/src/schemas/json.rs`.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.engine.schema.definitions import CREATION_TIME_FIELD


def stored_form(json_text: str) -> str:
    """`json_text` is a text that parse_schema takes."""
    exported = json.loads(json_text)
    tables = sorted((_table(table) for table in exported["tables"]), key=lambda table: table["tableName"])
    return json.dumps({"tables": tables, "schemaValidation": bool(exported.get("schemaValidation", False))})


def _table(table: dict[str, Any]) -> dict[str, Any]:
    def listed(key: str) -> list[dict[str, Any]]:
        return sorted(table.get(key) or [], key=lambda index: index["indexDescriptor"])

    document_type = table.get("documentType")
    return {
        "tableName": table["tableName"],
        "indexes": [_index(index) for index in listed("indexes")],
        "stagedDbIndexes": [_index(index) for index in listed("stagedDbIndexes")],
        "searchIndexes": [_search_index(index) for index in listed("searchIndexes")],
        "stagedSearchIndexes": [_search_index(index) for index in listed("stagedSearchIndexes")],
        "vectorIndexes": [_vector_index(index) for index in listed("vectorIndexes")],
        "stagedVectorIndexes": [_vector_index(index) for index in listed("stagedVectorIndexes")],
        "documentType": None if document_type is None else _document_type(document_type),
    }


def _index(index: dict[str, Any]) -> dict[str, Any]:
    return {"indexDescriptor": index["indexDescriptor"], "fields": [*index["fields"], CREATION_TIME_FIELD]}


def _search_index(index: dict[str, Any]) -> dict[str, Any]:
    return {
        "indexDescriptor": index["indexDescriptor"],
        "searchField": index["searchField"],
        "filterFields": sorted(set(index["filterFields"])),
    }


def _vector_index(index: dict[str, Any]) -> dict[str, Any]:
    return {
        "indexDescriptor": index["indexDescriptor"],
        "vectorField": index["vectorField"],
        "dimensions": index["dimensions"],
        "dimension": None,
        "filterFields": sorted(set(index["filterFields"])),
    }


def _document_type(validator: dict[str, Any]) -> dict[str, Any]:
    """A union of one object is that object."""
    if validator["type"] == "object":
        return _without_system_fields(validator)
    if validator["type"] == "union":
        members = [_without_system_fields(member) for member in validator["value"]]
        return members[0] if len(members) == 1 else {"type": "union", "value": members}
    return validator


def _without_system_fields(validator: dict[str, Any]) -> dict[str, Any]:
    fields = {name: field for name, field in validator["value"].items() if not name.startswith("_")}
    return _in_order({**validator, "value": fields})


def _in_order(validator: dict[str, Any]) -> dict[str, Any]:
    """The same with the fields of its objects in the order of their names."""
    match validator["type"]:
        case "object":
            fields = {
                name: {**field, "fieldType": _in_order(field["fieldType"])}
                for name, field in sorted(validator["value"].items())
            }
            return {**validator, "value": fields}
        case "array":
            return {**validator, "value": _in_order(validator["value"])}
        case "union":
            return {**validator, "value": [_in_order(member) for member in validator["value"]]}
        case "record":
            values = validator["values"]
            values = {**values, "fieldType": _in_order(values["fieldType"])}
            return {**validator, "keys": _in_order(validator["keys"]), "values": values}
    return validator
