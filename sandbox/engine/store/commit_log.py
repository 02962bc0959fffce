"""The commit log: what was committed, in timestamp order. It is the only truth about what happened.

Holds the shapes, their bytes in the `commits` table, reading and trimming, and a cache of recent commits so that
the conflict check and the live queries seldom read the table. It decides nothing; see committer.py.
"""

from __future__ import annotations

import sqlite3
import struct
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple, NewType

from sandbox.engine.errors import LogTruncated
from sandbox.engine.limits import (
    LOG_BYTES_MAX,
    LOG_CACHED_BYTES_MAX,
    LOG_COMMITS_KEPT_MIN,
    LOG_RETENTION_COMMITS,
    LOG_RETENTION_NS,
    REQUEST_BYTES_MAX,
)
from sandbox.engine.values import encode_id

Timestamp = NewType("Timestamp", int)
"""Nanoseconds since 1970, strictly ascending in commit order within one store."""


class IndexKey(NamedTuple):
    index_id: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """One document that a commit inserted (`old` None), changed, or deleted (`new` None).

    `old` and `new` are JSON texts with system fields. `keys` holds the keys of both versions in every index of the
    table, and the table's key in TABLES_INDEX when this commit created the table.
    """

    table: str
    table_no: int
    uid: bytes
    id: str
    old: bytes | None
    new: bytes | None
    keys: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """`run_id` is empty when no learner function made it; `cause` is a function path or a word such as "seed"."""

    ts: Timestamp
    run_id: str
    cause: str
    writer: str | None
    changes: tuple[Change, ...]

    @property
    def keys(self) -> Iterable[tuple[int, bytes]]:
        return chain.from_iterable(change.keys for change in self.changes)


# --- bytes of one row

_HEAD = struct.Struct(">BI16siiI")  # name length, table number, uid, old and new length (-1: none), number of keys
_KEY = struct.Struct(">II")  # index id, key length


def encode_changes(changes: Sequence[Change]) -> bytes:
    """Exact bytes, lengths first: a JSON text inside would have to be parsed again to find its end."""
    parts: list[bytes] = []
    for change in changes:
        name = change.table.encode()
        old, new = change.old, change.new
        old_length = -1 if old is None else len(old)
        new_length = -1 if new is None else len(new)
        head = _HEAD.pack(len(name), change.table_no, change.uid, old_length, new_length, len(change.keys))
        parts += (head, name, old or b"", new or b"")
        for index_id, key in change.keys:
            parts += (_KEY.pack(index_id, len(key)), key)
    return b"".join(parts)


def decode_changes(raw: bytes) -> tuple[Change, ...]:
    changes: list[Change] = []
    at = 0

    def take(length: int) -> bytes:
        nonlocal at
        at += length
        return raw[at - length : at]

    while at < len(raw):
        name_length, table_no, uid, old_length, new_length, key_count = _HEAD.unpack(take(_HEAD.size))
        table = take(name_length).decode()
        old = None if old_length < 0 else take(old_length)
        new = None if new_length < 0 else take(new_length)
        keys: list[tuple[int, bytes]] = []
        for _ in range(key_count):
            index_id, length = _KEY.unpack(take(_KEY.size))
            keys.append((index_id, take(length)))
        changes.append(Change(table, table_no, uid, encode_id(table_no, uid), old, new, tuple(keys)))
    return tuple(changes)


# --- the table

_HEAD_ROW = "SELECT ts, catalog_ts FROM commits ORDER BY ts DESC LIMIT 1"
_SELECT = "SELECT ts, run_id, cause, writer, changes FROM commits WHERE ts > ? AND ts <= ? ORDER BY ts"
_TS_MAX = (1 << 63) - 1


def head_of(connection: sqlite3.Connection) -> tuple[Timestamp, Timestamp]:
    """(newest commit, newest commit that changed tables or indexes); zeros in an empty store."""
    row = connection.execute(_HEAD_ROW).fetchone()
    return (Timestamp(0), Timestamp(0)) if row is None else row


def read_commits(connection: sqlite3.Connection, after: int, until: int = _TS_MAX) -> list[Commit]:
    """The commits in (after, until]. Raises LogTruncated if some of them are no longer kept."""
    rows = connection.execute(_SELECT, (after, until)).fetchall()
    row = connection.execute("SELECT value FROM meta WHERE name = 'log_floor'").fetchone()
    if row is not None and after < row[0]:
        raise LogTruncated(f"The commit log begins after {row[0]}, {after} was asked")
    return [
        Commit(Timestamp(ts), run_id, cause, writer, decode_changes(raw)) for ts, run_id, cause, writer, raw in rows
    ]


FORGOTTEN_RESULT = '{"value": "null", "logLines": []}'
"""What is remembered of a large result after a while: that its request was committed."""


def trim(connection: sqlite3.Connection, now_ns: int) -> None:
    """Forgets commits that are older than the retention and beyond its count, and of very large ones those before.

    Begins and ends a write transaction.
    """
    aged = _aged_before(connection, now_ns)
    floor = max(
        aged, _large_before(connection, "SELECT ts, length(changes) FROM commits ORDER BY ts DESC", LOG_BYTES_MAX)
    )
    results = _large_before(connection, "SELECT ts, length(result) FROM requests ORDER BY ts DESC", REQUEST_BYTES_MAX)
    if floor == results == 0:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("DELETE FROM commits WHERE ts <= ?", (floor,))
        connection.execute("DELETE FROM requests WHERE ts <= ?", (aged,))
        connection.execute(
            "UPDATE requests SET result = ? WHERE ts <= ? AND result <> ?",
            (FORGOTTEN_RESULT, results, FORGOTTEN_RESULT),
        )
        connection.execute(
            "INSERT INTO meta VALUES ('log_floor', ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
            (floor,),
        )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _aged_before(connection: sqlite3.Connection, now_ns: int) -> int:
    """The newest commit that is both older than the retention and beyond its count; 0 for none."""
    row = connection.execute(
        "SELECT ts FROM commits ORDER BY ts DESC LIMIT 1 OFFSET ?", (LOG_RETENTION_COMMITS,)
    ).fetchone()
    return 0 if row is None else min(int(row[0]), now_ns - LOG_RETENTION_NS)


def _large_before(connection: sqlite3.Connection, sizes: str, bytes_max: int) -> int:
    """The newest row that lies beyond so many bytes of newer ones; 0 for none. `sizes` selects (ts, bytes)."""
    total = 0
    for count, (ts, size) in enumerate(connection.execute(sizes)):
        total += size
        if total > bytes_max and count >= LOG_COMMITS_KEPT_MIN:
            return int(ts)
    return 0


class RecentCommits:
    """The newest commits, kept up to some bytes. Exact for (floor, last]; the table is asked for the rest."""

    def __init__(self, last: Timestamp) -> None:
        self._commits: deque[Commit] = deque()
        self._bytes = 0
        self._floor = last
        self._last = last

    def since(self, connection: sqlite3.Connection, ts: int, head: Timestamp) -> list[Commit]:
        """The commits in (ts, head], `head` being the newest that `connection` sees."""
        if head > self._last:
            self._catch_up(connection, head)
        if ts < self._floor:
            older = read_commits(connection, ts, self._floor)
            return older + [commit for commit in self._commits if commit.ts <= head]
        newest: list[Commit] = []
        for commit in reversed(self._commits):
            if commit.ts <= ts:
                break
            if commit.ts <= head:
                newest.append(commit)
        newest.reverse()
        return newest

    def _catch_up(self, connection: sqlite3.Connection, head: Timestamp) -> None:
        """Takes in what others committed; begins anew where the table no longer has all of it."""
        try:
            for commit in read_commits(connection, self._last, head):
                self._append(commit)
        except LogTruncated:
            self._commits.clear()
            self._bytes = 0
            self._floor = head
        self._last = head

    def append(self, commit: Commit, previous: Timestamp) -> None:
        """Takes in a commit that was just made on top of `previous`."""
        if previous == self._last:
            self._append(commit)
            self._last = commit.ts

    def _append(self, commit: Commit) -> None:
        self._commits.append(commit)
        self._bytes += _size(commit)
        while self._bytes > LOG_CACHED_BYTES_MAX:
            dropped = self._commits.popleft()
            self._bytes -= _size(dropped)
            self._floor = dropped.ts


def _size(commit: Commit) -> int:
    """About what it weighs in memory."""
    return 200 + sum(
        200 + len(change.old or b"") + len(change.new or b"") + sum(120 + len(key) for _, key in change.keys)
        for change in commit.changes
    )
