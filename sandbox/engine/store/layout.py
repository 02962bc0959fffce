"""The tables of `store.db` and the connections to it.

A document is its canonical JSON text, system fields included, so that reads pass bytes on without looking inside.
Every index of every table, by_id and by_creation_time too, lives in `index_entries` under order-preserving keys
(values/order.py), because SQLite's own indexes cannot give the order of values. `seq` is private to the file.
Why this shape: docs/decisions/0001.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sandbox.engine.errors import StoreUnavailable
from sandbox.engine.values import loads, size_of

STORE_FILE = "store.db"
FORMAT = 2
TABLES_INDEX = 0
"""The pseudo index in which reads of a missing table meet the creation of it; its key is the table's name."""

BUSY_TIMEOUT_SECONDS = 5.0
_STATEMENTS_CACHED = 256
_SECRET_BYTES = 32

_CREATE = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE tables (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, documents INTEGER NOT NULL);
CREATE TABLE indexes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: a read set may outlive its index
    table_number INTEGER NOT NULL,
    name TEXT NOT NULL,
    fields TEXT NOT NULL,                  -- JSON array of field paths, _creationTime and _id included
    state TEXT NOT NULL                    -- ready | staged | building | dropped
);
CREATE TABLE documents (
    seq INTEGER PRIMARY KEY, table_number INTEGER NOT NULL, uid BLOB NOT NULL,
    size INTEGER NOT NULL,                 -- what the document counts for (docs/spec/semantics.md §1)
    json BLOB NOT NULL
);
CREATE TABLE index_entries (
    index_id INTEGER NOT NULL, key BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (index_id, key)
) WITHOUT ROWID;
CREATE TABLE commits (
    ts INTEGER PRIMARY KEY,                -- nanoseconds, strictly ascending in commit order
    catalog_ts INTEGER NOT NULL,           -- the newest commit, this one included, that changed tables or indexes
    run_id TEXT NOT NULL, cause TEXT NOT NULL, writer TEXT,
    changes BLOB NOT NULL                  -- commit_log.py
);
CREATE TABLE requests (
    ts INTEGER PRIMARY KEY, session_id TEXT NOT NULL, request_id INTEGER NOT NULL, result TEXT NOT NULL,
    UNIQUE (session_id, request_id)
);
"""


def create(connection: sqlite3.Connection) -> None:
    """Makes the tables unless they are there, and brings an older file up to date.

    Safe beside another process that does the same.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _CREATE.split(";\n"):
                connection.execute(statement)
        elif version == 1:
            _add_sizes(connection)
        if version in (0, 1):
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    if version not in (0, 1, FORMAT):
        raise StoreUnavailable(
            f"This deployment's store has format {version}; this program knows {FORMAT}", code="StoreFormat"
        )


def _add_sizes(connection: sqlite3.Connection) -> None:
    """Format 1 did not keep the size of a document."""
    connection.execute("ALTER TABLE documents ADD COLUMN size INTEGER NOT NULL DEFAULT 0")
    rows = connection.execute("SELECT seq, json FROM documents").fetchall()
    sizes = ((size_of(loads(text)), seq) for seq, text in rows)
    connection.executemany("UPDATE documents SET size = ? WHERE seq = ?", sizes)


def secret_of(connection: sqlite3.Connection) -> bytes:
    """Random bytes that the file keeps; made when they are missing."""
    connection.execute("INSERT OR IGNORE INTO meta VALUES ('secret', ?)", (os.urandom(_SECRET_BYTES),))
    secret: bytes = connection.execute("SELECT value FROM meta WHERE name = 'secret'").fetchone()[0]
    return secret


def clock_offset_ns(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM meta WHERE name = 'clock_offset_ns'").fetchone()
    return 0 if row is None else int(row[0])


def set_clock_offset_ns(connection: sqlite3.Connection, offset_ns: int) -> None:
    connection.execute(
        "INSERT INTO meta VALUES ('clock_offset_ns', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (offset_ns,),
    )


def connect_writer(path: Path) -> sqlite3.Connection:
    """The one connection of a store that writes; makes the folder and the file if need be.

    A power cut may lose the last commits, and never breaks the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The store keeps the environment variables, too: it is for the account of the server alone.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = _connect(f"file:{_quoted(path)}")
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA journal_size_limit = 4194304")
        # A mutation holds its snapshot while it commits, so a checkpoint at that moment can never finish: see Store.
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    connection = _connect(f"file:{_quoted(path)}?mode=ro")
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri, uri=True, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, cached_statements=_STATEMENTS_CACHED
    )
    # Many stores are open at once, so each keeps a small cache (4 MB); the operating system caches the rest.
    connection.execute("PRAGMA cache_size = -4000")
    return connection


def _quoted(path: Path) -> str:
    return str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
