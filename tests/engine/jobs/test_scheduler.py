"""Scheduled functions, driven by hand: no clock runs and nothing waits for time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import LearnerError
from sandbox.engine.jobs.agenda import JOBS_SEEN
from sandbox.engine.runtime import executor
from sandbox.engine.store import Store
from sandbox.engine.store.scheduled_functions import move_job, read_job

from .conftest import Shop, until

WEEK_S = 7 * 24 * 3600


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "backoff_seconds", lambda retries: 0)


async def write_elsewhere(shop: Shop) -> None:
    await shop.at.change(lambda tx: tx.insert("notes", {"n": 99.0}), "elsewhere")


async def test_a_mutation_and_the_end_of_its_job_are_one_commit(shop: Shop):
    job_id = await shop.schedule("m:add", {"n": 7.0})
    before = await shop.store.head()
    await shop.work()
    (commit,) = await shop.store.log_since(before)
    assert sorted(change.table for change in commit.changes) == ["_scheduled_functions", "notes"]
    job = await shop.job(job_id)
    assert (job.state, job.completed_ms is not None) == ("success", True)
    assert [note.cause.kind for note in shop.notes] == ["scheduled"]


async def test_a_job_runs_as_nobody_with_its_arguments_and_its_id(shop: Shop):
    job_id = await shop.schedule("m:add", {"n": 7.0})
    await shop.work()
    (request,) = shop.runner.requests
    assert (request.path, request.args_json, request.identity, request.writer) == ("m:add", '[{"n":7.0}]', None, None)
    assert (request.internal, request.job_id, request.metadata.scheduled_function_id) == (True, job_id, job_id)


async def test_nothing_runs_before_its_time(shop: Shop, clock: FixedClock):
    job_id = await shop.schedule("m:add", seconds=60)
    await shop.work()
    assert await shop.state(job_id) == "pending"
    assert 59 < await shop.scheduler.look() <= 60
    assert shop.plans == [(await shop.job(job_id)).scheduled_ms]
    clock.advance(seconds=60)
    await shop.work()
    assert await shop.state(job_id) == "success"
    assert shop.plans[1:] == [None]


async def test_jobs_run_in_the_order_of_their_time_then_of_scheduling(shop: Shop, clock: FixedClock):
    for n, seconds in enumerate([3, 1, 2, 1]):
        await shop.schedule("m:add", {"n": float(n)}, seconds=seconds)
    clock.advance(seconds=5)
    await shop.work()
    assert shop.ran == [1.0, 3.0, 2.0, 0.0]


async def test_a_mutation_that_throws_fails_its_job_and_leaves_nothing(shop: Shop):
    job_id = await shop.schedule("m:fail")
    await shop.work()
    job = await shop.job(job_id)
    assert (job.state, job.error) == ("failed", "Uncaught Error: no\n    at handler (../convex/m.ts:1:1)\n")
    assert await shop.rows("notes") == []
    await shop.work()
    assert shop.ran == ["m:fail"]


async def test_a_mutation_sees_its_own_job_in_progress_and_others_see_it_pending(shop: Shop):
    seen: list[str] = []

    @shop.mutation("m:look")
    async def _look(transaction: Any, args: dict[str, Any]) -> None:
        seen.append((await read_job(transaction, job_id)).state)
        seen.append(await shop.state(job_id))

    job_id = await shop.schedule("m:look")
    await shop.work()
    assert seen == ["inProgress", "pending"]


async def test_a_mutation_that_loses_runs_again_and_counts_once(shop: Shop):
    @shop.mutation("m:count")
    async def _count(transaction: Any, args: dict[str, Any]) -> None:
        source = {"type": "FullTableScan", "tableName": "notes", "order": "asc"}
        await transaction.open_query({"source": source, "operators": []}).next(100)
        if len(shop.ran) <= 2:
            await write_elsewhere(shop)
        await transaction.insert("notes", {"n": 1.0})

    job_id = await shop.schedule("m:count")
    await shop.work()
    assert await shop.state(job_id) == "success"
    assert sorted(row["n"] for row in await shop.rows("notes")) == [1.0, 99.0, 99.0]
    assert shop.notes[0].retries == 2


async def test_a_mutation_that_always_loses_is_tried_again_after_a_pause(shop: Shop, clock: FixedClock):
    @shop.mutation("m:count")
    async def _count(transaction: Any, args: dict[str, Any]) -> None:
        source = {"type": "FullTableScan", "tableName": "notes", "order": "asc"}
        await transaction.open_query({"source": source, "operators": []}).next(100)
        if len(shop.ran) <= 5:
            await write_elsewhere(shop)
        await transaction.insert("notes", {"n": 1.0})

    job_id = await shop.schedule("m:count")
    await shop.work()
    assert (await shop.state(job_id), len(shop.ran)) == ("pending", 5)
    await shop.work()
    assert len(shop.ran) == 5
    clock.advance(seconds=1)
    await shop.work()
    assert (await shop.state(job_id), len(shop.ran)) == ("success", 6)


@pytest.mark.parametrize("code", ["ProcessEnded", "ProcessKilled", "NotBegun"])
async def test_a_mutation_whose_process_ended_is_tried_again(shop: Shop, clock: FixedClock, code: str):
    @shop.mutation("m:die")
    async def _die(transaction: Any, args: dict[str, Any]) -> None:
        if len(shop.ran) == 1:
            raise LearnerError("gone", code=code)

    job_id = await shop.schedule("m:die")
    await shop.work()
    clock.advance(seconds=1)
    await shop.work()
    assert (await shop.state(job_id), len(shop.ran)) == ("success", 2)


async def test_a_fault_of_ours_is_tried_again(shop: Shop, clock: FixedClock):
    @shop.mutation("m:crash")
    async def _crash(transaction: Any, args: dict[str, Any]) -> None:
        if len(shop.ran) == 1:
            raise OSError("disk")

    job_id = await shop.schedule("m:crash")
    await shop.work()
    clock.advance(seconds=1)
    await shop.work()
    assert await shop.state(job_id) == "success"


async def test_what_a_job_schedules_runs_too(shop: Shop):
    from sandbox.engine.store.scheduled_functions import schedule

    @shop.mutation("m:chain")
    async def _chain(transaction: Any, args: dict[str, Any]) -> None:
        if args["n"] < 5:
            await schedule(transaction, "m:chain", {"n": args["n"] + 1}, shop.now_ms)

    await shop.schedule("m:chain", {"n": 0.0})
    await shop.work()
    assert shop.ran == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


async def test_a_cancelled_job_does_not_run(shop: Shop):
    job_id = await shop.schedule("m:add")
    await shop.cancel(job_id)
    await shop.work()
    assert (await shop.state(job_id), shop.ran) == ("canceled", [])


async def test_a_mutation_whose_job_is_cancelled_meanwhile_has_not_run(shop: Shop):
    @shop.mutation("m:slow")
    async def _slow(transaction: Any, args: dict[str, Any]) -> None:
        await transaction.insert("notes", {"n": 1.0})
        await shop.cancel(job_id)

    job_id = await shop.schedule("m:slow")
    await shop.work()
    assert (await shop.state(job_id), await shop.rows("notes"), len(shop.ran)) == ("canceled", [], 1)


async def test_an_action_is_marked_before_it_begins(shop: Shop):
    seen: list[str] = []

    @shop.action("m:look")
    async def _look(args: dict[str, Any]) -> None:
        seen.append(await shop.state(job_id))

    job_id = await shop.schedule("m:look")
    await shop.work()
    assert (seen, await shop.state(job_id)) == (["inProgress"], "success")


async def test_an_action_that_throws_is_not_tried_again(shop: Shop):
    @shop.action("m:throw")
    async def _throw(args: dict[str, Any]) -> None:
        raise LearnerError("Uncaught Error: no", code="ProcessEnded")

    job_id = await shop.schedule("m:throw")
    await shop.work()
    await shop.work()
    assert ((await shop.job(job_id)).error, shop.ran) == ("Uncaught Error: no", ["m:throw"])


async def test_an_action_that_we_broke_is_not_tried_again(shop: Shop):
    @shop.action("m:crash")
    async def _crash(args: dict[str, Any]) -> None:
        raise OSError("disk")

    job_id = await shop.schedule("m:crash")
    await shop.work()
    await shop.work()
    assert ((await shop.job(job_id)).error, shop.ran) == ("Transient error while executing action", ["m:crash"])


async def test_a_cancelled_action_keeps_running_and_stays_cancelled(shop: Shop):
    @shop.action("m:slow")
    async def _slow(args: dict[str, Any]) -> None:
        await shop.cancel(job_id)
        shop.ran.append("went on")

    job_id = await shop.schedule("m:slow")
    await shop.work()
    assert (await shop.state(job_id), shop.ran) == ("canceled", ["m:slow", "went on"])


async def test_actions_run_beside_each_other_and_beside_mutations_up_to_a_number(shop: Shop):
    begun, release = [], asyncio.Event()

    @shop.action("m:wait")
    async def _wait(args: dict[str, Any]) -> None:
        begun.append(args["n"])
        await release.wait()

    for n in range(12):
        await shop.schedule("m:wait", {"n": float(n)})
    job_id = await shop.schedule("m:add")
    working = asyncio.create_task(shop.work())
    await until(lambda: shop.state(job_id), "success")
    assert begun == [float(n) for n in range(8)]
    release.set()
    await working
    assert len(begun) == 12


async def test_an_action_runs_beside_many_mutations_that_come_before_it(shop: Shop):
    begun, release = asyncio.Event(), asyncio.Event()

    @shop.mutation("m:wait")
    async def _wait(tx: Any, args: dict[str, Any]) -> None:
        await release.wait()

    @shop.action("m:late")
    async def _late(args: dict[str, Any]) -> None:
        begun.set()

    for _ in range(JOBS_SEEN + 1):
        await shop.schedule("m:wait")
    await shop.schedule("m:late")
    working = asyncio.create_task(shop.work())
    await asyncio.wait_for(begun.wait(), 10)
    release.set()
    await working
    assert len(shop.ran) == JOBS_SEEN + 2


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("gone:f", "Couldn't find JavaScript module 'gone.js'. Did you forget to run `npx convex dev`?"),
        ("m:gone", 'Couldn\'t find "gone" in module "m.js".'),
        (
            "m:query",
            'Unsupported function type. "query" in module "m.js" is defined as a Query. '
            "Only Mutation and Action can be scheduled.",
        ),
    ],
)
async def test_a_job_whose_function_cannot_run_fails_when_its_time_comes(shop: Shop, path: str, text: str):
    shop.host.function("m:query", "query")(None)
    job_id = await shop.schedule(path)
    await shop.work()
    assert (await shop.job(job_id)).error == text


async def test_an_action_that_was_left_in_progress_has_failed(shop: Shop):
    job_id = await shop.schedule("m:act")

    async def start(transaction: Any) -> None:
        await move_job(transaction, await read_job(transaction, job_id), "inProgress")

    await shop.at.change(start, "test")
    await shop.work()
    assert ((await shop.job(job_id)).error, shop.ran) == ("Transient error while executing action", [])


async def test_jobs_are_forgotten_a_week_after_their_end(shop: Shop, clock: FixedClock):
    old = await shop.schedule("m:add")
    await shop.work()
    clock.advance(seconds=WEEK_S - 1)
    young = await shop.schedule("m:add")
    await shop.work()
    assert await shop.job(old) is not None
    clock.advance(seconds=1)
    await shop.work()
    assert (await shop.job(old), await shop.state(young)) == (None, "success")


async def test_only_the_process_with_the_lease_works(store: Store, clock: FixedClock, shop: Shop):
    other_store = await Store.open(store.folder, clock=clock)
    other = Shop(other_store, clock, shop.host)
    release = asyncio.Event()

    @shop.action("m:wait")
    async def _wait(args: dict[str, Any]) -> None:
        await release.wait()

    waiting = await shop.schedule("m:wait")
    working = asyncio.create_task(shop.work())
    await until(lambda: shop.state(waiting), "inProgress")
    job_id = await other.schedule("m:add")
    assert await other.scheduler.look() == 3.0
    assert (await other.state(waiting), await other.state(job_id)) == ("inProgress", "pending")

    clock.advance(seconds=11)  # the first process sleeps through its lease
    other.runner.actions = {}
    await other.work()
    assert (await other.state(waiting), await other.state(job_id)) == ("failed", "success")
    release.set()
    await working
    assert await shop.state(waiting) == "failed"
    await other.scheduler.stop()
    await other_store.close()


async def test_the_loop_works_by_itself_and_gives_the_lease_back(shop: Shop, store: Store):
    shop.scheduler.start()
    jobs = [await shop.schedule("m:add"), await shop.schedule("m:act")]
    for job_id in jobs:
        await until(lambda: shop.state(job_id), "success")  # noqa: B023
    await until(lambda: store.lease_owner("jobs"), None)
