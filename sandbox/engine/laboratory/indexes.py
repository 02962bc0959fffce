"""The indexes of a shelf's files: each is built once for everybody who asks for the same fields, whatever its name.

The oldest gives way when there are many, because an index over a million documents weighs tens of megabytes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sandbox.engine.laboratory.bulk import ROWS_PER_CHUNK, TABLE_NUMBER, Report
from sandbox.engine.laboratory.shelf import Shelf
from sandbox.engine.store import layout
from sandbox.engine.store.catalog import BY_CREATION_TIME, BY_ID, Index, create_index
from sandbox.engine.store.committer import INSERT_ENTRY
from sandbox.engine.values import loads

INDEXES_KEPT = 16
_FIND = "SELECT id FROM indexes WHERE table_number = ? AND fields = ? AND state = 'ready' ORDER BY id LIMIT 1"
_ADDED = "SELECT id FROM indexes WHERE table_number = ? AND name NOT IN (?, ?) ORDER BY id"

Keys = list[tuple[bytes, int]]
"""Index keys with the seq of their documents."""


def whole_fields(fields: Sequence[str]) -> tuple[str, ...]:
    """The fields by which a declared index orders, with what every index ends with."""
    return (*fields, "_creationTime", "_id")


def find(connection: sqlite3.Connection, fields: Sequence[str]) -> Index | None:
    """The index over these declared fields; without any, the one by creation time."""
    whole = whole_fields(fields)
    row = connection.execute(_FIND, (TABLE_NUMBER, json.dumps(whole))).fetchone()
    return None if row is None else Index.make(row[0], _name_of(fields), whole)


def missing(shelf: Shelf, field_lists: Sequence[Sequence[str]]) -> list[tuple[int, Sequence[str]]]:
    """What of these indexes is not on the shelf: sizes and field lists, the small sizes first."""
    lacking = []
    for size in sorted(shelf.sizes):
        connection = layout.connect_reader(shelf.path(size))
        try:
            lacking += [(size, fields) for fields in field_lists if find(connection, fields) is None]
        finally:
            connection.close()
    return lacking


def add(path: Path, fields: Sequence[str], report: Report) -> None:
    """Builds the index over these fields unless it is there: whole or not at all. Run it alone (`Shelf.alone`).

    Others read the file meanwhile.
    """
    connection = layout.connect_writer(path)
    try:
        if find(connection, fields) is not None:
            return
        keys = _keys(connection, fields, report)
        connection.execute("BEGIN IMMEDIATE")
        try:
            _drop_oldest(connection)
            index_id = create_index(connection, TABLE_NUMBER, _name_of(fields), whole_fields(fields), "ready")
            connection.executemany(INSERT_ENTRY, ((index_id, key, seq) for key, seq in keys))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _keys(connection: sqlite3.Connection, fields: Sequence[str], report: Report) -> Keys:
    """The keys of all documents in their order: entries that come in order are written fastest."""
    key_of = Index.make(0, "", whole_fields(fields)).key
    keys: Keys = []
    rows = connection.execute("SELECT seq, json FROM documents WHERE table_number = ? ORDER BY seq", (TABLE_NUMBER,))
    while chunk := rows.fetchmany(ROWS_PER_CHUNK):
        for seq, text in chunk:
            document = loads(text)
            assert isinstance(document, dict)
            keys.append((key_of(document), seq))
        report(len(keys))
    keys.sort()
    return keys


def _drop_oldest(connection: sqlite3.Connection) -> None:
    added = [number for (number,) in connection.execute(_ADDED, (TABLE_NUMBER, BY_ID, BY_CREATION_TIME))]
    for number in added[: max(0, len(added) - INDEXES_KEPT + 1)]:
        connection.execute("DELETE FROM index_entries WHERE index_id = ?", (number,))
        connection.execute("DELETE FROM indexes WHERE id = ?", (number,))


def _name_of(fields: Sequence[str]) -> str:
    """Learners call it what they like; here an index is its fields."""
    return "by " + json.dumps(list(fields))
