"""What the practice service remembers: receipts, mails, its log of calls and its settings, in a small SQLite file.

The file lies in the deployment's folder, so that several processes share it and a restart forgets nothing. Each method
is one transaction of well under a millisecond; a power cut may lose the last ones. Everything is bounded.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

CALLS_KEPT = 500
RECORDS_MAX = 1_000
"""Receipts and mails each. More are refused, because a receipt that is forgotten would be charged again."""
BUSY_TIMEOUT_SECONDS = 2.0

_CREATE = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, key TEXT,
    status INTEGER, outcome TEXT NOT NULL, function TEXT NOT NULL, run_id TEXT NOT NULL, asked TEXT NOT NULL,
    answered TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS charges (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms REAL NOT NULL, amount REAL NOT NULL, description TEXT NOT NULL,
    key TEXT UNIQUE
);
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms REAL NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL,
    body TEXT NOT NULL, key TEXT UNIQUE
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID;
"""


class LedgerFull(Exception):
    """There are as many receipts or mails as it keeps."""


@dataclass(frozen=True, slots=True)
class PracticeCall:
    """One request. `status` is None when no answer arrived; `outcome` says what became of it.

    `outcome`: "done", "replayed" (the key was known), "refused" (the request was wrong), "failed" (nothing was done),
    "lost" (it was done, and the answer did not arrive).
    """

    id: int
    at_ms: float
    method: str
    path: str
    key: str | None
    status: int | None
    outcome: str
    function: str
    run_id: str
    asked: str
    answered: str


@dataclass(frozen=True, slots=True)
class Charge:
    id: int
    at_ms: float
    amount: float
    description: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Mail:
    id: int
    at_ms: float
    recipient: str
    subject: str
    body: str
    key: str | None


class Ledger:
    """`path` None keeps it in memory. The file is made at the first write."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @property
    def is_used(self) -> bool:
        """Whether anybody wrote here. A look at an unused one makes no file."""
        return self._connection is not None or (self._path is not None and self._path.exists())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def data_version(self) -> int:
        """Another number after another process wrote."""
        version: int = self._open().execute("PRAGMA data_version").fetchone()[0] if self.is_used else 0
        return version

    # ── the log ─────────────────────────────────────────────────────────────

    def note_call(self, call: PracticeCall) -> PracticeCall:
        """Keeps it under a number of its own, and forgets the oldest."""
        row = (call.at_ms, call.method, call.path, call.key, call.status, call.outcome)
        with self._writing() as connection:
            number = connection.execute(
                "INSERT INTO calls (at_ms, method, path, key, status, outcome, function, run_id, asked, answered) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, call.function, call.run_id, call.asked, call.answered),
            ).lastrowid
            assert number is not None
            connection.execute("DELETE FROM calls WHERE id <= ?", (number - CALLS_KEPT,))
        return PracticeCall(number, *row, call.function, call.run_id, call.asked, call.answered)

    def calls(self) -> list[PracticeCall]:
        return [PracticeCall(*row) for row in self._rows("SELECT * FROM calls ORDER BY id")]

    def call_count(self) -> int:
        """How many there were since the last reset, also those that are forgotten."""
        rows = self._rows("SELECT coalesce(max(id), 0) FROM calls")
        return int(rows[0][0]) if rows else 0

    # ── receipts and mails ──────────────────────────────────────────────────

    def charge(self, at_ms: float, amount: float, description: str, key: str | None) -> tuple[Charge, bool]:
        """The receipt, and whether the key was known. Raises LedgerFull."""
        with self._writing() as connection:
            found = _known(connection, "charges", key)
            if found is not None:
                return Charge(*found), True
            _refuse_when_full(connection, "charges")
            number = connection.execute(
                "INSERT INTO charges (at_ms, amount, description, key) VALUES (?, ?, ?, ?)",
                (at_ms, amount, description, key),
            ).lastrowid
        assert number is not None
        return Charge(number, at_ms, amount, description, key), False

    def charges(self) -> list[Charge]:
        return [Charge(*row) for row in self._rows("SELECT * FROM charges ORDER BY id")]

    def send(self, at_ms: float, recipient: str, subject: str, body: str, key: str | None) -> tuple[Mail, bool]:
        """The mail, and whether the key was known. Raises LedgerFull."""
        with self._writing() as connection:
            found = _known(connection, "mails", key)
            if found is not None:
                return Mail(*found), True
            _refuse_when_full(connection, "mails")
            number = connection.execute(
                "INSERT INTO mails (at_ms, recipient, subject, body, key) VALUES (?, ?, ?, ?, ?)",
                (at_ms, recipient, subject, body, key),
            ).lastrowid
        assert number is not None
        return Mail(number, at_ms, recipient, subject, body, key), False

    def mails(self) -> list[Mail]:
        return [Mail(*row) for row in self._rows("SELECT * FROM mails ORDER BY id")]

    # ── settings ────────────────────────────────────────────────────────────

    def settings(self) -> dict[str, float]:
        return dict(self._rows("SELECT name, value FROM settings"))

    def set(self, **values: float) -> None:
        with self._writing() as connection:
            connection.executemany(
                "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", values.items()
            )

    def take(self, name: str) -> bool:
        """Takes one from a setting that counts down. Whether there was one."""
        with self._writing() as connection:
            return (
                connection.execute(
                    "UPDATE settings SET value = value - 1 WHERE name = ? AND value >= 1", (name,)
                ).rowcount
                == 1
            )

    def count_up(self, name: str) -> int:
        """Adds one; returns the number before."""
        with self._writing() as connection:
            row = connection.execute(
                "INSERT INTO settings VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value",
                (name,),
            ).fetchone()
        return int(row[0]) - 1

    def clear(self) -> None:
        """Forgets everything, settings included."""
        if not self.is_used:
            return
        with self._writing() as connection:
            for table in ("calls", "charges", "mails", "settings", "sqlite_sequence"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 – names of our own

    # ── the file ────────────────────────────────────────────────────────────

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = _connect(self._path)
            except sqlite3.OperationalError:
                raise  # the disk is full, or somebody else writes for long
            except sqlite3.DatabaseError:
                # A damaged file would keep every lesson's errand from ending. The outside world has lost its memory.
                logger.warning("%s was damaged and is begun anew", self._path)
                assert self._path is not None
                self._path.unlink(missing_ok=True)
                self._connection = _connect(self._path)
        return self._connection

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._open().execute(statement).fetchall() if self.is_used else []

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _connect(path: Path | None) -> sqlite3.Connection:
    where = ":memory:" if path is None else str(path)
    connection = sqlite3.connect(where, isolation_level=None, timeout=BUSY_TIMEOUT_SECONDS)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        for statement in _CREATE.split(";\n"):
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _known(connection: sqlite3.Connection, table: str, key: str | None) -> tuple[Any, ...] | None:
    if key is None:
        return None
    found: tuple[Any, ...] | None = connection.execute(
        f"SELECT * FROM {table} WHERE key = ?",  # noqa: S608 – names of our own
        (key,),
    ).fetchone()
    return found


def _refuse_when_full(connection: sqlite3.Connection, table: str) -> None:
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 – names of our own
    if count >= RECORDS_MAX:
        raise LedgerFull
