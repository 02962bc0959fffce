from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import LearnerError, LimitExceeded
from sandbox.engine.store import Store
from sandbox.engine.store.scheduled_functions import (
    Job,
    cancel,
    check_target,
    completed_jobs,
    move_job,
    pending_jobs,
    read_job,
    running_jobs,
    schedule,
    scheduled_time,
)

NOW_MS = 1_700_000_000_000.0


class Jobs:
    """Each call is a transaction of its own, a millisecond after the one before."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        self.store = store
        self.clock = clock
        self.seed = 0

    async def do(self, work):
        self.seed += 1
        self.clock.advance(seconds=0.001)
        async with await self.store.snapshot() as snapshot:
            transaction = self.store.transaction(snapshot, seed=str(self.seed).encode(), writable=True)
            result = await work(transaction)
            await self.store.commit(transaction, run_id="", cause="test", writer=None)
            return result

    async def schedule(self, at_ms: float = NOW_MS, path: str = "m:f", args: object = None, **more: object) -> str:
        return await self.do(lambda tx: schedule(tx, path, args or {}, at_ms, **more))

    async def read(self, job_id: str) -> Job:
        return await self.do(lambda tx: read_job(tx, job_id))

    async def move(self, job_id: str, *args: str) -> None:
        async def work(tx):
            await move_job(tx, await read_job(tx, job_id), *args)

        await self.do(work)

    async def cancel(self, job_id: str) -> None:
        await self.do(lambda tx: cancel(tx, job_id))


@pytest.fixture
def jobs(store: Store, clock: FixedClock) -> Jobs:
    return Jobs(store, clock)


async def test_a_scheduled_function_is_a_row_as_convex_shows_it(jobs: Jobs):
    job_id = await jobs.schedule(NOW_MS + 1000, "dir/m:default", {"a": 1.0})
    row = await jobs.do(lambda tx: tx.system.get(job_id))
    assert len(job_id) == 32
    assert {name: value for name, value in row.items() if name != "_creationTime"} == {
        "_id": job_id,
        "name": "dir/m.js:default",
        "args": [{"a": 1.0}],
        "scheduledTime": NOW_MS + 1000,
        "state": {"kind": "pending"},
    }
    job = Job.of(row)
    assert (job.path, job.args_json, job.is_over) == ("dir/m:default", '[{"a":1.0}]', False)


async def test_jobs_are_due_in_the_order_of_their_time_then_of_scheduling(jobs: Jobs):
    late, first, second = [await jobs.schedule(at) for at in (NOW_MS + 5, NOW_MS, NOW_MS)]
    assert [job.id for job in await jobs.do(lambda tx: pending_jobs(tx, 9))] == [first, second, late]
    assert [job.id for job in await jobs.do(lambda tx: pending_jobs(tx, 1))] == [first]


async def test_a_job_that_is_over_has_its_time_and_is_no_longer_due(jobs: Jobs, clock: FixedClock):
    done, failed, running = [await jobs.schedule() for _ in range(3)]
    clock.advance(seconds=2)
    await jobs.schedule()
    await jobs.move(done, "success")
    await jobs.move(failed, "failed", "Uncaught Error: no")
    await jobs.move(running, "inProgress")
    assert (await jobs.read(failed)).error == "Uncaught Error: no"
    assert (await jobs.read(done)).completed_ms >= NOW_MS + 2000
    assert [job.id for job in await jobs.do(running_jobs)] == [running]
    assert [job.id for job in await jobs.do(lambda tx: completed_jobs(tx, 9))] == [done, failed]


async def test_cancelling_ends_what_is_not_over(jobs: Jobs):
    pending, running, done = [await jobs.schedule() for _ in range(3)]
    await jobs.move(running, "inProgress")
    await jobs.move(done, "success")
    for job_id in (pending, running, done, pending):
        await jobs.cancel(job_id)
    assert [(await jobs.read(job_id)).state for job_id in (pending, running, done)] == [
        "canceled",
        "canceled",
        "success",
    ]


async def test_a_job_that_is_forgotten_is_cancelled_without_complaint(jobs: Jobs):
    job_id = await jobs.schedule()
    await jobs.do(lambda tx: tx.system.delete(job_id))
    await jobs.cancel(job_id)


@pytest.mark.parametrize("kind", ["not an id", "user table"])
async def test_only_ids_of_jobs_are_cancelled(jobs: Jobs, kind: str):
    job_id = kind if kind == "not an id" else await jobs.do(lambda tx: tx.insert("notes", {}))
    with pytest.raises(LearnerError) as caught:
        await jobs.cancel(job_id)
    assert caught.value.message == (
        "Invalid scheduled function ID. The ID must be an ID on the '_scheduled_functions' table."
    )


async def test_what_a_cancelled_job_schedules_is_cancelled(jobs: Jobs):
    parent = await jobs.schedule()
    await jobs.move(parent, "inProgress")
    before = await jobs.schedule(parent=parent)
    await jobs.cancel(parent)
    after = await jobs.schedule(NOW_MS + 60_000, parent=parent)
    assert (await jobs.read(before)).state == "pending"
    child = await jobs.read(after)
    assert (child.state, child.scheduled_ms) == ("canceled", child.completed_ms)


async def test_a_rolled_back_part_has_scheduled_nothing(jobs: Jobs):
    async def work(tx):
        mark = tx.savepoint()
        for _ in range(1000):
            await schedule(tx, "m:f", {}, NOW_MS)
        tx.rollback_to(mark)
        await schedule(tx, "m:f", {}, NOW_MS)

    await jobs.do(work)
    assert len(await jobs.do(lambda tx: pending_jobs(tx, 9))) == 1


async def test_one_transaction_schedules_a_thousand_functions_at_most(jobs: Jobs):
    async def work(tx):
        for _ in range(1001):
            await schedule(tx, "m:f", {}, NOW_MS)

    with pytest.raises(LimitExceeded) as caught:
        await jobs.do(work)
    assert caught.value.message == "Too many functions scheduled by this mutation (limit: 1000)"


async def test_the_arguments_of_one_transaction_have_a_limit(jobs: Jobs):
    async def work(tx):
        for _ in range(17):
            await schedule(tx, "m:f", {"text": "x" * (1 << 20)}, NOW_MS)

    with pytest.raises(LimitExceeded) as caught:
        await jobs.do(work)
    assert caught.value.message == (
        "Too large total size of the arguments of scheduled functions from this mutation (limit: 16777216 bytes)"
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("nope:f", "Attempted to schedule function at nonexistent path: nope.js"),
        (
            "m:nope",
            "Attempted to schedule function, but no exported function nope found in the file: m.js. "
            "Did you forget to export it?",
        ),
    ],
)
def test_a_function_that_is_missing_is_not_scheduled(path: str, text: str):
    with pytest.raises(LearnerError) as caught:
        check_target(path, {"m:f"}, {"m"})
    assert caught.value.message == text


YEARS = 5 * 366 * 24 * 3600


@pytest.mark.parametrize(
    ("ts", "text"),
    [
        (None, "Invalid arguments for `ts`: cannot convert float seconds to Duration: value is either too big or NaN"),
        (1e300, "Invalid arguments for `ts`: cannot convert float seconds to Duration: value is either too big or NaN"),
        (-1.5, "Invalid arguments for `ts`: cannot convert float seconds to Duration: value is negative"),
        (NOW_MS / 1000 + YEARS + 1.5, "UnixTimestamp(1858112001.5s) is more than 5 years in the future"),
        (NOW_MS / 1000 - YEARS - 1, "UnixTimestamp(1541887999s) is more than 5 years in the past"),
    ],
)
def test_a_time_out_of_reach_is_refused(ts: object, text: str):
    with pytest.raises(LearnerError) as caught:
        scheduled_time(ts, NOW_MS)
    assert caught.value.message == text


@given(st.integers(int(NOW_MS) - 10**9, int(NOW_MS) + 10**9))
def test_a_time_keeps_its_millisecond(ms: int):
    assert abs(scheduled_time(ms / 1000, NOW_MS) - ms) < 0.001
