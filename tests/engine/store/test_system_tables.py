from __future__ import annotations

import sqlite3

import pytest

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import Conflict, LearnerError
from sandbox.engine.store import CRON_JOBS, FILES, SCHEDULED_FUNCTIONS, STORAGE, Store
from sandbox.engine.store import meter as meter_module
from sandbox.engine.values import Int64, loads

from .driver import Driver, by, collect, scan
from .invariants import documents_of

JOB = {"name": "m.js:f", "args": [{}], "scheduledTime": 5.0, "state": {"kind": "pending"}}


async def schedule(db: Driver, **fields) -> str:
    async with db.begin() as tx:
        job = await tx.system.insert(SCHEDULED_FUNCTIONS, {**JOB, **fields})
        await db.commit(tx)
    return job


async def refusal(awaitable) -> str:
    with pytest.raises(LearnerError) as caught:
        await awaitable
    return caught.value.message


async def test_learners_read_what_the_engine_wrote(db: Driver):
    job = await schedule(db)
    assert len(job) == 32
    async with db.begin() as tx:
        text = await tx.get(job, table=SCHEDULED_FUNCTIONS, method="system.get")
        assert loads(text)["name"] == "m.js:f"
        assert [row["_id"] for row in await collect(tx, scan(SCHEDULED_FUNCTIONS))] == [job]
        assert tx.documents_read == 2
        assert tx.normalize_id(SCHEDULED_FUNCTIONS, job) == job
        assert tx.normalize_id(STORAGE, job) is None
        assert tx.table_numbers()[SCHEDULED_FUNCTIONS] < 10_001


async def test_learners_write_no_system_table(db: Driver):
    job = await schedule(db)
    async with db.begin() as tx:
        only_system = "System tables can only be accessed with db.system."
        assert await refusal(tx.get(job, table=None)) == only_system
        assert await refusal(tx.patch(job, {})) == only_system
        assert await refusal(tx.replace(job, {})) == only_system
        assert await refusal(tx.delete(job)) == only_system
        assert await refusal(tx.delete(job, table="t")) == (
            'Invalid argument `id` for `db.delete`: expected to be an Id<"t">, got Id<"_scheduled_functions"> instead.'
        )
        assert await refusal(tx.insert(STORAGE, {})) == "System tables (prefixed with `_`) are read-only."
        assert await refusal(tx.get(job, table=STORAGE, method="system.get")) == (
            'Invalid argument `id` for `db.system.get`: expected to be an Id<"_storage">, '
            'got Id<"_scheduled_functions"> instead.'
        )


async def test_private_tables_are_not_there_for_learners(db: Driver):
    async with db.begin() as tx:
        file = await tx.system.insert(FILES, {"uuid": "u", "storageId": "s", "sha256": "00"})
        assert await tx.get(file, table=None, method="system.get") is None
        assert await tx.get(file, table=None) is None
        assert (await refusal(tx.delete(file))).endswith(f'Table for ID "{file}" not found')
        assert await collect(tx, scan(FILES)) == []
        assert tx.normalize_id(FILES, file) is None
        assert FILES not in tx.table_numbers()
        assert tx.writes == ()
        (row,) = await tx.system.rows(f"{FILES}.by_uuid", {"uuid": "u"})
        assert row["_id"] == file


async def test_due_jobs_come_by_state_and_time(db: Driver):
    late = await schedule(db, scheduledTime=9.0)
    early = await schedule(db, scheduledTime=1.0)
    await schedule(db, scheduledTime=20.0)
    await schedule(db, scheduledTime=0.0, state={"kind": "success"})
    async with db.begin() as tx:
        pending = {"state.kind": "pending"}
        index = f"{SCHEDULED_FUNCTIONS}.by_state"
        assert [row["_id"] for row in await tx.system.rows(index, pending, up_to=("scheduledTime", 10.0))] == [
            early,
            late,
        ]
        assert [row["_id"] for row in await tx.system.rows(index, pending, limit=1)] == [early]


async def test_the_engine_changes_and_deletes(db: Driver):
    job = await schedule(db)
    async with db.begin() as tx:
        await tx.system.patch(job, {"completedTime": 7.0})
        await tx.system.replace(job, {**JOB, "state": {"kind": "success"}})
        assert (await tx.system.get(job))["state"] == {"kind": "success"}
        await db.commit(tx)
    async with db.begin() as tx:
        await tx.system.delete(job)
        assert await tx.system.get(job) is None
        await db.commit(tx)
    documents_of(db.store.path)


async def test_what_the_engine_reads_is_in_the_read_set_and_not_counted(db: Driver, monkeypatch):
    monkeypatch.setattr(meter_module, "DOCUMENTS_READ_MAX", 1)
    monkeypatch.setattr(meter_module, "DOCUMENTS_WRITTEN_MAX", 1)
    await schedule(db)
    await schedule(db)
    async with db.begin() as tx:
        assert len(await tx.system.rows(f"{SCHEDULED_FUNCTIONS}.by_state")) == 2
        await tx.system.insert(CRON_JOBS, {"identifier": "a"})
        await tx.system.insert(CRON_JOBS, {"identifier": "b"})
        assert (tx.documents_read, tx.reads) == (0, [])
        await schedule(db)
        with pytest.raises(Conflict):
            await db.commit(tx)


async def test_a_learner_table_still_begins_at_10001_and_the_lists_show_only_those(db: Driver):
    await schedule(db)
    await db.insert("t", {"n": Int64(1)})
    assert [(info.name, info.number) for info in await db.store.tables()] == [("t", 10_001)]


async def test_a_store_of_the_format_before_is_brought_up_to_date(db: Driver, clock: FixedClock):
    """It had no system tables, and did not keep the sizes of documents."""
    (document_id,) = await db.insert("t", {"text": "grüße"})
    await db.store.close()
    connection = sqlite3.connect(db.store.path, isolation_level=None)
    connection.execute("DELETE FROM indexes WHERE table_number < 10001")
    connection.execute("DELETE FROM tables WHERE number < 10001")
    connection.execute("ALTER TABLE documents DROP COLUMN size")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    again = Driver(await Store.open(db.store.folder, clock=clock))
    assert await again.get(document_id) is not None
    await schedule(again)
    assert len(await again.collect(scan(SCHEDULED_FUNCTIONS))) == 1
    assert await again.collect(by("t.by_creation_time")) != []
    documents_of(again.store.path)
    await again.store.close()
