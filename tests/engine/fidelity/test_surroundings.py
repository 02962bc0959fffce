"""What a function finds around it: metadata, metrics, system tables, the scheduler, pages, environment variables."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

import pytest
import pytest_asyncio

from sandbox.engine.values import decode

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = """
import { internal } from "./_generated/api";
import { internalMutation } from "./_generated/server";
const m = (internal as any).m;

export const name = query(async (ctx: any) => await ctx.meta.getFunctionMetadata());
export const nestedName = query(async (ctx) => await ctx.runQuery(m.innerName, {}));
export const innerName = internalQuery(async (ctx: any) => await ctx.meta.getFunctionMetadata());
export const deployment = query(async (ctx: any) => await ctx.meta.getDeploymentMetadata());
export const request = mutation(async (ctx: any) => await ctx.meta.getRequestMetadata());
export const snapshot = query(async (ctx: any) => [typeof ctx.meta.getSnapshotTs(), ctx.meta.getSnapshotTs()]);
export const metrics = mutation(async (ctx: any) => {
  await ctx.db.insert("notes", { text: "x" });
  await ctx.db.query("notes").collect();
  await ctx.scheduler.runAfter(0, m.later, { n: 1 });
  return await ctx.meta.getTransactionMetrics();
});
export const overdrawn = mutation(async (ctx: any) => {
  try { for (let i = 0; i < 20; i += 1) await ctx.db.insert("notes", { text: "x".repeat(1_000_000) }); } catch {}
  return (await ctx.meta.getTransactionMetrics()).bytesWritten;
});
export const counted = mutation(async (ctx: any) => {
  for (let i = 0; i < 5; i += 1) await ctx.db.insert("counted", { i });
  const before = (await ctx.meta.getTransactionMetrics()).documentsRead.used;
  const used = [];
  for await (const row of ctx.db.query("counted").filter((q: any) => q.neq(q.field("i"), 1))) {
    const { documentsRead, bytesRead } = await ctx.meta.getTransactionMetrics();
    used.push([row.i, documentsRead.used - before, documentsRead.used + documentsRead.remaining, bytesRead.used > 0]);
    if (row.i === 3) break;
  }
  const { documentsRead } = await ctx.meta.getTransactionMetrics();
  return [used, documentsRead.used - before];
});
export const limited = mutation(async (ctx: any) => {
  try { await ctx.runMutation(m.write, { count: 3 }, { transactionLimits: { documentsWritten: 2 } }); }
  catch (error: any) { return [error.message.split("\\n")[0], (await ctx.db.query("many").collect()).length]; }
});
export const write = internalMutation(async (ctx: any, { count }: any) => {
  for (let i = 0; i < count; i += 1) await ctx.db.insert("many", {});
});
export const later = internalMutation(async (ctx: any, { n }: any) => { await ctx.db.insert("done", { n }); });
export const plan = mutation(async (ctx: any) => {
  const id = await ctx.scheduler.runAfter(60_000, m.later, { n: 2 });
  const job = await ctx.db.system.get(id);
  return [job.name, job.args, job.state, job.scheduledTime - Date.now(), (await ctx.db.system.query("_scheduled_functions").collect()).length > 0, ctx.db.system.normalizeId("_scheduled_functions", id) === id];
});
export const cancel = mutation(async (ctx: any) => {
  const id = await ctx.scheduler.runAt(Date.now() + 60_000, m.later, { n: 3 });
  await ctx.scheduler.cancel(id);
  return (await ctx.db.system.get(id)).state.kind;
});
export const takenBack = mutation(async (ctx: any) => {
  const before = (await ctx.db.system.query("_scheduled_functions").collect()).length;
  try { await ctx.runMutation(m.planAndFail, {}); } catch {}
  return (await ctx.db.system.query("_scheduled_functions").collect()).length - before;
});
export const planAndFail = internalMutation(async (ctx: any) => {
  await ctx.scheduler.runAfter(60_000, m.later, { n: 4 });
  throw new Error("no");
});
export const planNothing = mutation(async (ctx: any) => { await ctx.scheduler.runAfter(0, "gone:f" as any, {}); });
export const planNoExport = mutation(async (ctx: any) => { await ctx.scheduler.runAfter(0, "m:gone" as any, {}); });
export const planBadPath = mutation(async (ctx: any) => { await ctx.scheduler.runAfter(0, "m-n:f" as any, {}); });
export const planBadName = mutation(async (ctx: any) => { await ctx.scheduler.runAfter(0, "m:no-name" as any, {}); });
export const callBadPath = query(async (ctx: any) => { await ctx.runQuery("a/../m:f" as any, {}); });
export const cancelNothing = mutation(async (ctx: any) => { await ctx.scheduler.cancel("x" as any); });
export const queryPlans = query(async () =>
  await (globalThis as any).Convex.asyncSyscall("1.0/schedule", JSON.stringify({ name: "m:later", ts: 0, args: {} })));
export const wrongReader = query(async (ctx: any, { id }: any) => await ctx.db.get(id));
export const wrongSystemReader = query(async (ctx: any, { id }: any) => await ctx.db.system.get(id));
export const anId = mutation(async (ctx: any) => [await ctx.db.insert("notes", {}), await ctx.scheduler.runAfter(60_000, m.later, {})]);
export const writeSystem = mutation(async (ctx: any, { id }: any) => { await ctx.db.patch(id, {}); });
export const fill = mutation(async (ctx: any) => { for (let n = 0; n < 10; n += 1) await ctx.db.insert("rows", { n }); });
export const page = query(async (ctx: any, { paginationOpts }: any) => await ctx.db.query("rows").paginate(paginationOpts));
export const twoPages = query(async (ctx: any) => {
  await ctx.db.query("rows").paginate({ numItems: 1, cursor: null });
  await ctx.db.query("rows").paginate({ numItems: 1, cursor: null });
});
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def live(project):
    await project.deploy(CODE)


async def test_metrics_count_what_the_function_took_of_a_query(project):
    seen, after = await project.mutation("counted")
    documents = [[row, count] for row, count, _, _ in seen]
    assert documents == [[0, 1], [2, 3], [3, 4]]
    assert len({limit for _, _, limit, _ in seen}) == 1
    assert all(has_bytes for _, _, _, has_bytes in seen)
    assert after == 4


async def test_a_function_knows_its_name(project):
    own = {"name": "m:name", "componentPath": "", "type": "query", "visibility": "public"}
    assert await project.query("name") == own
    assert await project.query("nestedName") == {**own, "name": "m:innerName", "visibility": "internal"}


async def test_deployment_and_request_have_metadata(project):
    assert set(await project.query("deployment")) == {"name", "region", "class"}
    names = ("authToken", "ip", "requestId", "scheduledFunctionId", "userAgent")
    assert await project.mutation("request") == dict.fromkeys(names)


async def test_a_function_knows_its_snapshot(project):
    outcome = await project.deployment.run_query("m:snapshot", {})
    kind, ts = decode(outcome.value)
    assert (kind, int(ts)) == ("bigint", outcome.ts)


async def test_metrics_count_what_was_used(project):
    metrics = await project.mutation("metrics")
    assert metrics["documentsWritten"] == {"used": 1, "remaining": 15_999}
    assert metrics["documentsRead"]["used"] >= 1
    assert metrics["functionsScheduled"] == {"used": 1, "remaining": 999}
    assert metrics["scheduledFunctionArgsBytes"]["used"] > 0


async def test_metrics_tell_by_how_much_a_limit_was_passed(project):
    written = await project.mutation("overdrawn")
    assert written["used"] > 2**24
    assert written["remaining"] == 2**24 - written["used"]


async def test_a_nested_call_may_get_lower_limits(project):
    message, left = await project.mutation("limited")
    assert "Too many writes in a single function execution (limit: 2)" in message
    assert left == 0


async def test_jobs_are_rows_that_functions_can_read(project):
    name, args, state, delay, found, normal = await project.mutation("plan")
    assert (name, args, state, found, normal) == ("m.js:later", [{"n": 2}], {"kind": "pending"}, True, True)
    assert abs(delay - 60_000) < 1


async def test_a_job_can_be_canceled(project):
    assert await project.mutation("cancel") == "canceled"


async def test_jobs_of_a_failed_call_are_taken_back(project):
    assert await project.mutation("takenBack") == 0


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("planNothing", "mutation", "Attempted to schedule function at nonexistent path: gone.js"),
        (
            "planNoExport",
            "mutation",
            "Attempted to schedule function, but no exported function gone found in the file: m.js. "
            "Did you forget to export it?",
        ),
        (
            "planBadPath",
            "mutation",
            "Uncaught Error: Invalid arguments for `scheduler`: Path component m-n.js can only contain alphanumeric "
            "characters, underscores, or periods.",
        ),
        ("planBadName", "mutation", "Identifier no-name has invalid character '-'"),
        ("callBadPath", "query", "Invalid path component ParentDir in a/../m."),
        ("cancelNothing", "mutation", "Invalid scheduled function ID."),
        ("queryPlans", "query", "A query cannot write to the database."),
        ("twoPages", "query", "This query or mutation function ran multiple paginated queries."),
    ],
)
async def test_what_cannot_be_done_says_why(project, name, kind, text):
    assert text in await project.error(name, kind=kind)


async def test_system_tables_are_read_through_db_system_alone(project):
    note, job = await project.mutation("anId")
    assert "System tables can only be accessed with db.system." in await project.error("wrongReader", id=job)
    assert "User tables cannot be accessed with db.system." in await project.error("wrongSystemReader", id=note)
    assert "System tables" in await project.error("writeSystem", kind="mutation", id=job)


async def test_pages_follow_each_other(project):
    await project.mutation("fill")
    seen, cursor, done = [], None, False
    while not done:
        page = await project.query("page", paginationOpts={"numItems": 4, "cursor": cursor})
        seen.append([row["n"] for row in page["page"]])
        cursor, done = page["continueCursor"], page["isDone"]
    assert [number for rows in seen for number in rows] == list(range(10))
    assert len(seen) >= 3


async def test_a_journal_pins_the_end_of_a_page(project):
    first = await project.deployment.run_query("m:page", {"paginationOpts": {"numItems": 2, "cursor": None}})
    assert first.journal is not None


async def test_a_cursor_of_another_query_is_an_error_with_data(project):
    outcome = await project.deployment.run_query("m:page", {"paginationOpts": {"numItems": 2, "cursor": "nonsense"}})
    assert outcome.error.data == {"isConvexSystemError": True, "paginationError": "InvalidCursor"}
    assert "InvalidCursor" in outcome.error.message
