"""What fits what: values and validators, as JSON, and names that mean the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Validator = Mapping[str, Any]


def members(validator: Validator) -> Iterator[Validator]:
    """Everything that a validator is, apart from unions."""
    if validator["type"] == "union":
        for member in validator["value"]:
            yield from members(member)
    else:
        yield validator


def fits(validator: Validator, value: Any) -> bool:
    """Whether the validator accepts a value. Every text counts as an id."""
    return any(_fits(member, value) for member in members(validator))


def _fits(member: Validator, value: Any) -> bool:
    match member["type"]:
        case "any":
            return value is not None
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return _is_number(value) or _is_encoded(value, "$float")
        case "bigint":
            return _is_encoded(value, "$integer")
        case "bytes":
            return _is_encoded(value, "$bytes")
        case "string" | "id":
            return isinstance(value, str)
        case "literal":
            wanted = member["value"]
            is_same_kind = type(value) is type(wanted) or (_is_number(value) and _is_number(wanted))
            return is_same_kind and bool(value == wanted)
        case "array":
            return isinstance(value, list) and all(fits(member["value"], entry) for entry in value)
        case "record":
            return isinstance(value, Mapping) and all(
                fits(member["values"]["fieldType"], entry) for entry in value.values()
            )
        case "object":
            return isinstance(value, Mapping) and _fits_object(member["value"], value)
        case _:
            return False


def _fits_object(fields: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    has_required = all(name in value for name, field in fields.items() if not field["optional"])
    return has_required and all(
        name in fields and fits(fields[name]["fieldType"], entry) for name, entry in value.items()
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_encoded(value: Any, key: str) -> bool:
    return isinstance(value, Mapping) and value.keys() == {key}


def words(name: str) -> set[str]:
    """The words of `ownerId`, `owner_id` or `OWNER-ID`: owner, id."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)}


def singular(table: str) -> set[str]:
    """What one row of a table may be called: signups → signup, entries → entry, boxes → box."""
    forms = {table.removesuffix("s")}
    if table.endswith("ies"):
        forms.add(f"{table[:-3]}y")
    if table.endswith("es"):
        forms.add(table[:-2])
    return forms


def resembles(name: str, field: str) -> bool:
    """Whether an argument of that name means the field: owner and ownerId, newName and name; `id` alone means none."""
    one, other = words(name) - {"id"}, words(field) - {"id"}
    return bool(one and other) and (one <= other or other <= one)
