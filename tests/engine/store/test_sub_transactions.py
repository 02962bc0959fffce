from __future__ import annotations

import pytest

from sandbox.engine.errors import Conflict, LearnerError
from sandbox.engine.store import CRON_JOBS

from .driver import Driver, by, collect, scan
from .invariants import documents_of


async def values(tx, plan) -> list[float]:
    return [row["n"] for row in await collect(tx, plan)]


async def test_a_rollback_takes_back_the_writes_since_the_savepoint(db: Driver):
    await db.push({"t": {"by_n": ["n"]}})
    kept, changed, deleted = await db.insert("t", {"n": 1.0}, {"n": 2.0}, {"n": 3.0})
    async with db.begin() as tx:
        await tx.patch(kept, {"n": 10.0})
        mark = tx.savepoint()
        await tx.patch(kept, {"n": 11.0})
        await tx.patch(changed, {"n": 20.0})
        await tx.delete(deleted)
        await tx.insert("t", {"n": 99.0})
        assert await values(tx, by("t.by_n")) == [11.0, 20.0, 99.0]
        tx.rollback_to(mark)
        assert await values(tx, by("t.by_n")) == [2.0, 3.0, 10.0]
        await db.commit(tx)
    assert [row["n"] for row in await db.collect(by("t.by_n"))] == [2.0, 3.0, 10.0]
    documents_of(db.store.path)


async def test_savepoints_nest(db: Driver):
    async with db.begin() as tx:
        await tx.insert("t", {"n": 0.0})
        outer = tx.savepoint()
        await tx.insert("t", {"n": 1.0})
        inner = tx.savepoint()
        await tx.insert("t", {"n": 2.0})
        tx.rollback_to(inner)
        await tx.insert("t", {"n": 3.0})
        assert await values(tx, scan("t")) == [0.0, 1.0, 3.0]
        tx.rollback_to(outer)
        assert await values(tx, scan("t")) == [0.0]


async def test_a_table_made_in_a_failed_sub_transaction_is_not_there(db: Driver):
    async with db.begin() as tx:
        mark = tx.savepoint()
        await tx.insert("gone", {"n": 1.0})
        tx.rollback_to(mark)
        assert await collect(tx, scan("gone")) == []
        await tx.insert("made", {"n": 2.0})
        assert await values(tx, scan("made")) == [2.0]
        await db.commit(tx)
    assert [(info.name, info.number) for info in await db.store.tables()] == [("made", 10_001)]
    documents_of(db.store.path)


async def test_counts_of_writes_go_back_and_reads_stay(db: Driver):
    (document_id,) = await db.insert("t", {"n": 1.0})
    async with db.begin() as tx:
        mark = tx.savepoint()
        await tx.patch(document_id, {"n": 2.0})
        read = tx.documents_read
        tx.rollback_to(mark)
        assert (tx.meter.documents_written, tx.meter.bytes_written, tx.documents_read) == (0, 0, read)
        assert tx.writes == ()


async def test_what_a_failed_sub_transaction_read_can_still_conflict(db: Driver):
    (document_id,) = await db.insert("t", {"n": 1.0})
    async with db.begin() as tx:
        mark = tx.savepoint()
        await tx.get(document_id, table=None)
        tx.rollback_to(mark)
        await tx.insert("other", {})
        await db.patch(document_id, {"n": 2.0})
        with pytest.raises(Conflict):
            await db.commit(tx)


async def test_ids_and_creation_times_are_not_made_twice(db: Driver):
    async with db.begin() as tx:
        mark = tx.savepoint()
        first = await tx.insert("t", {})
        (row,) = await collect(tx, scan("t"))
        tx.rollback_to(mark)
        second = await tx.insert("t", {})
        (other,) = await collect(tx, scan("t"))
        assert first != second
        assert row["_creationTime"] < other["_creationTime"]
        assert await tx.get(first, table=None) is None


async def test_what_the_engine_wrote_for_a_sub_transaction_goes_back_too(db: Driver):
    async with db.begin() as tx:
        mark = tx.savepoint()
        job = await tx.system.insert(CRON_JOBS, {"identifier": "a"})
        tx.rollback_to(mark)
        assert await tx.system.get(job) is None


async def test_an_open_query_goes_on_beside_a_rollback(db: Driver):
    await db.insert("t", {"n": 1.0}, {"n": 2.0})
    async with db.begin() as tx:
        stream = tx.open_query(scan("t"))
        assert len((await stream.next(1))[0]) == 1
        mark = tx.savepoint()
        await tx.insert("t", {"n": 3.0})
        tx.rollback_to(mark)
        rest, done = await stream.next(10)
        assert (len(rest), done) == (1, True)


async def test_the_stale_view_shows_the_snapshot_alone(db: Driver):
    (document_id,) = await db.insert("t", {"n": 1.0})
    async with db.begin() as tx:
        await tx.patch(document_id, {"n": 2.0})
        await tx.insert("t", {"n": 3.0})
        await tx.insert("new", {})
        stale = tx.stale_view()
        assert await values(stale, scan("t")) == [1.0]
        assert await collect(stale, scan("new")) == []
        assert sorted(await values(tx, scan("t"))) == [2.0, 3.0]
        assert len(tx.reads) == 3


async def test_what_the_stale_view_reads_is_not_read_by_the_transaction(db: Driver):
    await db.insert("t", {"n": 1.0})
    async with db.begin() as tx:
        stale = tx.stale_view()
        await collect(stale, scan("t"))
        assert (stale.documents_read, tx.documents_read, len(tx.read_set)) == (1, 0, 0)
        await tx.insert("other", {})
        await db.insert("t", {"n": 2.0})
        await db.commit(tx)
        assert await values(stale, scan("t")) == [1.0]


async def test_a_write_that_failed_leaves_the_others(db: Driver):
    async with db.begin() as tx:
        await tx.insert("t", {"n": 1.0})
        with pytest.raises(LearnerError):
            await tx.insert("t", {"_x": 1.0})
        assert await values(tx, scan("t")) == [1.0]
