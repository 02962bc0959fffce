"""A deployment whose clock is moved: jobs and crons run as if the days had passed, and the order of commits stays."""

from __future__ import annotations

import pytest

from sandbox.engine import Deployment, LearnerError
from sandbox.engine.runtime.pool import close_pools

DAY_MS = 86_400_000
MODULE = """import { internalMutation, internalAction, mutation, query } from "./_generated/server";
import { internal } from "./_generated/api";

export const tick = internalMutation(async (ctx) => { await ctx.db.insert("ticks", { at: Date.now() }); });
export const later = mutation(async (ctx, { ms }: any) => { await ctx.scheduler.runAfter(ms, internal.m.tick); });
export const chain = mutation(async (ctx) => { await ctx.scheduler.runAfter(0, internal.m.pay); });
export const pay = internalAction(async (ctx) => {
  const answer = await fetch("https://practice.test/charges", {
    method: "POST", headers: { "Idempotency-Key": "one" }, body: JSON.stringify({ amount: 5 }),
  });
  if (answer.ok) await ctx.runMutation(internal.m.tick);
  else await ctx.scheduler.runAfter(60_000, internal.m.pay);
});
export const now = mutation(async (ctx) => { await ctx.db.insert("notes", {}); return Date.now(); });
export const ticks = query(async (ctx) => await ctx.db.query("ticks").collect());
export const notes = query(async (ctx) => await ctx.db.query("notes").collect());
"""
CRONS = """import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.daily("tick", { hourUTC: 3, minuteUTC: 0 }, internal.m.tick);
export default crons;
"""


@pytest.fixture
async def deployment(tmp_path, tools):
    deployment = await Deployment.open(tmp_path / "d", tools=tools)
    yield deployment
    await deployment.close()
    await close_pools()


async def deploy(deployment, **files):
    sources = {"m": MODULE} | files
    assert (await deployment.deploy(1, {f"convex/{name}.ts": text for name, text in sources.items()})).ok


async def value(deployment, path, **args):
    outcome = await deployment.run(f"m:{path}", args)
    assert outcome.error is None, outcome.error
    return outcome.value


async def test_a_scheduled_function_runs_when_its_day_comes(deployment):
    await deploy(deployment)
    await value(deployment, "later", ms=3 * DAY_MS)
    await deployment.time.forward(2 * 86_400)
    assert await value(deployment, "ticks") == []
    assert await deployment.time.forward(86_400)
    (tick,) = await value(deployment, "ticks")
    assert tick["at"] >= deployment.clock.now_ns() / 1e6 + 2.9 * DAY_MS


async def test_a_daily_job_runs_once_for_every_day(deployment):
    await deploy(deployment, crons=CRONS)
    assert await deployment.time.forward(30 * 86_400)
    ticks = await value(deployment, "ticks")
    assert len(ticks) == 30
    days = [int(tick["at"] // DAY_MS) for tick in ticks]
    assert days == list(range(days[0], days[0] + 30))
    assert all(abs(tick["_creationTime"] - tick["at"]) < 1_000 for tick in ticks)


async def test_functions_and_documents_see_the_moved_clock(deployment):
    await deploy(deployment)
    before = await value(deployment, "now")
    await deployment.time.forward(10 * 86_400)
    after = await value(deployment, "now")
    assert 10 * DAY_MS <= after - before < 10.01 * DAY_MS
    first, second = await value(deployment, "notes")
    assert second["_creationTime"] - first["_creationTime"] >= 10 * DAY_MS


async def test_commits_keep_the_real_time_and_their_order(deployment):
    await deploy(deployment)
    await deployment.time.forward(10 * 86_400)
    ahead = (await deployment.run("m:now", {})).note.commit_ts
    await deployment.time.back_to_now()
    back = (await deployment.run("m:now", {})).note.commit_ts
    assert ahead < back <= deployment.clock.now_ns()
    assert abs(deployment.time.now_ms - deployment.clock.now_ns() / 1e6) < 1_000


async def test_back_to_now_plans_cron_jobs_from_now_on(deployment):
    await deploy(deployment, crons=CRONS)
    await deployment.time.forward(5 * 86_400)
    await deployment.time.back_to_now()
    next_ms = await deployment.jobs.next_work_ms()
    assert next_ms is not None
    assert 0 < next_ms - deployment.time.now_ms <= DAY_MS
    assert await deployment.time.forward(86_400)
    assert len(await value(deployment, "ticks")) == 6


async def test_settle_waits_for_an_action_and_what_it_calls(deployment):
    await deploy(deployment)
    await value(deployment, "chain")
    assert await deployment.time.settle()
    assert len(await value(deployment, "ticks")) == 1
    (charge,) = deployment.practice.charges
    (call,) = deployment.practice.calls
    assert (charge.key, call.function, bool(call.run_id)) == ("one", "m:pay", True)


async def test_a_retry_comes_when_its_time_does(deployment):
    await deploy(deployment)
    deployment.practice.fail_next(2)
    await value(deployment, "chain")
    assert await deployment.time.settle()
    assert await value(deployment, "ticks") == []
    assert await deployment.time.forward(300)
    assert len(await value(deployment, "ticks")) == 1
    assert [call.status for call in deployment.practice.calls] == [503, 503, 201]
    assert deployment.practice.calls[1].at_ms - deployment.practice.calls[0].at_ms >= 59_000


async def test_the_clock_stays_moved_after_a_restart_and_in_another_process(deployment, tmp_path, tools):
    await deploy(deployment)
    other = await Deployment.open(tmp_path / "d", tools=tools)
    await deployment.time.forward(86_400)
    await other.time.follow()
    assert other.time.offset_ms == deployment.time.offset_ms > 0
    await other.close()
    again = await Deployment.open(tmp_path / "d", tools=tools)
    assert again.time.offset_ms == deployment.time.offset_ms
    await again.close()


async def test_a_function_for_a_later_day_is_due_by_the_real_time_when_the_mark_says(deployment):
    await deploy(deployment)
    await value(deployment, "later", ms=3 * DAY_MS)
    await deployment.time.forward(2 * 86_400)
    assert await deployment.time.settle()
    await deployment.jobs.look()
    assert deployment.jobs.next_job_ms == pytest.approx(deployment.clock.now_ns() / 1e6 + DAY_MS, abs=60_000)


@pytest.mark.parametrize("seconds", [-1, float("nan"), 4_000 * 86_400])
async def test_the_clock_goes_forward_and_not_too_far(deployment, seconds):
    with pytest.raises(LearnerError) as caught:
        await deployment.time.forward(seconds)
    assert caught.value.code == "ClockOutOfReach"
