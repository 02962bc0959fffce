"""Arguments for functions whose names and meaning are the learner's own, made from their validators.

Values are Convex-encoded JSON. Texts carry a tag by which the row that came of them is found again. What an argument is
called helps to make a value that the function is likely to accept: an address, a date, the caller's own id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lessons.fitting import Validator, members, words
from lessons.results import leaves
from sandbox.engine import FunctionInfo

OWNER_WORDS = {"owner", "user", "author", "creator", "subject", "person", "lender", "by", "member", "account", "me"}
SIZE_WORDS = {"limit", "items", "count", "size", "max", "take", "first"}
CONFIRM_WORDS = {"confirm", "confirmed", "sure", "agree", "accept", "yes"}
A_FEW, MANY = 3.0, 1_000.0
A_FEW_BIG = {"$integer": "AwAAAAAAAAA="}

DATE_WORDS = {"date", "day", "due", "when", "deadline", "until", "start", "starts", "end", "ends", "from"}
TIME_WORDS = DATE_WORDS - {"day", "from"} | {"at", "time"}
SOON_MS = 1_900_000_000_000.0
"""A time in the year 2030, so that a function that wants the future gets it; what ends does so an hour later."""
HOUR_MS = 3_600_000.0

TEXTS: Mapping[str, Callable[[str], str]] = {
    "email": lambda tag: f"{tag}@example.org",
    "mail": lambda tag: f"{tag}@example.org",
    "url": lambda tag: f"https://example.org/{tag}",
    "link": lambda tag: f"https://example.org/{tag}",
    **{word: lambda tag: "2030-03-17" for word in sorted(DATE_WORDS)},
    "birthday": lambda tag: "2012-03-17",
    "born": lambda tag: "2012-03-17",
    "year": lambda tag: "2026",
    "isbn": lambda tag: "9780306406157",
    "ean": lambda tag: "4006381333931",
    "zip": lambda tag: "10115",
    "postcode": lambda tag: "10115",
    "time": lambda tag: "09:30",
    "color": lambda tag: "#3366ff",
    "colour": lambda tag: "#3366ff",
    "phone": lambda tag: "+49 30 1234567",
}


class CannotMake(Exception):
    """A validator wants something that cannot be made up: a row of a table that is empty, say."""


@dataclass(frozen=True, slots=True)
class Maker:
    """`owner` is what an argument that names a person is given; `ids` has an id of every table that has rows."""

    tag: str
    owner: str
    ids: Mapping[str, str]

    def arguments(self, function: FunctionInfo) -> dict[str, Any]:
        """All that the function needs, and the first optional text where it needs none. Raises CannotMake."""
        shapes = members(function.args or {"type": "any"})
        shape = next((member for member in shapes if member["type"] == "object"), None)
        if shape is None:
            return {}
        given = self._object(shape)
        if not any(isinstance(value, str) and self.tag in value for value in leaves(given)):
            given |= self._an_optional_text(shape)
        return given

    def _object(self, shape: Validator) -> dict[str, Any]:
        return {
            name: self._value(name, field["fieldType"])
            for name, field in shape["value"].items()
            if not field["optional"]
        }

    def _an_optional_text(self, shape: Validator) -> dict[str, Any]:
        for name, field in shape["value"].items():
            if field["optional"] and field["fieldType"]["type"] == "string" and not words(name) & OWNER_WORDS:
                return {name: self._text(name)}
        return {}

    def _value(self, name: str, validator: Validator) -> Any:
        choices = list(members(validator))
        member = next((member for member in choices if member["type"] not in ("null", "id")), choices[0])
        match member["type"]:
            case "string":
                return self._text(name)
            case "number":
                return _number(name)
            case "bigint":
                return A_FEW_BIG
            case "boolean":
                return bool(words(name) & CONFIRM_WORDS)
            case "literal":
                return member["value"]
            case "id":
                return self._id(member["tableName"])
            case "array":
                return [self._value(name, member["value"])]
            case "object":
                return self._object(member)
            case "bytes":
                return {"$bytes": ""}
            case "record":
                return {}
            case "null":
                return None
            case _:
                return self._text(name)

    def _text(self, name: str) -> str:
        said = words(name)
        if said & OWNER_WORDS:
            return self.owner
        made = next((TEXTS[word] for word in TEXTS if word in said), None)
        return f"Day {self.tag}" if made is None else made(self.tag)

    def _id(self, table: str) -> str:
        if table not in self.ids:
            raise CannotMake(f"a row of `{table}`")
        return self.ids[table]


def _number(name: str) -> float:
    said = words(name)
    if said & SIZE_WORDS:
        return MANY
    if "year" in said:
        return 2026.0
    if said & TIME_WORDS:
        return SOON_MS + HOUR_MS * len(said & {"end", "ends", "until"})
    return A_FEW


def names_owner(function: FunctionInfo) -> bool:
    """Whether a caller can say whose row it is about: an argument is called after a person."""
    for member in members(function.args or {"type": "any"}):
        if member["type"] == "object" and _has_owner(member):
            return True
    return False


def with_wrong_type(given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The same arguments, each time with one text replaced by a number."""
    for name, value in given.items():
        if isinstance(value, str):
            yield {**given, name: 42.0}
        elif isinstance(value, dict):
            for inner in with_wrong_type(value):
                yield {**given, name: inner}


def _has_owner(shape: Validator) -> bool:
    for name, field in shape["value"].items():
        for member in members(field["fieldType"]):
            if member["type"] in ("string", "id", "any") and words(name) & OWNER_WORDS:
                return True
            if member["type"] == "object" and _has_owner(member):
                return True
    return False


def large_pages(given: dict[str, Any]) -> dict[str, Any]:
    """The same arguments, with pages and limits that hold every row, and the first page of them."""
    return {name: _large(name, value) for name, value in given.items()}


def _large(name: str, value: Any) -> Any:
    if isinstance(value, dict) and not any(key.startswith("$") for key in value):
        return large_pages(value)
    if name == "cursor":
        return None
    return MANY if isinstance(value, float) and words(name) & SIZE_WORDS else value
