"""The store: one folder with one database, behind one object per process.

Several Store objects, in this process or others, may serve one folder: the file is the only truth, and what is kept
in memory is checked against it at every use. Methods are async so that another backend may wait where SQLite does
not; no lock is held between two of them. Why: docs/decisions/0001.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sandbox.engine.clock import Clock
from sandbox.engine.errors import LearnerError, LogTruncated
from sandbox.engine.limits import MIB
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import commit_log, layout, leases
from sandbox.engine.store.catalog import Catalog, CatalogCache
from sandbox.engine.store.commit_log import Change, Commit, RecentCommits, Timestamp, head_of
from sandbox.engine.store.committer import Committer, RequestKey
from sandbox.engine.store.connections import Snapshot, SnapshotPool
from sandbox.engine.store.faults import fault_of, reporting
from sandbox.engine.store.file_folder import FileFolder, link_files
from sandbox.engine.store.plan import find_index
from sandbox.engine.store.query_stream import read_span
from sandbox.engine.store.quota import Quota, Room
from sandbox.engine.store.read_set import Interval
from sandbox.engine.store.rewinding import rewind, too_old
from sandbox.engine.store.schema_push import ReportProgress, push_schema
from sandbox.engine.store.stored_code import CodePush, StoredCode, code_ts_of, read_code
from sandbox.engine.store.system_tables import create_system_tables
from sandbox.engine.store.table_window import TableWindow, WindowAsk, read_window
from sandbox.engine.store.transaction import Transaction
from sandbox.engine.trace import Order
from sandbox.engine.values import key_after

logger = logging.getLogger(__name__)

COMMITS_BETWEEN_TRIMS = 256
LOGGED_BYTES_BETWEEN_TRIMS = 32 * MIB
WRITE_AHEAD_BYTES_MAX = 4 * MIB
COMMIT_BYTES = 40_000
"""About what a small commit adds to the write-ahead log: ten pages."""


@dataclass(frozen=True, slots=True)
class IndexInfo:
    name: str
    fields: tuple[str, ...]
    """As declared: without the creation time and id that every index ends with."""
    staged: bool


@dataclass(frozen=True, slots=True)
class TableInfo:
    name: str
    number: int
    indexes: tuple[IndexInfo, ...]
    """by_id and by_creation_time come first."""
    count: int


@dataclass(frozen=True, slots=True)
class TablePage:
    """`rows` are JSON texts, `count` is that of the whole table, `next` is the `after` of the following page."""

    rows: list[bytes]
    count: int
    next: bytes | None


class Store:
    """Open with `await Store.open(folder, …)`, end with `await close()`. Belongs to one event loop."""

    def __init__(
        self,
        folder: Path,
        connection: sqlite3.Connection,
        clock: Clock,
        quota: Quota | None = None,
        world: Clock | None = None,
    ) -> None:
        self.folder = folder
        self.path = folder / layout.STORE_FILE
        self._clock = clock
        self._world = world or clock
        self._connection = connection
        self._catalogs = CatalogCache()
        self._snapshots = SnapshotPool(self.path, self._catalogs, self._checkpoint_if_long)
        self._recent = RecentCommits(head_of(connection)[0])
        self._committer = Committer(connection, clock, self._catalogs, self._recent)
        self._commits_until_trim = COMMITS_BETWEEN_TRIMS
        self._write_ahead_bytes = 0
        self._logged_bytes = 0
        self.room = Room(self.path, FileFolder(folder), quota)
        self.secret = layout.secret_of(connection)
        """Random bytes of this store alone, for sealing what it hands out. Copies of the store share them."""
        self._followers: list[Callable[[Set[str]], None]] = []

    @classmethod
    @reporting
    async def open(cls, folder: Path, *, clock: Clock, quota: Quota | None = None, world: Clock | None = None) -> Self:
        """Opens the store in `folder`, or makes an empty one there. Without a `quota` it may take the whole disk.

        Creation times come from `world`, everything else from `clock`.

        Raises StoreUnavailable, as every method here does, when the file cannot be read or written (faults.py).
        """
        connection = layout.connect_writer(folder / layout.STORE_FILE)
        try:
            layout.create(connection)
            create_system_tables(connection)
            leases.create(connection)
            store = cls(folder, connection, clock, quota, world)
            async with await store.snapshot():
                pass  # loads the catalog
        except BaseException:
            connection.close()
            raise
        return store

    async def close(self) -> None:
        self._snapshots.close()
        self._connection.close()

    async def pause(self) -> None:
        """Awaited wherever a backend may wait for its server. SQLite does not wait."""

    # --- reading

    @property
    def schema(self) -> SchemaDefinition:
        """The schema in force, as of the newest snapshot that this process took."""
        return self._catalogs.newest.schema

    @reporting
    async def head(self) -> Timestamp:
        """The newest commit; 0 in a store without commits."""
        await self.pause()
        return head_of(self._connection)[0]

    @reporting
    async def snapshot(self) -> Snapshot:
        """Waits while four are out. To be closed soon: `async with await store.snapshot() as snapshot`."""
        await self.pause()
        return await self._snapshots.borrow()

    def transaction(self, snapshot: Snapshot, *, seed: bytes, writable: bool) -> Transaction:
        """`seed` determines the ids of inserted documents; give every run another one."""
        return Transaction(
            snapshot,
            seed=seed,
            writable=writable,
            now_ns=self._world.now_ns(),
            pause=self.pause,
            cursor_key=self.secret,
            room=self.room,
        )

    @reporting
    async def code_ts(self) -> Timestamp:
        """The commit that made the live code live."""
        await self.pause()
        return code_ts_of(self._connection)

    @reporting
    async def stored_code(self) -> StoredCode:
        """The code that is live, as the newest commit left it."""
        await self.pause()
        return read_code(self._connection)

    @reporting
    async def log_since(self, ts: Timestamp) -> list[Commit]:
        """The commits in (ts, head]. Raises LogTruncated."""
        await self.pause()
        return self._recent.since(self._connection, ts, head_of(self._connection)[0])

    @reporting
    async def rewind(self, transaction: Transaction, ts: int) -> None:
        """Lets a transaction that has done nothing yet see the store as it was at `ts`.

        Raises LearnerError: SnapshotTooOld where the log no longer tells or too much has changed, InvalidTimestamp
        before `ts` has come.
        """
        if ts > transaction.begin_ts:
            raise LearnerError("The timestamp is ahead of the latest known timestamp", code="InvalidTimestamp")
        try:
            commits = await self.log_since(Timestamp(ts))
        except LogTruncated:
            raise too_old() from None
        rewind(transaction, (commit for commit in commits if commit.ts <= transaction.begin_ts))
        transaction.begin_ts = Timestamp(ts)

    @reporting
    async def recorded_request(self, session_id: str, request_id: int) -> tuple[Timestamp, str] | None:
        """The commit and the result of a request that was committed before."""
        await self.pause()
        row: tuple[Timestamp, str] | None = self._connection.execute(
            "SELECT ts, result FROM requests WHERE session_id = ? AND request_id = ?", (session_id, request_id)
        ).fetchone()
        return row

    @reporting
    async def data_version(self) -> int:
        """Another number after another process, or another Store object, committed. Own commits do not count."""
        await self.pause()
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    @reporting
    async def clock_offset_ns(self) -> int:
        """By how much the clock of this deployment's functions was moved on."""
        await self.pause()
        return layout.clock_offset_ns(self._connection)

    @reporting
    async def move_clock(self, offset_ns: int) -> None:
        """Keeps the offset; other processes see that the data version is another."""
        await self.pause()
        with self.writing() as connection:
            layout.set_clock_offset_ns(connection, offset_ns)

    # --- work that one process does for all

    @reporting
    async def take_lease(self, name: str, owner: str, seconds: float) -> bool:
        """Whether `owner` now has the lease, until so many seconds from now. Renewing is taking it again."""
        await self.pause()
        return leases.take(self._connection, name, owner, self._clock.now_ns(), seconds)

    @reporting
    async def lease_owner(self, name: str) -> str | None:
        """Whoever took it last and did not give it back, also when the time has run out."""
        await self.pause()
        return leases.owner_of(self._connection, name)

    @reporting
    async def drop_lease(self, name: str, owner: str) -> None:
        """Gives the lease back; does nothing when another has it."""
        await self.pause()
        leases.drop(self._connection, name, owner)

    # --- writing

    def on_own_commit(self, follower: Callable[[Set[str]], None]) -> None:
        """`follower` learns at every commit of this object which tables it wrote to. It is quick and does not raise."""
        self._followers.append(follower)

    @reporting
    async def commit(
        self,
        transaction: Transaction,
        *,
        run_id: str,
        cause: str,
        writer: str | None,
        request: RequestKey | None = None,
        result: str = "",
    ) -> Timestamp:
        """Makes the writes durable as one point in time, and remembers `result` under `request`.

        Raises Conflict if a commit since the begin timestamp overlaps what was read or written, if the schema
        changed, or if `request` was committed meanwhile. A transaction without writes always succeeds.
        """
        await self.pause()
        ts = self._committer.commit(
            transaction, run_id=run_id, cause=cause, writer=writer, request=request, result=result
        )
        self._write_ahead_bytes += COMMIT_BYTES + 4 * transaction.meter.bytes_written
        if self._followers:
            tables = {write.table.name for write in transaction.pending if write.changes_something}
            for follower in self._followers:
                follower(tables)
        self._commits_until_trim -= 1
        self._logged_bytes += 2 * transaction.meter.bytes_written + len(result)
        if self._commits_until_trim <= 0 or self._logged_bytes > LOGGED_BYTES_BETWEEN_TRIMS:
            self._commits_until_trim = COMMITS_BETWEEN_TRIMS
            self._logged_bytes = 0
            self._tidy(lambda: commit_log.trim(self._connection, self._clock.now_ns()))
        await self.pause()
        return ts

    @reporting
    async def push_schema(
        self,
        schema: SchemaDefinition | None,
        *,
        report: ReportProgress | None = None,
        code: CodePush | None = None,
    ) -> Timestamp:
        """Puts a schema in force: checks stored documents, creates tables, fills new indexes, drops old ones.

        All or nothing; others run meanwhile. `report` is told now and then how far it is. With `code`, that goes live
        in the same commit, whose timestamp is returned; with None as schema, the one in force stays.
        Raises DeployError "Schema validation failed. …" naming a document, NewerCodeIsLive where `code` asks for it.
        Tables that are no longer in the schema keep their documents.
        """
        await self.pause()
        ts = await push_schema(self, schema, report, code)
        async with await self.snapshot():
            pass  # so that `schema` is the new one
        return ts

    # --- for schema_push.py

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One write transaction, undone if the block raises. The block must not await."""
        connection = self._connection
        self._write_ahead_bytes += 4 * COMMIT_BYTES
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def write(
        self, transaction: Transaction, head: Timestamp, catalog_ts: Timestamp
    ) -> tuple[tuple[Change, ...], bool]:
        """See `Committer.write`."""
        return self._committer.write(transaction, head, catalog_ts)

    def catalog_at(self, connection: sqlite3.Connection, catalog_ts: Timestamp) -> Catalog:
        return self._catalogs.at(connection, catalog_ts)

    def recent_commits(self, connection: sqlite3.Connection, ts: Timestamp, head: Timestamp) -> list[Commit]:
        return self._recent.since(connection, ts, head)

    def next_ts(self, head: Timestamp) -> Timestamp:
        return Timestamp(max(self._clock.now_ns(), head + 1))

    def note_own_commit(self, commit: Commit, previous: Timestamp) -> None:
        self._recent.append(commit, previous)

    def _checkpoint_if_long(self) -> None:
        """Moves the write-ahead log into the database, so that it starts anew: no snapshot of ours is in the way."""
        if self._write_ahead_bytes >= WRITE_AHEAD_BYTES_MAX:
            self._write_ahead_bytes = 0
            self._tidy(lambda: self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)"))

    def _tidy(self, work: Callable[[], object]) -> None:
        """Work that can as well be done later: the commit or read before it has succeeded all the same."""
        try:
            work()
        except sqlite3.DatabaseError as error:
            if fault_of(error) is None:
                raise
            logger.warning("The store in %s could not be tidied up: %s", self.folder, error)

    # --- for the panels

    @reporting
    async def table_page(
        self, table: str, *, index: str | None, order: Order, limit: int, after: bytes | None
    ) -> TablePage:
        """Documents in index order (creation time when `index` is None). Raises LearnerError for an unknown index."""
        async with await self.snapshot() as snapshot:
            found = snapshot.catalog.tables.get(table)
            if found is None:
                return TablePage([], 0, None)
            by = found.by_creation_time if index is None else find_index(found, index)
            is_descending = order == "desc"
            low, high = b"", None
            if after is not None:
                low, high = (b"", after) if is_descending else (key_after(after) or b"", None)
            rows = read_span(snapshot.connection, Interval(by.id, low, high), is_descending, limit)
            count = snapshot.connection.execute(
                "SELECT documents FROM tables WHERE number = ?", (found.number,)
            ).fetchone()[0]
        return TablePage([text for _, text, _ in rows], count, rows[-1][0] if len(rows) == limit else None)

    @reporting
    async def table_window(self, ask: WindowAsk) -> TableWindow:
        """See table_window.py. Raises LearnerError for an index or a range that cannot be."""
        async with await self.snapshot() as snapshot:
            return read_window(snapshot, ask)

    @reporting
    async def tables(self) -> list[TableInfo]:
        """The learner's tables by name, also those that the schema does not name."""
        async with await self.snapshot() as snapshot:
            counts = dict(snapshot.connection.execute("SELECT name, documents FROM tables ORDER BY name"))
            tables = snapshot.catalog.tables
        return [
            TableInfo(
                name,
                tables[name].number,
                tuple(IndexInfo(i.name, i.declared_fields, i.is_staged) for i in tables[name].indexes.values()),
                count,
            )
            for name, count in counts.items()
            if name in tables
        ]

    # --- copies

    @reporting
    async def fork_to(self, folder: Path) -> None:
        """Copies the store as it is now into an empty folder; stored files are linked, not copied."""
        await self.pause()
        await asyncio.to_thread(_copy_store, self.folder, folder)


def _copy_store(source: Path, target: Path) -> None:
    """In a thread: SQLite copies pages without Python's lock."""
    link_files(source, target)  # before the rows, for those that are deleted meanwhile
    reader = layout.connect_reader(source / layout.STORE_FILE)
    writer = layout.connect_writer(target / layout.STORE_FILE)
    try:
        reader.backup(writer)
        leases.create(writer)
        leases.drop_all(writer)
    finally:
        reader.close()
        writer.close()
    link_files(source, target)  # and after them, for those that came meanwhile
