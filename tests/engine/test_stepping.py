"""Runs that are held before each of their steps: real functions, the real store, in every order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine import (
    AttemptBegan,
    AttemptLost,
    Deployment,
    LearnerError,
    Outcome,
    StepDone,
    StepEvent,
    Stepper,
    StepReached,
    close_pools,
)
from sandbox.engine.runtime.stepping import CRASHED_CODE, ENDED_CODE, HELD_TOO_LONG_CODE, STEPS_TOLD_MAX

CODE = """
import { action, mutation, query } from "./_generated/server";
import { api } from "./_generated/api";
export const seat = mutation(async (ctx, { by }: any) => {
  const trip = await ctx.db.query("trips").first();
  if (trip === null || (trip as any).seats === 0) throw new Error("No seat is left.");
  await ctx.db.patch(trip._id, { seats: (trip as any).seats - 1 });
  await ctx.db.insert("bookings", { by, left: (trip as any).seats - 1 });
});
export const put = mutation(async (ctx, { seats }: any) => { await ctx.db.insert("trips", { seats }); });
export const forget = mutation(async (ctx) => {
  for (const table of ["trips", "bookings"] as any[])
    for await (const row of ctx.db.query(table)) await ctx.db.delete(row._id);
});
export const state = query(async (ctx) => [
  (await ctx.db.query("trips").collect()).map((row: any) => row.seats),
  (await ctx.db.query("bookings").collect()).map((row: any) => [row.by, row.left]),
]);
export const nested = mutation(async (ctx, { by }: any) => { await ctx.runMutation((api as any).m.seat, { by }); });
export const many = mutation(async (ctx) => {
  for (let seats = 0; seats < 205; seats++) await ctx.db.insert("trips", { seats });
});
export const spin = mutation(async (ctx) => { await ctx.db.query("trips").first(); for (;;); });
export const inTurn = action(async (ctx, { by }: any) => {
  await ctx.runMutation((api as any).m.seat, { by });
  await ctx.runMutation((api as any).m.seat, { by: by + " again" });
});
"""


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, tools: Any) -> AsyncIterator[Deployment]:
    deployment = await Deployment.open(tmp_path / "d", tools=tools)
    result = await deployment.deploy(1, {"convex/m.ts": CODE})
    assert result.ok, result.problems
    await deployment.run_mutation("m:put", {"seats": 5})
    yield deployment
    await deployment.close()
    await close_pools()


class Held:
    """One run under way and what it told."""

    def __init__(self, deployment: Deployment, by: str, path: str = "m:seat", **stepper: Any) -> None:
        self.events: list[StepEvent] = []
        self._news = asyncio.Event()
        self.stepper = Stepper(self._hear, **stepper)
        self.task = asyncio.create_task(deployment.run(path, {"by": by}, kind=None, stepper=self.stepper))
        self.task.add_done_callback(lambda _: self._news.set())

    def _hear(self, event: StepEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition() and not self.task.done():
                self._news.clear()
                await self._news.wait()
                await asyncio.sleep(0)  # a step is told just before the run is held

    async def held(self) -> str:
        """The operation before which the run is held, or "" at its end."""
        await self.until(lambda: self.stepper.state == "held")
        return "" if self.task.done() or self.stepper.step is None else self.stepper.step.operation

    async def step(self) -> str:
        self.stepper.let_go()
        return await self.held()

    async def to_end(self) -> Outcome:
        self.stepper.run_on()
        return await self.task

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def error_code(outcome: Outcome) -> str | None:
    return None if outcome.error is None else outcome.error.code


async def state(deployment: Deployment) -> Any:
    return (await deployment.run_query("m:state", {})).value


async def test_a_run_is_held_before_each_step_and_nobody_sees_it_before_its_commit(deployment: Deployment):
    run = Held(deployment, "alice")
    seen = [await run.held()]
    while (operation := await run.step()) != "":
        seen.append(operation)
        assert await state(deployment) == [[5.0], []]
        if operation == "commit":
            break
    assert seen == ["db.query", "db.patch", "db.insert", "commit"]
    assert (await run.to_end()).ok
    assert await state(deployment) == [[4.0], [["alice", 4.0]]]


async def test_each_step_tells_what_it_read_and_wrote(deployment: Deployment):
    run = Held(deployment, "alice")
    await run.to_end()
    (began,) = run.of(AttemptBegan)
    read, patched, inserted = run.of(StepDone)
    assert began.snapshot_ts > 0
    assert [event.step.operation for event in run.of(StepReached)] == ["db.query", "db.patch", "db.insert", "commit"]
    lines = [(event.step.file, event.step.line) for event in run.of(StepReached)]
    assert lines == [("convex/m.ts", 5), ("convex/m.ts", 7), ("convex/m.ts", 8), ("", 0)]
    assert [(note.table, note.documents) for note in read.reads] == [("trips", 1)]
    assert len(read.values) == 1
    assert [(note.table, note.before["seats"], note.after["seats"]) for note in patched.writes] == [("trips", 5, 4)]
    assert [(note.table, note.before, note.after["by"]) for note in inserted.writes] == [("bookings", None, "alice")]


async def test_the_second_of_two_is_told_of_the_conflict_and_reads_again_from_the_start(deployment: Deployment):
    alice, bob = Held(deployment, "alice"), Held(deployment, "bob")
    for run in (alice, bob):
        await run.held()
        await run.step()
    await alice.to_end()
    while await bob.step() != "db.query":
        pass
    (lost,) = bob.of(AttemptLost)
    assert (lost.conflict.table, lost.conflict.by) == ("trips", "m:seat")
    assert bob.stepper.attempt == 2
    outcome = await bob.to_end()
    assert (outcome.ok, outcome.note.retries) == (True, 1)
    assert await state(deployment) == [[3.0], [["alice", 4.0], ["bob", 3.0]]]


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_of_steps_gives_what_one_after_the_other_gives(deployment: Deployment, seed: int):
    """Two seats for three: whoever comes last is refused, and no seat is sold twice."""
    await deployment.run_mutation("m:forget", {})
    await deployment.run_mutation("m:put", {"seats": 2})
    order = random.Random(seed)
    runs = [Held(deployment, name) for name in ("alice", "bob")]
    for run in runs:
        await run.held()
    third = asyncio.create_task(deployment.run_mutation("m:seat", {"by": "carol"}))
    while waiting := [run for run in runs if not run.task.done()]:
        await order.choice(waiting).step()
    outcomes = [await third, *[run.task.result() for run in runs]]
    assert sum(outcome.ok for outcome in outcomes) == 2
    (seats,), booked = await state(deployment)
    assert seats == 0.0
    assert [left for _, left in booked] == [1.0, 0.0]
    assert len({by for by, _ in booked}) == 2


@pytest.mark.parametrize("path", ["m:seat", "m:nested"])
async def test_a_crash_at_any_step_leaves_no_trace(deployment: Deployment, path: str):
    at = 0
    while True:
        at += 1
        stepper = Stepper.crashing_at(at)
        outcome = await deployment.run_mutation(path, {"by": "alice"}, stepper=stepper)
        if not stepper.crashed:
            break
        assert error_code(outcome) == CRASHED_CODE
        assert await state(deployment) == [[5.0], []]
    assert at == (4 if path == "m:seat" else 5)
    assert outcome.ok
    assert await state(deployment) == [[4.0], [["alice", 4.0]]]


async def test_a_crash_before_the_commit_leaves_no_trace(deployment: Deployment):
    run = Held(deployment, "alice")
    await run.held()
    while await run.step() != "commit":
        pass
    run.stepper.crash()
    outcome = await run.task
    assert error_code(outcome) == CRASHED_CODE
    assert await state(deployment) == [[5.0], []]


async def test_an_action_that_crashes_between_its_calls_leaves_the_first_one(deployment: Deployment):
    stepper = Stepper.crashing_at(2)
    outcome = await deployment.run("m:inTurn", {"by": "alice"}, stepper=stepper)
    assert (outcome.ok, stepper.crashed) == (False, True)
    assert await state(deployment) == [[4.0], [["alice", 4.0]]]
    assert (await deployment.run("m:inTurn", {"by": "bob"})).ok


async def test_held_runs_are_in_nobodys_way(deployment: Deployment):
    """Two are held; calls, live queries and a deploy go on, and the deploy ends them."""
    runs = [Held(deployment, name) for name in ("alice", "bob")]
    for run in runs:
        await run.held()
    async with asyncio.timeout(30):
        for name in ("carol", "dipa"):
            assert (await deployment.run_mutation("m:seat", {"by": name})).ok
        assert (await deployment.run_query("m:state", {})).value[0] == [3.0]
        assert (await deployment.deploy(2, {"convex/m.ts": CODE + "\n// changed"})).ok
        outcomes = [await run.task for run in runs]
    assert [outcome.error.code for outcome in outcomes if outcome.error] == [ENDED_CODE] * 2
    assert (await state(deployment))[0] == [3.0]


async def test_a_third_held_run_is_refused(deployment: Deployment):
    runs = [Held(deployment, name) for name in ("alice", "bob")]
    for run in runs:
        await run.held()
    with pytest.raises(LearnerError, match="2 runs are held"):
        await deployment.run_mutation("m:seat", {"by": "carol"}, stepper=Stepper())
    assert (await deployment.run_mutation("m:seat", {"by": "carol"}, stepper=Stepper.crashing_at(99))).ok
    await runs[0].to_end()
    assert await Held(deployment, "dipa").held() == "db.query"


async def test_a_run_that_is_held_too_long_ends_by_itself(deployment: Deployment):
    run = Held(deployment, "alice", seconds_max=0.01)
    outcome = await run.task
    assert error_code(outcome) == HELD_TOO_LONG_CODE
    assert await state(deployment) == [[5.0], []]


async def test_a_long_loop_is_not_held_to_its_end(deployment: Deployment):
    run = Held(deployment, "alice", path="m:many")
    async with asyncio.timeout(60):
        while await run.step() != "":
            pass
    outcome = await run.task
    assert (error_code(outcome), len(outcome.note.writes)) == (None, 205)
    assert len(run.of(StepReached)) == STEPS_TOLD_MAX


async def test_the_function_itself_still_has_its_deadline(deployment: Deployment):
    run = Held(deployment, "alice", path="m:spin")
    await run.held()
    run.stepper.let_go()
    outcome = await run.task
    assert error_code(outcome) == "FunctionTimedOut"
    assert run.stepper.held_seconds < 30


async def test_a_deployment_that_closes_ends_what_it_holds(deployment: Deployment):
    run = Held(deployment, "alice")
    await run.held()
    await deployment.close()
    outcome = await run.task
    assert error_code(outcome) == ENDED_CODE
