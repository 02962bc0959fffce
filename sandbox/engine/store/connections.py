"""Snapshots: read connections that stand still at one commit.

At most four are out at a time; whoever comes later waits. A snapshot lasts as long as one run or one round of live
queries, because the write-ahead log cannot be shortened beneath it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from sandbox.engine.limits import READERS_PER_STORE_MAX
from sandbox.engine.store.catalog import Catalog, CatalogCache
from sandbox.engine.store.commit_log import Timestamp, head_of
from sandbox.engine.store.layout import connect_reader


class Snapshot:
    """The whole store as of `ts`. Close it, or use it with `async with`. Several transactions may share one."""

    __slots__ = ("_pool", "catalog", "connection", "ts")

    def __init__(self, pool: SnapshotPool, connection: sqlite3.Connection, ts: Timestamp, catalog: Catalog) -> None:
        self._pool: SnapshotPool | None = pool
        self.connection = connection
        self.ts = ts
        self.catalog = catalog

    async def close(self) -> None:
        """Gives the connection back. A second call does nothing."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.take_back(self.connection)

    async def __aenter__(self) -> Snapshot:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class SnapshotPool:
    def __init__(self, path: Path, catalogs: CatalogCache, when_all_are_back: Callable[[], None]) -> None:
        self._path = path
        self._catalogs = catalogs
        self._when_all_are_back = when_all_are_back
        self._out = 0
        self._free = asyncio.Semaphore(READERS_PER_STORE_MAX)
        self._idle: list[sqlite3.Connection] = []
        self._is_closed = False

    async def borrow(self) -> Snapshot:
        await self._free.acquire()
        connection: sqlite3.Connection | None = None
        try:
            connection = self._idle.pop() if self._idle else connect_reader(self._path)
            connection.execute("BEGIN")
            # The first read fixes the snapshot, and it is the begin timestamp itself: the two cannot differ.
            ts, catalog_ts = head_of(connection)
            snapshot = Snapshot(self, connection, ts, self._catalogs.at(connection, catalog_ts))
        except BaseException:
            if connection is not None:
                connection.close()
            self._free.release()
            raise
        self._out += 1
        return snapshot

    def take_back(self, connection: sqlite3.Connection) -> None:
        self._out -= 1
        try:
            if self._is_closed:
                connection.close()
                return
            if _has_ended_well(connection):
                self._idle.append(connection)
            if self._out == 0:
                self._when_all_are_back()
        finally:
            self._free.release()

    def close(self) -> None:
        """Ends what is idle; what is still out is closed when it comes back."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()


def _has_ended_well(connection: sqlite3.Connection) -> bool:
    """Ends the snapshot. A connection that met a damaged file is not used again."""
    try:
        connection.execute("COMMIT")
    except sqlite3.DatabaseError:
        connection.close()
        return False
    return True
