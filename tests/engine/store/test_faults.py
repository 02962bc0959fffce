from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import StoreUnavailable
from sandbox.engine.limits import READERS_PER_STORE_MAX
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import Store, layout

from .driver import Driver, by, collect, scan, schema
from .invariants import documents_of


async def fault(awaitable) -> str:
    with pytest.raises(StoreUnavailable) as caught:
        await awaitable
    assert caught.value.message.startswith("This deployment's store ")
    return caught.value.code


def fill_the_disk(store: Store) -> None:
    """SQLite says of a file that may not grow what it says of a full disk."""
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_full_disk_refuses_writes_and_nothing_else(db: Driver, tmp_path: Path, clock: FixedClock):
    (document_id,) = await db.insert("t", {"n": 1.0})
    other = Driver(await Store.open(tmp_path / "other", clock=clock))
    fill_the_disk(db.store)
    assert await fault(db.insert("t", {"text": "x" * 100_000})) == "StoreFull"
    assert await fault(db.store.push_schema(_schema_with_many_indexes())) == "StoreFull"
    assert (await db.get(document_id))["n"] == 1.0
    await other.insert("t", {"text": "x" * 100_000})
    db.store._connection.execute("PRAGMA max_page_count = 1000000")
    await db.insert("t", {"text": "x" * 100_000})
    assert len(await db.collect(scan("t"))) == 2
    documents_of(db.store.path)
    await other.store.close()


def _schema_with_many_indexes() -> SchemaDefinition:
    return schema({f"t{n}": {f"i{m}": [f"f{m}"] for m in range(9)} for n in range(50)})


async def test_a_commit_is_a_success_though_tidying_up_after_it_fails(db: Driver, monkeypatch, caplog):
    def full(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr("sandbox.engine.store.commit_log.trim", full)
    db.store._commits_until_trim = 1
    (document_id,) = await db.insert("t", {"n": 1.0})
    assert (await db.get(document_id))["n"] == 1.0
    assert "could not be tidied up" in caplog.text


async def test_a_file_that_is_no_store_is_told(tmp_path: Path, clock: FixedClock):
    (tmp_path / "store.db").write_bytes(b"this is a letter, and no database" * 100)
    assert await fault(Store.open(tmp_path, clock=clock)) == "StoreCorrupt"


async def test_a_store_of_a_later_format_is_left_alone(store: Store, clock: FixedClock):
    store._connection.execute("PRAGMA user_version = 99")
    assert await fault(Store.open(store.folder, clock=clock)) == "StoreFormat"


async def test_a_damaged_file_is_told_by_whoever_meets_the_damage(db: Driver, clock: FixedClock):
    await db.push({"t": {"by_n": ["n"]}})
    ids = await db.insert("t", *({"n": float(n), "text": "x" * 500} for n in range(300)))
    db.store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    await db.store.close()
    with db.store.path.open("r+b") as file:
        file.seek(40 * 4096)
        file.write(b"\xa5" * (os.path.getsize(db.store.path) - 44 * 4096))
    damaged = Driver(await Store.open(db.store.folder, clock=clock))
    assert await fault(damaged.collect(by("t.by_n"))) == "StoreCorrupt"
    assert await fault(_read_all(damaged, ids)) == "StoreCorrupt"
    for _ in range(READERS_PER_STORE_MAX + 1):  # a failed read gives its connection back
        assert await fault(damaged.collect(scan("t"))) == "StoreCorrupt"
    async with asyncio.timeout(10):
        assert await damaged.store.head() > 0
        async with damaged.begin():
            pass
    await damaged.store.close()


async def _read_all(db: Driver, ids: list[str]) -> None:
    async with db.begin() as tx:
        for document_id in ids:
            await tx.get(document_id, table=None)


async def test_a_folder_that_cannot_be_written_is_told(db: Driver, clock: FixedClock, monkeypatch):
    await db.insert("t", {"n": 1.0})
    await db.store.close()
    connect = layout._connect
    monkeypatch.setattr(layout, "_connect", lambda uri: connect(f"{uri.partition('?')[0]}?mode=ro"))
    assert await fault(Store.open(db.store.folder, clock=clock)) == "StoreReadOnly"


async def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path, clock: FixedClock):
    (tmp_path / "store").write_text("")
    assert await fault(Store.open(tmp_path / "store", clock=clock)) == "StoreUnreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_of_somebody_else_is_told(tmp_path: Path, clock: FixedClock):
    tmp_path.chmod(0o500)
    assert await fault(Store.open(tmp_path / "store", clock=clock)) == "StoreReadOnly"


async def test_a_store_that_is_locked_for_long_is_told(db: Driver, monkeypatch):
    await db.insert("t", {})
    db.store._connection.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(db.store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await fault(db.insert("t", {})) == "StoreBusy"
    other.execute("ROLLBACK")
    other.close()
    await db.insert("t", {})


async def test_a_mistake_of_ours_is_no_fault_of_the_file(db: Driver):
    await db.insert("t", {})
    async with db.begin() as tx:
        tx.connection = sqlite3.connect(":memory:")  # where no table is
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await collect(tx, scan("t"))
        tx.connection.close()
