"""The committer: the single place that checks for conflict, assigns commit timestamps and applies writes.

Everything between BEGIN IMMEDIATE and COMMIT is one call without an await, some tens of microseconds. Running the
mutation again after a Conflict is the caller's part. Source: docs/spec/semantics.md §6; docs/decisions/0001.2.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain

from sandbox.engine.clock import Clock
from sandbox.engine.errors import CodeChanged, Conflict, LogTruncated
from sandbox.engine.store.catalog import CatalogCache, Table, create_index
from sandbox.engine.store.commit_log import Change, Commit, RecentCommits, Timestamp, encode_changes, head_of
from sandbox.engine.store.layout import TABLES_INDEX
from sandbox.engine.store.pending_writes import Keys, PendingWrite
from sandbox.engine.store.transaction import Transaction
from sandbox.engine.values import encode_key

INSERT_COMMIT = "INSERT INTO commits (ts, catalog_ts, run_id, cause, writer, changes) VALUES (?, ?, ?, ?, ?, ?)"
INSERT_ENTRY = "INSERT INTO index_entries (index_id, key, seq) VALUES (?, ?, ?)"
DELETE_ENTRY = "DELETE FROM index_entries WHERE index_id = ? AND key = ?"
_INSERT_REQUEST = "INSERT INTO requests (ts, session_id, request_id, result) VALUES (?, ?, ?, ?)"
_INSERT_DOCUMENT = "INSERT INTO documents (table_number, uid, size, json) VALUES (?, ?, ?, ?)"
_UPDATE_DOCUMENT = "UPDATE documents SET size = ?, json = ? WHERE seq = ?"
_DELETE_DOCUMENT = "DELETE FROM documents WHERE seq = ?"
_COUNT_DOCUMENTS = "UPDATE tables SET documents = documents + ? WHERE number = ?"

RequestKey = tuple[str, int]
"""A client's session id and its number for the mutation."""


class Committer:
    def __init__(
        self, connection: sqlite3.Connection, clock: Clock, catalogs: CatalogCache, recent: RecentCommits
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._catalogs = catalogs
        self._recent = recent

    def commit(
        self,
        transaction: Transaction,
        *,
        run_id: str,
        cause: str,
        writer: str | None,
        request: RequestKey | None,
        result: str,
    ) -> Timestamp:
        """Raises Conflict, and then nothing happened. What wrote nothing gets its timestamp without a check."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            head, catalog_ts = head_of(connection)
            changes, has_new_tables = self.write(transaction, head, catalog_ts)
            ts = Timestamp(max(self._clock.now_ns(), head + 1))
            row = (ts, ts if has_new_tables else catalog_ts, run_id, cause, writer, encode_changes(changes))
            connection.execute(INSERT_COMMIT, row)
            if request is not None:
                self._record_request(ts, request, result)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._recent.append(Commit(ts, run_id, cause, writer, changes), head)
        return ts

    def write(
        self, transaction: Transaction, head: Timestamp, catalog_ts: Timestamp
    ) -> tuple[tuple[Change, ...], bool]:
        """Inside a write transaction: checks and applies the writes, all but the row in the log.

        Returns what changed, and whether tables were created. Raises Conflict.
        """
        writes = [write for write in transaction.pending if write.changes_something]
        if writes:
            self._check(transaction, writes, head, catalog_ts)
        index_ids = create_tables(self._connection, _needed_tables(transaction, writes))
        return self._apply(writes, index_ids), bool(index_ids)

    def _check(
        self, transaction: Transaction, writes: Sequence[PendingWrite], head: Timestamp, catalog_ts: Timestamp
    ) -> None:
        if catalog_ts != transaction.catalog.ts:
            current = self._catalogs.at(self._connection, catalog_ts)
            begun = transaction.catalog
            if (current.schema_ts, current.code_ts) != (begun.schema_ts, begun.code_ts):
                # The writes were made by code, validated by a schema, or got keys for indexes that are not in force.
                raise CodeChanged(writes[0].table.name, catalog_ts)
        if head == transaction.begin_ts:
            return
        try:
            commits = self._recent.since(self._connection, transaction.begin_ts, head)
        except LogTruncated:
            raise Conflict(writes[0].table.name, head) from None
        written = {write.id for write in writes}
        for commit in commits:
            for change in commit.changes:
                if change.id in written or transaction.read_set.overlaps_keys(change.keys):
                    raise Conflict(change.table, commit.ts, change.id, commit.cause)

    def _record_request(self, ts: Timestamp, request: RequestKey, result: str) -> None:
        try:
            self._connection.execute(_INSERT_REQUEST, (ts, *request, result))
        except sqlite3.IntegrityError:
            # Another process committed this very request; the caller finds its result when it looks again.
            raise Conflict("_requests", ts) from None

    def _apply(self, writes: Sequence[PendingWrite], index_ids: dict[int, int]) -> tuple[Change, ...]:
        connection = self._connection
        removed: list[tuple[int, bytes]] = []
        added: list[tuple[int, bytes, int]] = []
        counts: dict[int, int] = {}
        for write in writes:
            seq = self._store_document(write)
            old_keys, new_keys = write.old_keys, _with_true_ids(write.new_keys, index_ids)
            removed += _except(old_keys, new_keys)
            added += [(index_id, key, seq) for index_id, key in _except(new_keys, old_keys)]
            number = write.table.number
            counts[number] = counts.get(number, 0) + (write.new is not None) - (write.old is not None)
        connection.executemany(DELETE_ENTRY, removed)
        connection.executemany(INSERT_ENTRY, added)
        connection.executemany(_COUNT_DOCUMENTS, [(count, number) for number, count in counts.items() if count])
        return _changes(writes, index_ids)

    def _store_document(self, write: PendingWrite) -> int:
        """The row of the document. The conflict check made sure that an old version is still where it was read."""
        connection = self._connection
        if write.seq is None:
            row = (write.table.number, write.uid, write.size, write.new)
            seq = connection.execute(_INSERT_DOCUMENT, row).lastrowid
            assert seq is not None
            return seq
        if write.new is None:
            connection.execute(_DELETE_DOCUMENT, (write.seq,))
        else:
            connection.execute(_UPDATE_DOCUMENT, (write.size, write.new, write.seq))
        return write.seq


def create_tables(connection: sqlite3.Connection, tables: Sequence[Table]) -> dict[int, int]:
    """Writes the tables and their indexes down. Returns the true index ids by the ones in `tables`."""
    index_ids: dict[int, int] = {}
    for table in tables:
        connection.execute("INSERT INTO tables VALUES (?, ?, 0)", (table.number, table.name))
        for index in table.indexes.values():
            index_ids[index.id] = create_index(connection, table.number, index.name, index.fields, "ready")
    return index_ids


def _needed_tables(transaction: Transaction, writes: Sequence[PendingWrite]) -> list[Table]:
    if not transaction.created_tables:
        return []
    numbers = {write.table.number for write in writes}
    return [table for table in transaction.created_tables.values() if table.number in numbers]


def _except(keys: Keys, others: Keys) -> Keys:
    """The keys that are not among the others."""
    if not keys or not others:
        return keys
    known = set(others)
    return tuple([key for key in keys if key not in known])


def _with_true_ids(keys: Keys, index_ids: dict[int, int]) -> Keys:
    if not index_ids:
        return keys
    return tuple((index_ids.get(index_id, index_id), key) for index_id, key in keys)


def _changes(writes: Sequence[PendingWrite], index_ids: dict[int, int]) -> tuple[Change, ...]:
    changes: list[Change] = []
    created: set[int] = set()
    for write in writes:
        table = write.table
        keys = dict.fromkeys(chain(write.old_keys, _with_true_ids(write.new_keys, index_ids)))
        if table.by_id.id in index_ids and table.number not in created:
            created.add(table.number)
            keys[TABLES_INDEX, encode_key([table.name])] = None
        changes.append(Change(table.name, table.number, write.uid, write.id, write.old, write.new, tuple(keys)))
    return tuple(changes)
