"""What a page asks to see of a table: which rows, in which order, from where on. Parsed from its `watch` message.

A range is given as the person typed it, field by field; what the texts mean is told by the schema.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.engine import UNDEFINED, Column, WindowAsk, encode, parse_cell

ROWS_SHOWN_MAX = 200
ROW_BYTES_SHOWN_MAX = 2_000_000
KEY_BYTES_SHOWN_MAX = 4_096
"""Longer index keys are not told: they hold a text of thousands of characters, and any other row can be an anchor."""
BOUNDS_MAX = 16
TEXT_CHARACTERS_MAX = 4_096
ID_CHARACTERS_MAX = 64
_PLACE_MAX = 1 << 40
_TYPES = ("Eq", "Gt", "Gte", "Lt", "Lte")


@dataclass(frozen=True, slots=True)
class Bound:
    type: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Watched:
    table: str
    index: str | None
    order: Literal["asc", "desc"]
    limit: int
    range: tuple[Bound, ...] = ()
    offset: int = 0
    anchor: bytes | None = None
    lead: int = 0
    row: str | None = None
    number: int = 0
    """The page's own, told again with the rows: it knows to which of its wishes they belong."""

    def ask(self, columns: Mapping[str, Column]) -> WindowAsk:
        """Raises LearnerError for a text that cannot be a value of its field."""
        return WindowAsk(
            table=self.table,
            index=self.index,
            range=tuple(_comparison(bound, columns) for bound in self.range),
            order=self.order,
            offset=self.offset,
            anchor=self.anchor,
            lead=self.lead,
            row=self.row,
            limit=self.limit,
            bytes_max=ROW_BYTES_SHOWN_MAX,
        )


def parse_watch(message: Mapping[str, Any]) -> Watched:
    """Raises ValueError for what is no `watch` message."""
    match message:
        case {"table": str(table), "order": "asc" | "desc" as order, "limit": int(limit)}:
            index = message.get("index")
            return Watched(
                table,
                index if isinstance(index, str) else None,
                order,
                max(1, min(limit, ROWS_SHOWN_MAX)),
                tuple(map(_bound, _list(message.get("range")))),
                _place(message.get("offset")),
                _key(message.get("anchor")),
                min(_place(message.get("lead")), ROWS_SHOWN_MAX),
                _id(message.get("row")),
                _place(message.get("number")),
            )
    raise ValueError("not a watch message")


def key_text(key: bytes) -> str | None:
    """An index key for the page, which gives it back as an anchor."""
    return base64.b64encode(key).decode() if len(key) <= KEY_BYTES_SHOWN_MAX else None


def _comparison(bound: Bound, columns: Mapping[str, Column]) -> dict[str, Any]:
    column = columns.get(bound.field) or _unknown(bound.field)
    value = parse_cell(bound.text, column)
    encoded = {"$undefined": None} if value is UNDEFINED else encode(value)
    return {"type": bound.type, "fieldPath": bound.field, "value": encoded}


def _unknown(field: str) -> Column:
    return Column(field, frozenset({"number"}), False, "a time in ms") if field == "_creationTime" else Column(field)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > BOUNDS_MAX:
        raise ValueError("not a range")
    return value


def _bound(value: Any) -> Bound:
    match value:
        case {"type": str(kind), "field": str(field), "text": str(text)}:
            if kind in _TYPES and len(field) <= TEXT_CHARACTERS_MAX and len(text) <= TEXT_CHARACTERS_MAX:
                return Bound(kind, field, text)
    raise ValueError("not a bound")


def _place(value: Any) -> int:
    return max(0, min(value, _PLACE_MAX)) if type(value) is int else 0


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= ID_CHARACTERS_MAX else None


def _key(value: Any) -> bytes | None:
    if not isinstance(value, str):
        return None
    try:
        return base64.b64decode(value.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError("not a key") from None
