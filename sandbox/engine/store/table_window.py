"""A window on a table: some rows in the order of an index, and where they stand among all in the range.

For looking at a table of any size while others write to it. A window is found by place (the 40,000th row) or by a row
that is to stay where it is (the anchor, an index key), however many came before it meanwhile. Counting goes through
index keys alone: about 3 ms for 100,000 of them.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, cast

from sandbox.engine.store.catalog import Table
from sandbox.engine.store.connections import Snapshot
from sandbox.engine.store.documents import Document
from sandbox.engine.store.plan import parse_plan
from sandbox.engine.store.query_stream import Row, read_span
from sandbox.engine.store.read_set import Interval
from sandbox.engine.trace import Order
from sandbox.engine.values import encode_key, loads

# Rows may have a megabyte each, so they are read in small pages until there is enough to look at.
ROWS_PER_PAGE = 20

_SPAN = "FROM index_entries WHERE index_id = ? AND key >= ? AND key < ?"
_FIND = (
    "SELECT d.json FROM index_entries AS e CROSS JOIN documents AS d ON d.seq = e.seq "
    "WHERE e.index_id = ? AND e.key = ?"
)
_KEY_END = b"\xff"  # greater than every key: no tag of a value is 0xff


@dataclass(frozen=True, slots=True)
class WindowAsk:
    """`range` is in the wire form of a query's (plan.py); `index` None is the order of creation.

    The window begins at `offset`, or `lead` rows before the row of the key `anchor`, or of the id `row` where the range
    has it, and has `limit` rows, fewer where they have more than `bytes_max` together.
    """

    table: str
    index: str | None = None
    range: tuple[dict[str, Any], ...] = ()
    order: Order = "asc"
    offset: int = 0
    anchor: bytes | None = None
    lead: int = 0
    row: str | None = None
    limit: int = 100
    bytes_max: int = 2_000_000


@dataclass(frozen=True, slots=True)
class TableWindow:
    """`rows` are JSON texts with their index `keys`; `offset` is the place of the first of them among `count`.

    `anchor` is the place of the row that was the anchor, or of the one that follows where it was.
    """

    rows: list[bytes]
    keys: list[bytes]
    offset: int
    count: int
    total: int
    anchor: int | None


def read_window(snapshot: Snapshot, ask: WindowAsk) -> TableWindow:
    """Raises LearnerError for an index or a range that cannot be."""
    table = snapshot.catalog.tables.get(ask.table)
    if table is None:
        return TableWindow([], [], 0, 0, 0, None)
    connection = snapshot.connection
    span = _span_of(ask, table)
    query = "SELECT documents FROM tables WHERE number = ?"
    total = int(connection.execute(query, (table.number,)).fetchone()[0])
    count = total if not ask.range else _count(connection, span)
    is_descending = ask.order == "desc"
    key = ask.anchor if ask.row is None else _key_of(connection, span, table, ask)
    anchor = None if key is None else min(_rank(connection, span, key, is_descending), count)
    offset = ask.offset if anchor is None else anchor - ask.lead
    offset = max(0, min(offset, count - ask.limit))
    rows = _rows_from(connection, span, offset, count, ask)
    return TableWindow([text for _, text, _ in rows], [key for key, _, _ in rows], offset, count, total, anchor)


def _key_of(connection: sqlite3.Connection, span: Interval, table: Table, ask: WindowAsk) -> bytes | None:
    """Where the row of that id stands in the index; None where there is no such row in the range."""
    found = connection.execute(_FIND, (table.by_id.id, encode_key([ask.row]))).fetchone()
    if found is None:
        return None
    index = table.by_creation_time if ask.index is None else table.indexes[ask.index]
    keys = index.keys(cast("Document", loads(found[0])))
    return next((key for key in keys if span.low <= key < (span.high or _KEY_END)), None)


def _span_of(ask: WindowAsk, table: Table) -> Interval:
    name = f"{ask.table}.{ask.index or 'by_creation_time'}"
    source = {"type": "IndexRange", "indexName": name, "range": list(ask.range), "order": ask.order}
    interval = parse_plan({"source": source}, lambda _: table).interval
    assert interval is not None, "the table exists"
    return Interval(interval.index_id, interval.low, interval.high or _KEY_END)


def _count(connection: sqlite3.Connection, span: Interval) -> int:
    return int(connection.execute(f"SELECT count(*) {_SPAN}", span).fetchone()[0])


def _rank(connection: sqlite3.Connection, span: Interval, key: bytes, is_descending: bool) -> int:
    """How many rows come before the one of that key."""
    low, high = (max(span.low, key + b"\0"), span.high) if is_descending else (span.low, min(key, span.high or b""))
    return _count(connection, Interval(span.index_id, low, high))


def _rows_from(connection: sqlite3.Connection, span: Interval, offset: int, count: int, ask: WindowAsk) -> list[Row]:
    is_descending = ask.order == "desc"
    first = _key_at(connection, span, offset, count, is_descending)
    rows: list[Row] = []
    while first is not None and len(rows) < ask.limit:
        low, high = (span.low, first + b"\0") if is_descending else (first, span.high)
        page = read_span(
            connection, Interval(span.index_id, low, high), is_descending, min(ROWS_PER_PAGE, ask.limit - len(rows)) + 1
        )
        rows += page[:ROWS_PER_PAGE]
        first = page[ROWS_PER_PAGE][0] if len(page) > ROWS_PER_PAGE else None
        if sum(len(text) for _, text, _ in rows) > ask.bytes_max:
            break
    return rows[: ask.limit]


def _key_at(
    connection: sqlite3.Connection, span: Interval, offset: int, count: int, is_descending: bool
) -> bytes | None:
    """The key of the row at a place, found from the nearer end."""
    is_near_end = offset > count // 2
    steps = count - 1 - offset if is_near_end else offset
    direction = "DESC" if is_descending != is_near_end else "ASC"
    statement = f"SELECT key {_SPAN} ORDER BY key {direction} LIMIT 1 OFFSET ?"
    row: tuple[bytes] | None = connection.execute(statement, (*span, max(0, steps))).fetchone()
    return None if row is None else row[0]
