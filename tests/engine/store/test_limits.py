from __future__ import annotations

import pytest

from sandbox.engine.errors import LearnerError, LimitExceeded
from sandbox.engine.limits import DOCUMENTS_READ_MAX, INTERVALS_READ_MAX
from sandbox.engine.store import CRON_JOBS, transaction_state
from sandbox.engine.store import read_set as read_set_module
from sandbox.engine.store.scheduled_functions import schedule
from sandbox.engine.values import loads, size_of

from .driver import Driver, collect, scan


def used(tx) -> dict[str, int]:
    return {name: metric["used"] for name, metric in tx.metrics().items() if metric["used"]}


async def refusal(awaitable) -> str:
    with pytest.raises(LimitExceeded) as caught:
        await awaitable
    return caught.value.message


async def test_metrics_tell_what_was_used_and_what_is_left(db: Driver):
    (document_id,) = await db.insert("t", {"text": "grüße"})
    async with db.begin() as tx:
        assert used(tx) == {}
        size = size_of(loads(await tx.get(document_id, table=None)))
        await collect(tx, scan("t"))
        await tx.insert("t", {})
        inserted = tx.pending.get(next(iter(tx.pending)).id).size
        await schedule(tx, "m:f", {"n": 1.0}, 0.0)
        assert used(tx) == {
            "documentsRead": 2,
            "bytesRead": 2 * size,
            "databaseQueries": 2,
            "documentsWritten": 1,
            "bytesWritten": inserted,
            "functionsScheduled": 1,
            "scheduledFunctionArgsBytes": size_of([{"n": 1.0}]),
        }
        metrics = tx.metrics()
        assert metrics["documentsRead"]["remaining"] == DOCUMENTS_READ_MAX - 2
        assert metrics["databaseQueries"]["remaining"] == INTERVALS_READ_MAX - 2


async def test_what_the_engine_reads_leaves_all_reads_to_the_function(db: Driver, monkeypatch):
    monkeypatch.setattr(read_set_module, "INTERVALS_READ_MAX", 2)
    first, second = await db.insert("t", {}, {})
    async with db.begin() as tx:
        job = await tx.system.insert(CRON_JOBS, {"identifier": "a"})
        for _ in range(3):
            await tx.system.get(job)
            await tx.system.rows(f"{CRON_JOBS}.by_identifier", {"identifier": "a"})
            await collect(tx, scan("missing"))
        await tx.get(first, table=None)
        await tx.get(second, table=None)
        await tx.system.get(job)
        message = await refusal(collect(tx, scan("t")))
        assert message.startswith("Too many reads in a single function execution (limit: 2). Consider")


async def test_a_nested_call_may_have_lower_limits(db: Driver):
    await db.insert("t", *({} for _ in range(5)))
    async with db.begin() as tx:
        await collect(tx, scan("t"))
        before = tx.lower_limits({"documentsRead": 3, "documentsWritten": 1.0, "databaseQueries": 10})
        assert tx.metrics()["documentsRead"] == {"used": 5, "remaining": 3}
        assert "documents read in a single function execution (limit: 3)" in await refusal(collect(tx, scan("t")))
        await tx.insert("t", {})
        assert await refusal(tx.insert("t", {})) == "Too many writes in a single function execution (limit: 1)"
        tx.restore_limits(before)
        await collect(tx, scan("t"))


async def test_a_nested_limit_can_only_be_lower(db: Driver):
    async with db.begin() as tx:
        outer = tx.lower_limits({"documentsRead": 2})
        tx.lower_limits({"documentsRead": 100, "bytesRead": None})
        assert tx.metrics()["documentsRead"]["remaining"] == 2
        tx.restore_limits(outer)
        assert tx.metrics()["documentsRead"]["remaining"] == DOCUMENTS_READ_MAX


@pytest.mark.parametrize("limit", ["3", -1, float("nan"), float("inf"), True, [], 1e300])
async def test_limits_that_make_no_sense_are_refused(db: Driver, limit):
    async with db.begin() as tx:
        with pytest.raises(LearnerError, match="Invalid transaction limit `bytesRead`"):
            tx.lower_limits({"bytesRead": limit})


async def test_files_are_counted_too(db: Driver):
    async with db.begin() as tx:
        mark = tx.savepoint()
        tx.meter.count_file_written(100)
        tx.meter.count_file_read(7)
        assert used(tx) == {"filesWritten": 1, "fileWriteBytes": 100, "filesRead": 1, "fileReadBytes": 7}
        tx.rollback_to(mark)
        assert used(tx) == {"filesRead": 1, "fileReadBytes": 7}
        tx.lower_limits({"filesRead": 0, "fileWriteBytes": 1024 * 1024})
        with pytest.raises(LimitExceeded, match=r"Too many files read .*limit: 0 files of"):
            tx.meter.count_file_read(0)
        with pytest.raises(LimitExceeded, match=r"Too many files written .* of 1 MiB together"):
            tx.meter.count_file_written(1024 * 1024 + 1)


async def test_a_deployment_has_so_many_tables(db: Driver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transaction_state, "TABLES_MAX", 2)
    await db.insert("one", {})
    async with db.begin() as tx:
        await tx.insert("two", {})
        with pytest.raises(LearnerError) as caught:
            await tx.insert("three", {})
        assert caught.value.message == "Number of tables cannot exceed 2."
        await tx.insert("two", {})
        await db.commit(tx)
