"""The words of checks, on a real fork: real compiler, real JS process, real store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lessons import findings
from lessons.clients import Answer, Planned
from lessons.fork import Fork, closing
from lessons.refusals import CallRefused
from lessons.verdict import NotYet, Place
from sandbox.engine import Deployment, Toolchain, close_pools

SCHEMA = """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  seats: defineTable({ left: v.number(), by: v.optional(v.string()) }).index("by_left", ["left"]),
  notes: defineTable(v.any()),
});
"""
CODE = """
import { v } from "convex/values";
import { action, internalMutation, mutation, query } from "./_generated/server";
import { api, internal } from "./_generated/api";
export const who = query({ args: {}, handler: async (ctx) => (await ctx.auth.getUserIdentity())?.subject ?? null });
export const list = query({ args: {}, handler: async (ctx) => await ctx.db.query("seats").collect() });
export const left = query({
  args: { left: v.number() },
  handler: async (ctx, { left }) =>
    await ctx.db.query("seats").withIndex("by_left", (q) => q.eq("left", left)).collect(),
});
export const count = query({ args: {}, handler: async (ctx) => (await ctx.db.query("seats").collect()).length });
export const put = mutation({
  args: { left: v.number() },
  handler: async (ctx, args) => await ctx.db.insert("seats", args),
});
export const take = mutation({
  args: { id: v.id("seats") },
  handler: async (ctx, { id }) => {
    const seat = await ctx.db.get(id);
    if (seat === null || seat.left === 0) throw new Error("No seat is left.");
    await ctx.db.patch(id, { left: seat.left - 1 });
  },
});
export const set = mutation({
  args: { id: v.id("seats"), left: v.number() },
  handler: async (ctx, { id, left }) => { await ctx.db.patch(id, { left }); },
});
export const get = query({ args: { id: v.id("seats") }, handler: async (ctx, { id }) => await ctx.db.get(id) });
export const takeInTwo = action({
  args: { id: v.id("seats") },
  handler: async (ctx, { id }): Promise<void> => {
    const seat = await ctx.runQuery((api as any).m.get, { id });
    await ctx.runMutation((api as any).m.set, { id, left: seat.left - 1 });
  },
});
export const later = mutation({
  args: { ms: v.number() },
  handler: async (ctx, { ms }) => { await ctx.scheduler.runAfter(ms, (internal as any).m.note, {}); },
});
export const note = internalMutation({
  args: {},
  handler: async (ctx) => { await ctx.db.insert("notes", { at: Date.now() }); },
});
export const pay = action({
  args: {},
  handler: async () => (await fetch("https://practice.test/charges", {
    method: "POST", body: JSON.stringify({ amount: 5 }) })).status,
});
"""
FINDINGS = {
    "low": findings.Finding("low", "Called `{name}`.", "It gave {value}.", "More.", "essential", "some-idea"),
    "tip": findings.Finding("tip", "Looked.", "Fine.", "Finer.", "informative", ""),
    "passed-1": findings.Finding("passed-1", "Called.", "All held.", "That.", "essential", ""),
}


@pytest_asyncio.fixture
async def fork(tmp_path: Path, tools: Toolchain) -> AsyncIterator[Fork]:
    deployment = await Deployment.open(tmp_path / "fork", tools=tools)
    files = {"convex/schema.ts": SCHEMA, "convex/m.ts": CODE}
    deployed = await deployment.deploy(1, files)
    assert deployed.ok, deployed.problems
    async with closing(Fork(deployment, tools=tools, files=files, findings=FINDINGS, seed=7)) as fork:
        yield fork
    await deployment.close()
    await close_pools()


async def test_clients_are_who_they_are(fork: Fork) -> None:
    people = [fork.alice, fork.bob, fork.person("carol"), fork.nobody]
    assert [await client.query("m:who") for client in people] == ["alice", "bob", "carol", None]


async def test_a_refused_call_raises_or_is_an_answer(fork: Fork) -> None:
    (seat,) = [await fork.alice.mutate("m:put", {"left": 0})]
    with pytest.raises(CallRefused) as caught:
        await fork.alice.mutate("m:take", {"id": seat})
    assert caught.value.first_line == "Uncaught Error: No seat is left."
    answer = await fork.alice.try_mutate("m:take", {"id": seat})
    assert not answer.ok
    assert answer.refused is not None
    assert fork.place_of(answer.refused) == Place("convex/m.ts", 21, 49)


async def test_a_measured_call_tells_what_it_read_and_wrote(fork: Fork) -> None:
    await fork.insert("seats", [{"left": number} for number in range(20)])
    ranged, scanned = await fork.alice.measure("m:left", {"left": 3}), await fork.alice.measure("m:list")
    assert (ranged.documents, ranged.reads[0].index) == (1, "by_left")
    assert (scanned.documents, scanned.reads[0].index) == (20, None)
    written = await fork.alice.measure("m:put", {"left": 1})
    assert written.writes[0].after is not None
    assert written.writes[0].after["left"] == 1


async def test_emissions_and_runs_are_final_after_settle(fork: Fork) -> None:
    live, count = await fork.alice.subscribe("m:left", {"left": 1}), await fork.bob.subscribe("m:count")
    seat = await fork.alice.mutate("m:put", {"left": 2})  # outside of the range: it is not woken
    await fork.settle()
    assert (live.emissions, live.runs) == ([[]], 1)
    assert (count.emissions, count.runs) == ([0, 1], 2)
    await fork.bob.mutate("m:set", {"id": seat, "left": 1})  # the count runs again, and is as before
    await fork.settle()
    assert ([len(value) for value in live.emissions], live.runs) == ([0, 1], 2)
    assert (count.emissions, count.runs) == ([0, 1], 3)


async def test_what_never_comes_is_not_waited_for(fork: Fork) -> None:
    live = await fork.alice.subscribe("m:list")
    assert not await live.wait_until(lambda value: len(value) == 1)
    await fork.alice.mutate("m:put", {"left": 2})
    assert await live.wait_until(lambda value: len(value) == 1)


async def test_a_live_query_sees_what_was_scheduled(fork: Fork) -> None:
    await fork.alice.mutate("m:later", {"ms": 0})
    assert await fork.finish_scheduled()
    assert len(await fork.rows("notes")) == 1


async def test_the_clock_goes_forward_and_scheduled_functions_run(fork: Fork) -> None:
    before = fork.now_ms
    await fork.alice.mutate("m:later", {"ms": 3_600_000})
    assert await fork.rows("notes") == {}
    assert await fork.forward(days=1)
    (note,) = (await fork.rows("notes")).values()
    assert 3_600_000 <= note["at"] - before < 3_660_000
    assert fork.now_ms - before >= 86_400_000


async def test_the_practice_service_is_the_forks_own(fork: Fork) -> None:
    fork.practice.fail_next(1)
    assert [await fork.alice.act("m:pay") for _ in range(2)] == [503, 201]
    assert len(fork.practice.charges) == 1
    assert len(fork.practice.calls) == 2


async def test_a_crash_leaves_nothing_of_a_mutation_and_a_half_of_an_action(fork: Fork) -> None:
    seat = await fork.alice.mutate("m:put", {"left": 5})
    assert await fork.alice.crash("m:take", {"id": seat}, at=2)
    assert (await fork.rows("seats"))[seat]["left"] == 5
    assert not await fork.alice.crash("m:take", {"id": seat}, at=9)
    assert (await fork.rows("seats"))[seat]["left"] == 4


async def test_calls_at_the_same_moment_are_all_answered(fork: Fork) -> None:
    seat = await fork.alice.mutate("m:put", {"left": 3})
    answers = await fork.together([client.call("m:take", {"id": seat}) for client in (fork.alice, fork.bob) * 3])
    assert sum(answer.ok for answer in answers) == 3
    assert (await fork.rows("seats"))[seat]["left"] == 0


@pytest.mark.parametrize(("path", "breaks"), [("m:takeInTwo", True), ("m:take", False)])
async def test_an_order_that_breaks_a_promise_is_found_and_made_small(fork: Fork, path: str, breaks: bool) -> None:
    seats: list[str] = []

    async def prepare() -> Sequence[Planned]:
        seats.append(await fork.alice.mutate("m:put", {"left": 2}))
        return [fork.alice.call(path, {"id": seats[-1]}), fork.bob.call(path, {"id": seats[-1]})]

    async def holds(answers: Sequence[Answer]) -> bool:
        return bool((await fork.rows("seats"))[seats[-1]]["left"] == 0)

    broken = await fork.interleave(prepare, holds, rounds=4)
    assert (broken is not None) == breaks
    if broken is not None:
        assert broken.schedule == "alice 1 step, then bob 2 steps, then alice 1 step"


async def test_the_schema_tells_fields_and_indexes(fork: Fork) -> None:
    seats = fork.schema.tables["seats"]
    assert seats.fields["left"].accepts("number")
    assert not seats.fields["left"].accepts("string")
    assert (seats.fields["by"].optional, seats.index_on("left"), seats.index_on("by")) == (True, "by_left", None)
    assert fork.schema.tables["notes"].is_loose


async def test_a_deploy_may_be_tried(fork: Fork) -> None:
    problems = await fork.try_deploy({"convex/m.ts": "export const = 1;"})
    assert problems[0].file == "convex/m.ts"
    assert await fork.try_deploy({"convex/schema.ts": SCHEMA.replace("notes", "remarks"), "convex/m.ts": CODE}) == ()
    assert "remarks" in fork.schema.tables


async def test_types_are_those_of_typescript(fork: Fork) -> None:
    assert await fork.types() == ()
    fork.files = {**fork.files, "src/App.tsx": 'import { api } from "../convex/_generated/api";\napi.m.nothing;\n'}
    (problem,) = await fork.types()
    assert (problem.file, problem.line) == ("src/App.tsx", 2)


async def test_findings_are_filled_and_placed(fork: Fork) -> None:
    fork.expect(True, "low", name="x", value=1)
    with pytest.raises(NotYet) as caught:
        fork.expect(False, "low", look_at="m:who", name="who", value="word " * 40)
    verdict = caught.value.verdict
    assert (verdict.finding, verdict.misconception, verdict.did) == ("low", "some-idea", "Called `who`.")
    assert len(verdict.happened.split()) <= 20
    assert verdict.look_at == Place("convex/m.ts", 5, 1)
    fork.advise("tip")
    assert [advice.finding for advice in fork.advice] == ["tip"]
    assert fork.passed("passed-1").passed


async def test_a_finding_without_its_words_or_values_is_the_authors_fault(fork: Fork) -> None:
    with pytest.raises(LookupError, match="no finding"):
        fork.fail("unknown")
    with pytest.raises(LookupError, match="wants"):
        fork.fail("low", name="x")


async def test_evidence_names_rows_by_their_order(fork: Fork) -> None:
    seat = await fork.alice.mutate("m:put", {"left": 2})
    await fork.bob.try_mutate("m:take", {"id": seat})
    last: Any = fork.evidence[-1].about
    assert (last["who"], last["args"], last["refused"]) == ("bob", {"id": {"$row": ["seats", 0]}}, False)
    assert last["writes"][0]["before"]["left"] == 2
    assert fork.evidence[-1].line.startswith("bob: take(")


async def test_functions_whose_names_are_fixed_are_looked_for(fork: Fork) -> None:
    fork.expect_function("m:who", "query")
    shared = findings.findings(findings.CONTENT)
    fork._findings = shared
    for path, kind, finding in [("m:gone", "query", "function-missing"), ("m:note", "mutation", "function-other-kind")]:
        with pytest.raises(NotYet) as caught:
            fork.expect_function(path, kind)
        assert caught.value.verdict.finding == finding
