"""A real project with a scheduler and crons, from deploy to run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine import Deployment
from sandbox.engine.runtime.pool import close_pools

from .conftest import until

MODULE = """import { action, internalAction, internalMutation, mutation, query } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";

export const note = internalMutation({
  args: { text: v.string() },
  handler: async (ctx, { text }) => {
    const me = await ctx.db.system.query("_scheduled_functions").collect();
    await ctx.db.insert("notes", { text, seen: me.map((job) => job.state.kind) });
  },
});
export const later = mutation(async (ctx, { text }: any) => {
  return await ctx.scheduler.runAfter(0, internal.m.note, { text });
});
export const muchLater = mutation(async (ctx) => ctx.scheduler.runAfter(60_000, internal.m.note, { text: "late" }));
export const cancel = mutation(async (ctx, { id }: any) => ctx.scheduler.cancel(id));
export const both = mutation(async (ctx) => {
  await ctx.scheduler.runAfter(0, internal.m.act, {});
  throw new Error("no");
});
export const act = internalAction(async (ctx) => {
  await ctx.runMutation(internal.m.note, { text: "from an action" });
  await ctx.scheduler.runAfter(0, internal.m.note, { text: "scheduled by an action" });
});
export const start = action(async (ctx) => ctx.scheduler.runAfter(0, internal.m.act));
export const badArgs = mutation(async (ctx) => ctx.scheduler.runAfter(0, internal.m.note as any, { wrong: 1 }));
export const missing = mutation(async (ctx) => ctx.scheduler.runAfter(0, "m:nope" as any));
export const jobs = query(async (ctx) => await ctx.db.system.query("_scheduled_functions").collect());
export const job = query(async (ctx, { id }: any) => await ctx.db.system.get(id));
export const notes = query(async (ctx) => (await ctx.db.query("notes").collect()).map((note) => note.text));
export const tick = internalMutation(async (ctx, { n }: any) => { await ctx.db.insert("ticks", { n }); });
export const ticks = query(async (ctx) => (await ctx.db.query("ticks").collect()).length);
"""
CRONS = """import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.interval("tick", { hours: 1 }, internal.m.tick, { n: 1 });
export default crons;
"""


@pytest.fixture
async def deployment(tmp_path: Path, tools):
    deployment = await Deployment.open(tmp_path / "d", tools=tools)
    yield deployment
    await deployment.close()
    await close_pools()


async def deploy(deployment: Deployment, **more: str):
    return await deployment.deploy(
        1, {"convex/m.ts": MODULE} | {f"convex/{name}.ts": text for name, text in more.items()}
    )


async def value(deployment: Deployment, path: str, **args: Any) -> Any:
    outcome = await deployment.run(f"m:{path}", args)
    assert outcome.error is None, outcome.error
    return outcome.value


async def watched(deployment: Deployment, path: str, wanted: Any) -> None:
    """Waits until a live query shows it: whatever a job does reaches clients."""
    watch = await deployment.subscribe(f"m:{path}", {})
    async with asyncio.timeout(20):
        async for emission in watch:
            if emission.value == wanted:
                break
    await watch.close()


async def test_a_scheduled_mutation_runs_after_its_commit_and_clients_see_it(deployment: Deployment):
    assert (await deploy(deployment)).ok
    job_id = await value(deployment, "later", text="hello")
    await watched(deployment, "notes", ["hello"])
    job = await value(deployment, "job", id=job_id)
    assert (job["name"], job["args"], job["state"]) == ("m.js:note", [{"text": "hello"}], {"kind": "success"})
    page = await deployment.store.table_page("notes", index=None, order="asc", limit=9, after=None)
    assert b'"seen":["inProgress"]' in page.rows[0]


async def test_an_action_runs_and_what_it_schedules_too(deployment: Deployment):
    await deploy(deployment)
    await value(deployment, "start")
    await watched(deployment, "notes", ["from an action", "scheduled by an action"])


async def test_a_mutation_that_throws_has_scheduled_nothing(deployment: Deployment):
    await deploy(deployment)
    assert (await deployment.run("m:both", {})).error is not None
    assert await value(deployment, "jobs") == []


async def test_a_job_can_be_cancelled(deployment: Deployment):
    await deploy(deployment)
    job_id = await value(deployment, "muchLater")
    await value(deployment, "cancel", id=job_id)
    assert (await value(deployment, "job", id=job_id))["state"] == {"kind": "canceled"}


async def test_arguments_are_looked_at_when_the_job_runs(deployment: Deployment):
    await deploy(deployment)
    job_id = await value(deployment, "badArgs")

    async def kind() -> str:
        return (await value(deployment, "job", id=job_id))["state"]["kind"]

    await until(kind, "failed")
    state = (await value(deployment, "job", id=job_id))["state"]
    assert state["error"].startswith("ArgumentValidationError: Object is missing the required field `text`.")


async def test_a_missing_function_is_refused_when_it_is_scheduled(deployment: Deployment):
    await deploy(deployment)
    outcome = await deployment.run("m:missing", {})
    assert "no exported function nope found in the file: m.js. Did you forget to export it?" in outcome.error.message


async def test_cron_jobs_run_from_the_deploy_on(deployment: Deployment):
    assert (await deploy(deployment, crons=CRONS)).ok
    await watched(deployment, "ticks", 1.0)


async def test_bad_crons_leave_the_live_code_as_it_is(deployment: Deployment):
    assert (await deploy(deployment)).ok
    result = await deploy(deployment, crons=CRONS.replace("internal.m.tick", '"m:nope"'))
    (problem,) = result.problems
    assert (problem.file, problem.line, problem.column) == ("convex/crons.ts", 4, 16)
    assert problem.message == "The cron job 'tick' schedules a function that does not exist: m.js:nope"
    assert await value(deployment, "notes") == []


async def test_jobs_and_crons_survive_a_restart(deployment: Deployment, tools):
    await deploy(deployment, crons=CRONS)
    await watched(deployment, "ticks", 1.0)
    job_id = await value(deployment, "muchLater")
    await deployment.close()
    again = await Deployment.open(deployment.folder, tools=tools)
    try:
        job = await value(again, "job", id=job_id)

        async def plan() -> int:
            return int(again.jobs.next_job_ms or 0)

        await until(plan, int(job["scheduledTime"]))
        assert again.jobs.has_crons
        assert job["state"] == {"kind": "pending"}
        assert again.folder.joinpath("jobs.due").read_text() == str(int(job["scheduledTime"]))
        assert await value(again, "ticks") == 1.0
    finally:
        await again.close()
