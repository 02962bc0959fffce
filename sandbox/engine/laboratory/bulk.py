"""Building one store file of a shelf in bulk: the layout of every store, without a transaction for each row.

The file gets its name when it is whole and on the disk. A build that was killed leaves a draft, which the next build
takes away. Run it alone (`Shelf.alone`), in a process of its own.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from sandbox.engine.store import layout
from sandbox.engine.store.catalog import BUILT_IN_FIELDS, Index, create_index
from sandbox.engine.store.committer import INSERT_COMMIT, INSERT_ENTRY
from sandbox.engine.store.documents import with_system_fields
from sandbox.engine.store.system_tables import create_system_tables
from sandbox.engine.values import USER_TABLE_NUMBER_MIN, Value, dumps, encode_id, new_uid, size_of

Report = Callable[[int], None]
"""Hears how many documents are written."""

Numbered = tuple[bytes, dict[str, Value]]
"""The uid of a document, and the document."""

TABLE_NUMBER = USER_TABLE_NUMBER_MIN
ROWS_PER_CHUNK = 5_000
_UID_RANDOM_BYTES = 14
_INSERT_DOCUMENT = "INSERT INTO documents (seq, table_number, uid, size, json) VALUES (?, ?, ?, ?, ?)"
_DRAFT = ".draft"


def build_file(path: Path, table: str, rows: Iterable[Mapping[str, Value]], count: int, report: Report) -> None:
    """Writes a store file with one table that holds the `count` rows (values without system fields).

    Ids and creation times are such as inserts would have given, one document a millisecond, the last one now.
    """
    for draft in path.parent.glob(f"*{_DRAFT}*"):
        draft.unlink()
    draft = path.with_name(path.name + _DRAFT)
    try:
        _write_draft(draft, table, rows, count, report)
        draft.chmod(0o600)
        _to_disk(draft)
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)  # a disk that was too small must not stay full
        raise
    _to_disk(path.parent)


def _write_draft(draft: Path, table: str, rows: Iterable[Mapping[str, Value]], count: int, report: Report) -> None:
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        # Nobody can see the draft, so nothing of it has to survive a failure.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -65536")
        layout.create(connection)
        create_system_tables(connection)
        connection.execute("BEGIN")
        _fill(connection, table, rows, count, report)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _fill(
    connection: sqlite3.Connection, table: str, rows: Iterable[Mapping[str, Value]], count: int, report: Report
) -> None:
    number = TABLE_NUMBER
    by_id, by_creation_time = (
        Index.make(create_index(connection, number, name, fields, "ready"), name, fields)
        for name, fields in BUILT_IN_FIELDS.items()
    )
    ids: list[tuple[bytes, int]] = []
    for chunk in _chunks(_documents(rows, number, count)):
        documents, entries = [], []
        for seq, (uid, document) in enumerate(chunk, len(ids) + 1):
            documents.append((seq, number, uid, size_of(document), dumps(document).encode()))
            entries.append((by_creation_time.id, by_creation_time.key(document), seq))
            ids.append((by_id.key(document), seq))
        connection.executemany(_INSERT_DOCUMENT, documents)
        connection.executemany(INSERT_ENTRY, entries)
        report(len(ids))
    assert len(ids) == count
    # In their order, so that the tree of index entries grows at one place.
    ids.sort()
    connection.executemany(INSERT_ENTRY, ((by_id.id, key, seq) for key, seq in ids))
    connection.execute("INSERT INTO tables VALUES (?, ?, ?)", (number, table, count))
    ts = time.time_ns()
    connection.execute(INSERT_COMMIT, (ts, ts, "", "laboratory", None, b""))


def _documents(rows: Iterable[Mapping[str, Value]], table_number: int, count: int) -> Iterator[Numbered]:
    now_ns = time.time_ns()
    first_ms = float(now_ns // 1_000_000 - count)
    for place, row in enumerate(rows):
        uid = new_uid(os.urandom(_UID_RANDOM_BYTES), now_ns)
        yield uid, with_system_fields(dict(row), encode_id(table_number, uid), first_ms + place)


def _chunks(documents: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    while chunk := list(islice(documents, ROWS_PER_CHUNK)):
        yield chunk


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_file(source: Path, folder: Path) -> None:
    """Makes a folder with a store of its own that holds what the file holds. Blocks; SQLite copies pages."""
    reader = layout.connect_reader(source)
    writer = layout.connect_writer(folder / layout.STORE_FILE)
    try:
        reader.backup(writer)
    finally:
        reader.close()
        writer.close()
