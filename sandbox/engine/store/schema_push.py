"""Schema push: holding a new schema against the stored documents, filling new indexes, and putting it in force.

All or nothing, beside running transactions: documents are checked and indexed in slices from one snapshot, then the
commits made meanwhile are followed, and the last of them under the write lock. Transactions that began under the
old schema lose at commit (committer.py) and run again. The code that belongs to the schema goes live in the same
commit (stored_code.py). Source: docs/spec/semantics.md §5 ("Schema push").
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from sandbox.engine.errors import Conflict, DeployError, Problem
from sandbox.engine.schema import ANY, AnyIndexDefinition, SchemaDefinition, TableDefinition, is_subset, start_checking
from sandbox.engine.store.catalog import BUILT_IN_FIELDS, Catalog, Index, Table, create_index, make_index
from sandbox.engine.store.commit_log import Change, Commit, Timestamp, encode_changes, head_of
from sandbox.engine.store.committer import DELETE_ENTRY, INSERT_COMMIT
from sandbox.engine.store.connections import Snapshot
from sandbox.engine.store.documents import Document, without_system_fields
from sandbox.engine.store.search_index import SearchIndex
from sandbox.engine.store.stored_code import CodePush, write_code
from sandbox.engine.store.transaction import Transaction
from sandbox.engine.values import encode_key, key_after, loads

if TYPE_CHECKING:
    from sandbox.engine.store.store import Store

SLICE_DOCUMENTS = 100
"""How many documents are looked at before others get their turn: some milliseconds."""

FOLLOWED_UNDER_LOCK_MAX = 50
CATCH_UP_ROUNDS_MAX = 20
LOCK_RETRY_SECONDS = 0.02

_PUT_ENTRY = "INSERT OR REPLACE INTO index_entries (index_id, key, seq) VALUES (?, ?, ?)"
_FIND = (
    "SELECT d.seq, d.json FROM index_entries AS e CROSS JOIN documents AS d ON d.seq = e.seq "
    "WHERE e.index_id = ? AND e.key = ?"
)
_READ = (
    "SELECT e.key, d.seq, d.json FROM index_entries AS e CROSS JOIN documents AS d ON d.seq = e.seq "
    "WHERE e.index_id = ? AND e.key >= ? ORDER BY e.key LIMIT ?"
)
_COUNT = "SELECT documents FROM tables WHERE number = ?"
_PURGE = (
    "DELETE FROM index_entries WHERE index_id = ?1 AND key <= coalesce("
    "(SELECT key FROM index_entries WHERE index_id = ?1 ORDER BY key LIMIT 1 OFFSET 999), x'ff')"
)


@dataclass(slots=True)
class _TableWork:
    """What must be done with the documents of one existing table."""

    table: Table
    checked: TableDefinition | None
    """Its documents must match this."""
    added: tuple[AnyIndexDefinition, ...]
    building: list[Index | SearchIndex] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Difference:
    """What a push changes, apart from the schema text itself."""

    created: tuple[TableDefinition, ...]
    dropped: tuple[int, ...]
    restated: tuple[tuple[str, int], ...]
    """(state, index id) of indexes that only become staged, or no longer are."""
    work: tuple[_TableWork, ...]


class PushProgress(NamedTuple):
    """How far a push is with the documents of one table: `documents` of about `total`.

    `indexes` are being filled; without any, the documents are only held against the new schema.
    """

    table: str
    indexes: tuple[str, ...]
    documents: int
    total: int


ReportProgress = Callable[[PushProgress], None]


class _OvertakenError(Exception):
    """A transaction created a table that this push was about to create."""


async def push_schema(
    store: Store, schema: SchemaDefinition | None, report: ReportProgress | None, code: CodePush | None
) -> Timestamp:
    """See `Store.push_schema`."""
    async with _only_push(store.folder / "push.lock"):
        await _purge_dropped(store, also_building=True)
        while True:
            async with await store.snapshot() as snapshot:
                if code is None and snapshot.catalog.schema == schema:
                    return snapshot.catalog.code_ts
                push = _Push(store, schema or snapshot.catalog.schema, snapshot, report, code)
                try:
                    ts = await push.run()
                    break
                except _OvertakenError:
                    continue
                finally:
                    push.abandon()
        await _purge_dropped(store)
        return ts


@asynccontextmanager
async def _only_push(path: Path) -> AsyncIterator[None]:
    """One push at a time in all processes; a process that dies lets go."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(LOCK_RETRY_SECONDS)
        yield
    finally:
        os.close(lock)


class _Push:
    def __init__(
        self,
        store: Store,
        schema: SchemaDefinition,
        snapshot: Snapshot,
        report: ReportProgress | None,
        code: CodePush | None,
    ) -> None:
        self._store = store
        self._schema = schema
        self._snapshot = snapshot
        self._catalog = snapshot.catalog
        self._report = report
        self._code = code or CodePush()
        self._followed = snapshot.ts
        self._difference = _difference(snapshot.catalog, schema)
        self._is_in_force = False

    async def run(self) -> Timestamp:
        """Raises DeployError, NewerCodeIsLive, _OvertakenError; then nothing has changed that anybody sees."""
        self._start_building()
        for work in self._difference.work:
            await self._go_through(work)
        for _ in range(CATCH_UP_ROUNDS_MAX):
            commits = await self._store.log_since(self._followed)
            if len(commits) <= FOLLOWED_UNDER_LOCK_MAX:
                break
            with self._store.writing() as connection:
                self._follow(connection, commits[:FOLLOWED_UNDER_LOCK_MAX])
            self._followed = commits[FOLLOWED_UNDER_LOCK_MAX - 1].ts
            await self._let_others_run()
        commit, previous = await self._switch()
        self._is_in_force = True
        self._store.note_own_commit(commit, previous)
        return commit.ts

    def abandon(self) -> None:
        """Leaves what was built, unless it is in force, to be purged."""
        ids = [(index.id,) for work in self._difference.work for index in work.building]
        if ids and not self._is_in_force:
            with self._store.writing() as connection:
                connection.executemany("UPDATE indexes SET state = 'dropped' WHERE id = ?", ids)

    def _start_building(self) -> None:
        with self._store.writing() as connection:
            for work in self._difference.work:
                for index in work.added:
                    index_id = create_index(connection, work.table.number, index.name, index.spec, "building")
                    work.building.append(make_index(index_id, index.name, index.spec, is_staged=index.staged))

    # --- the documents of the snapshot

    async def _go_through(self, work: _TableWork) -> None:
        total = self._count(work.table)
        start, seen = b"", 0
        while True:
            slice_ = (work.table.by_creation_time.id, start, SLICE_DOCUMENTS)
            rows = self._snapshot.connection.execute(_READ, slice_).fetchall()
            documents = [(seq, cast(Document, loads(text))) for _, seq, text in rows]
            for _, document in documents:
                self._check(work, document, "Document with ID")
            if work.building:
                self._fill(work, documents)
            seen += len(rows)
            if len(rows) < SLICE_DOCUMENTS:
                return
            if self._report is not None:
                indexes = tuple(index.name for index in work.building)
                self._report(PushProgress(work.table.name, indexes, seen, max(seen, total)))
            await self._let_others_run()
            start = key_after(rows[-1][0]) or b""

    def _fill(self, work: _TableWork, documents: list[tuple[int, Document]]) -> None:
        """From the snapshot: a document may be gone or moved by now, and following the log corrects that."""
        with self._store.writing() as connection:
            for index in work.building:
                keys = [(key, seq) for seq, document in documents for key in index.keys(document)]
                connection.executemany(_PUT_ENTRY, [(index.id, key, seq) for key, seq in sorted(keys)])

    def _check(self, work: _TableWork, document: Document, subject: str) -> None:
        if work.checked is None:
            return
        start_checking()
        mismatch = work.checked.document_type.mismatch(without_system_fields(document), self._catalog)
        if mismatch is not None:
            which = f'{subject} "{cast(str, document["_id"])}"' if subject == "Document with ID" else subject
            message = (
                f'Schema validation failed.\n{which} in table "{work.table.name}" does not match the schema: {mismatch}'
            )
            problem = Problem("convex/schema.ts", 0, 0, message)
            raise DeployError(message, (problem,), code="SchemaValidationFailed")

    def _count(self, table: Table) -> int:
        row = self._snapshot.connection.execute(_COUNT, (table.number,)).fetchone()
        return int(row[0])

    async def _let_others_run(self) -> None:
        await self._store.pause()
        await asyncio.sleep(0)

    # --- the commits since

    def _follow(self, connection: sqlite3.Connection, commits: Iterable[Commit]) -> None:
        """Brings what was built from the state before these commits to the state that `connection` sees.

        Every version that was committed is checked: as on Convex, the first that does not match fails the push for
        good, also when it is gone by now.
        """
        first: dict[str, tuple[_TableWork, Change]] = {}
        by_number = {work.table.number: work for work in self._difference.work}
        for commit in commits:
            for change in commit.changes:
                work = by_number.get(change.table_no)
                if work is not None:
                    if change.new is not None:
                        self._check(work, cast(Document, loads(change.new)), "New document")
                    first.setdefault(change.id, (work, change))
        for work, change in first.values():
            self._follow_document(connection, work, change)

    def _follow_document(self, connection: sqlite3.Connection, work: _TableWork, change: Change) -> None:
        if change.old is not None:
            old = cast(Document, loads(change.old))
            connection.executemany(DELETE_ENTRY, [(i.id, key) for i in work.building for key in i.keys(old)])
        row = connection.execute(_FIND, (work.table.by_id.id, encode_key([change.id]))).fetchone()
        if row is not None:
            seq, document = row[0], cast(Document, loads(row[1]))
            entries = [(index.id, key, seq) for index in work.building for key in index.keys(document)]
            connection.executemany(_PUT_ENTRY, entries)

    # --- the switch

    async def _switch(self) -> tuple[Commit, Timestamp]:
        while True:
            async with await self._store.snapshot() as newest:
                rows = self._store.transaction(newest, seed=secrets.token_bytes(16), writable=True)
                await self._code.write_rows(rows)
                try:
                    with self._store.writing() as connection:
                        return self._put_in_force(connection, rows)
                except Conflict:
                    continue

    def _put_in_force(self, connection: sqlite3.Connection, rows: Transaction) -> tuple[Commit, Timestamp]:
        head, catalog_ts = head_of(connection)
        catalog = self._store.catalog_at(connection, catalog_ts)
        if any(table.name in catalog.tables for table in self._difference.created):
            raise _OvertakenError
        self._follow(connection, self._store.recent_commits(connection, self._followed, head))
        # Before the catalog changes: the rows are checked against the one under which they were read.
        changes, _ = self._store.write(rows, head, catalog_ts)
        self._create_tables(connection, catalog)
        states = [("staged" if index.is_staged else "ready", index.id) for index in self._built()]
        states += [*self._difference.restated, *(("dropped", index_id) for index_id in self._difference.dropped)]
        connection.executemany("UPDATE indexes SET state = ? WHERE id = ?", states)
        ts = self._store.next_ts(head)
        write_code(connection, self._code, ts)
        if self._schema != catalog.schema:
            meta = [("schema", self._schema.json_text), ("schema_ts", ts)]
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta)
        connection.execute(INSERT_COMMIT, (ts, ts, "", "push", None, encode_changes(changes)))
        return Commit(ts, "", "push", None, changes), head

    def _built(self) -> Iterable[Index | SearchIndex]:
        return (index for work in self._difference.work for index in work.building)

    def _create_tables(self, connection: sqlite3.Connection, catalog: Catalog) -> None:
        for number, table in enumerate(self._difference.created, catalog.next_table_number):
            connection.execute("INSERT INTO tables VALUES (?, ?, 0)", (number, table.name))
            for name, fields in BUILT_IN_FIELDS.items():
                create_index(connection, number, name, fields, "ready")
            for index in table.all_indexes:
                state = "staged" if index.staged else "ready"
                create_index(connection, number, index.name, index.spec, state)


def _difference(catalog: Catalog, schema: SchemaDefinition) -> _Difference:
    created = tuple(table for name, table in schema.tables.items() if name not in catalog.tables)
    dropped: list[int] = []
    restated: list[tuple[str, int]] = []
    work: list[_TableWork] = []
    for table in catalog.tables.values():
        definition = schema.tables.get(table.name)
        wanted = {} if definition is None else {index.name: index for index in definition.all_indexes}
        kept: set[str] = set()
        for index in table.all_indexes:
            if index.name in BUILT_IN_FIELDS:
                continue
            match = wanted.get(index.name)
            if match is None or match.spec != index.spec:
                dropped.append(index.id)
                continue
            kept.add(index.name)
            if match.staged != index.is_staged:
                restated.append(("staged" if match.staged else "ready", index.id))
        added = tuple(index for name, index in wanted.items() if name not in kept)
        checked = definition if _must_check(catalog.schema, schema, table.name) else None
        if added or checked is not None:
            work.append(_TableWork(table, checked, added))
    return _Difference(created, tuple(dropped), tuple(restated), tuple(work))


def _must_check(old: SchemaDefinition, new: SchemaDefinition, table: str) -> bool:
    """Whether stored documents may fail the new schema. Those of a schema in force that says no less cannot."""
    definition, before = new.tables.get(table), old.tables.get(table)
    if definition is None or not new.schema_validation:
        return False
    enforced = ANY if before is None or not old.schema_validation else before.document_type
    return not is_subset(enforced, definition.document_type)


async def _purge_dropped(store: Store, *, also_building: bool = False) -> None:
    """Deletes the entries of dropped indexes, in slices. While no push runs, "building" is what a crash left."""
    if also_building:
        with store.writing() as connection:
            connection.execute("UPDATE indexes SET state = 'dropped' WHERE state = 'building'")
    while True:
        with store.writing() as connection:
            row = connection.execute("SELECT id FROM indexes WHERE state = 'dropped'").fetchone()
            if row is None:
                return
            if connection.execute(_PURGE, row).rowcount == 0:
                connection.execute("DELETE FROM indexes WHERE id = ?", row)
        await store.pause()
        await asyncio.sleep(0)
