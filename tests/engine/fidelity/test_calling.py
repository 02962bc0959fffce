"""Functions that call functions of their transaction: `ctx.runQuery` and `ctx.runMutation`."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = """
import { internalMutation } from "./_generated/server";
import { makeFunctionReference, createFunctionHandle } from "convex/server";
import { internal } from "./_generated/api";
const m = internal.m as any;

let calls = 0;
export const add = internalMutation({
  args: { text: v.string(), fail: v.optional(v.string()) },
  returns: v.any(),
  handler: async (ctx, { text, fail }) => {
    calls += 1;
    console.log("adding", text);
    const id = await ctx.db.insert("notes" as any, { text });
    if (fail === "plain") throw new Error("no " + text);
    if (fail === "data") throw new ConvexError({ text, big: 1n });
    return { id, calls };
  },
});
export const all = internalQuery(async (ctx) => (await ctx.db.query("notes" as any).collect()).map((note: any) => note.text));
export const list = query(async (ctx) => await ctx.runQuery(m.all, {}));
export const clear = mutation(async (ctx) => {
  for (const note of await ctx.db.query("notes" as any).collect()) await ctx.db.delete(note._id);
});
export const two = mutation(async (ctx) => {
  const one = await ctx.runMutation(m.add, { text: "one" });
  const other = await ctx.runMutation(m.add, { text: "two" });
  return [one.calls, other.calls, await ctx.runQuery(m.all, {})];
});
export const caught = mutation(async (ctx) => {
  await ctx.db.insert("notes" as any, { text: "before" });
  const messages: any[] = [];
  for (const fail of ["plain", "data"]) {
    try {
      await ctx.runMutation(m.add, { text: fail, fail });
    } catch (error: any) {
      messages.push([error instanceof ConvexError, error.data ?? null, error.message.split("\\n")[0]]);
    }
  }
  await ctx.runMutation(m.add, { text: "after" });
  return [messages, await ctx.runQuery(m.all, {})];
});
export const uncaught = mutation(async (ctx) => {
  await ctx.db.insert("notes" as any, { text: "mine" });
  await ctx.runMutation(m.add, { text: "x", fail: "plain" });
});
export const uncaughtData = mutation(async (ctx) => { await ctx.runMutation(m.add, { text: "x", fail: "data" }); });
export const stale = mutation(async (ctx) => {
  await ctx.db.insert("notes" as any, { text: "fresh" });
  return [await ctx.runQuery(m.all, {}), await ctx.runQuery(m.all, {}, { useStaleSnapshot: true } as any)];
});
export const staleLimits = mutation(async (ctx: any) => {
  await ctx.db.insert("notes", { text: "one" });
  const read = async (options: any) => {
    await ctx.runQuery(m.all, {}, options);
    return (await ctx.meta.getTransactionMetrics()).documentsRead.used;
  };
  return [await read({ useStaleSnapshot: true }), await read({})];
});
export const badArgs = mutation(async (ctx) => await ctx.runMutation(m.add, { text: 5 }));
export const gone = mutation(async (ctx) => await ctx.runMutation(m.nothing, {}));
export const wrongKind = mutation(async (ctx) => await ctx.runMutation(m.all, {}));
export const queryMutates = query(async (ctx: any) =>
  await (globalThis as any).Convex.asyncSyscall("1.0/runUdf", JSON.stringify({ udfType: "mutation", name: "m:add", args: { text: "x" } })));
export const queryStale = query(async (ctx: any) =>
  await (globalThis as any).Convex.asyncSyscall("1.0/runUdf", JSON.stringify({ udfType: "snapshotQuery", name: "m:all", args: {} })));
export const wrongReturn = internalMutation({
  args: {}, returns: v.string(),
  handler: async (ctx) => { await ctx.db.insert("notes" as any, { text: "wrong" }); return 1 as any; },
});
export const caughtReturn = mutation(async (ctx) => {
  try { await ctx.runMutation(m.wrongReturn, {}); } catch (error: any) { return error.message.split("\\n")[0]; }
});
export const deeper = internalMutation(async (ctx, { left }: any): Promise<number> =>
  left === 0 ? 0 : 1 + (await ctx.runMutation(m.deeper, { left: left - 1 })));
export const deep = mutation(async (ctx, { left }: any) => await ctx.runMutation(m.deeper, { left }));
export const endless = mutation(async (ctx): Promise<any> => await ctx.runMutation(makeFunctionReference("m:endless") as any, {}));
export const together = mutation(async (ctx) => {
  const added = await Promise.all(["a", "b", "c"].map((text) => ctx.runMutation(m.add, { text })));
  return [added.length, await ctx.runQuery(m.all, {})];
});
export const forgotten = mutation(async (ctx) => { ctx.runMutation(m.add, { text: "forgotten" }); });
export const world = internalQuery(async (ctx) => [Date.now(), Math.random()]);
export const worlds = query(async (ctx) => {
  const [now, first] = await ctx.runQuery(m.world, {});
  const [, second] = await ctx.runQuery(m.world, {});
  return [now === Date.now(), new Set([first, second, Math.random()]).size];
});
export const spin = internalQuery(() => { const end = performance.now() + 1; for (let i = 0; i < 2e7; i += 1); return 1; });
export const slow = query(async (ctx) => { let n = 0; for (let i = 0; i < 3; i += 1) n += await ctx.runQuery(m.spin, {}); return n; });
export const hang = internalQuery(() => { for (;;); });
export const hanging = query(async (ctx) => await ctx.runQuery(m.hang, {}));
export const whoami = internalQuery(async (ctx) => (await ctx.auth.getUserIdentity())?.subject ?? null);
export const who = query(async (ctx) => await ctx.runQuery(m.whoami, {}));
export const timed = query(async (ctx, { how }: any) => {
  const ways: any = {
    now: () => Date.now(), date: () => new Date(), text: () => Date(), format: () => new Intl.DateTimeFormat("en").format(),
    origin: () => performance.timeOrigin, stopwatch: () => performance.now(), given: () => new Date(5), random: () => Math.random(),
    nested: () => ctx.runQuery(m.when, {}),
    throws: () => { throw new Error(`${Date.now()}`); },
  };
  await ways[how]();
});
export const when = internalQuery(() => Date.now());
export const handle = query(async () => await createFunctionHandle(m.add));
export const byHandle = mutation(async (ctx, { handle }: any) => (await ctx.runMutation(handle, { text: "by handle" })).calls);
export const component = mutation(async (ctx) => {
  await (globalThis as any).Convex.asyncSyscall("1.0/runUdf", JSON.stringify({ udfType: "mutation", reference: "_reference/childComponent/workpool/lib/enqueue", args: {} }));
});
export const paged = internalQuery(async (ctx) => (await ctx.db.query("notes" as any).paginate({ numItems: 1, cursor: null })).page.length);
export const pages = query(async (ctx) => [await ctx.runQuery(m.paged, {}), await ctx.runQuery(m.paged, {})]);
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def live(project):
    await project.deploy(CODE)


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def empty(project, live):
    await project.mutation("clear")


async def test_nested_calls_share_the_transaction_and_have_a_module_scope_of_their_own(project):
    assert await project.mutation("two") == [1, 1, ["one", "two"]]
    assert await project.query("list") == ["one", "two"]


async def test_what_a_failed_call_wrote_is_taken_back_and_the_caller_goes_on(project):
    messages, notes = await project.mutation("caught")
    assert messages == [
        [False, None, "Uncaught Error: no plain"],
        [
            True,
            {"text": "data", "big": {"$integer": "AQAAAAAAAAA="}},
            'Uncaught ConvexError: {"text":"data","big":"1n"}',
        ],
    ]
    assert notes == ["before", "after"]
    assert await project.query("list") == notes


async def test_an_error_passes_through_its_callers(project):
    outcome = await project.deployment.run_mutation("m:uncaught", {})
    lines = outcome.error.message.split("\n")
    assert lines[0] == "Uncaught Error: Uncaught Error: no x"
    assert lines[1].startswith("    at handler (../convex/m.ts:")
    assert [line[:28] for line in lines[2:]] == ["", "    at async <anonymous> (..", ""]
    assert outcome.error.message.count("Server Error") == 0
    assert await project.query("list") == []


async def test_the_data_of_an_error_passes_through_its_callers(project):
    outcome = await project.deployment.run_mutation("m:uncaughtData", {})
    assert outcome.error.data == {"text": "x", "big": {"$integer": "AQAAAAAAAAA="}}


async def test_a_stale_snapshot_does_not_show_own_writes(project):
    assert await project.mutation("stale") == [["fresh"], []]


async def test_what_a_stale_snapshot_reads_is_not_read_by_its_caller(project):
    await project.mutation("two")
    assert await project.mutation("staleLimits") == [0, 3]


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("badArgs", "mutation", "Uncaught Error: ArgumentValidationError: Value does not match validator."),
        ("gone", "mutation", "Uncaught Error: Could not find public function for 'm:nothing'."),
        (
            "wrongKind",
            "mutation",
            "Uncaught Error: Trying to execute m.js:all as Mutation, but it is defined as Query.",
        ),
        ("queryMutates", "query", "Cannot call a Mutation function from a Query function"),
        ("queryStale", "query", "Cannot call a SnapshotQuery function from a Query function"),
        ("endless", "mutation", "Cross component call depth limit exceeded. Do you have an infinite loop in your app?"),
        ("component", "mutation", "Components are not available in this sandbox"),
        ("hanging", "query", "Function execution timed out (maximum duration: 1s)"),
    ],
)
async def test_calls_that_cannot_be_made(project, name, kind, text):
    assert text in await project.error(name, kind=kind)


async def test_a_result_that_fails_its_validator_is_an_error_and_is_taken_back(project):
    assert await project.mutation("caughtReturn") == "ReturnsValidationError: Value does not match validator."
    assert await project.query("list") == []


async def test_calls_may_be_eight_deep(project):
    assert await project.mutation("deep", left=7) == 7
    assert "depth limit" in await project.error("deep", kind="mutation", left=8)


async def test_calls_made_together_run_one_after_the_other(project):
    assert await project.mutation("together") == [3, ["a", "b", "c"]]


async def test_log_lines_of_nested_calls_belong_to_the_caller(project):
    outcome = await project.deployment.run_mutation("m:together", {})
    assert outcome.log_lines == ("[LOG] 'adding' 'a'", "[LOG] 'adding' 'b'", "[LOG] 'adding' 'c'")


async def test_a_call_that_was_not_awaited_still_runs(project):
    outcome = await project.deployment.run_mutation("m:forgotten", {})
    assert outcome.note.unawaited == ("runMutation or runQuery",)
    assert await project.query("list") == ["forgotten"]


async def test_nested_calls_see_the_same_clock_and_other_random_numbers(project):
    assert await project.query("worlds") == [True, 3]


async def test_the_time_of_a_nested_call_is_not_its_callers(project):
    assert await project.query("slow") == 3


async def test_reading_the_identity_in_a_nested_call_is_noted(project):
    outcome = await project.deployment.run_query("m:who", {}, identity={"subject": "alice"})
    assert (outcome.value, outcome.identity_was_read) == ("alice", True)


async def test_a_result_that_depends_on_the_time_of_day_says_so(project):
    ways = ("now", "date", "text", "format", "origin", "nested", "throws", "stopwatch", "given", "random")
    outcomes = {how: await project.deployment.run_query("m:timed", {"how": how}) for how in ways}
    assert [how for how, outcome in outcomes.items() if not outcome.time_was_read] == ["stopwatch", "given", "random"]


async def test_a_handle_names_a_function(project):
    handle = await project.query("handle")
    assert handle.startswith("function://")
    assert handle == await project.query("handle")
    assert await project.mutation("byHandle", handle=handle) == 1
    assert "Function handle not found" in await project.error("byHandle", kind="mutation", handle="function://m:add")


async def test_each_nested_call_may_paginate(project):
    await project.mutation("two")
    outcome = await project.deployment.run_query("m:pages", {})
    assert (outcome.value, outcome.journal) == ([1, 1], None)


async def test_what_a_nested_call_read_wakes_the_caller(project):
    watch = await project.deployment.subscribe("m:list", {})
    assert (await anext(watch)).value == []
    await project.mutation("two")
    assert (await anext(watch)).value == ["one", "two"]
    await watch.close()
