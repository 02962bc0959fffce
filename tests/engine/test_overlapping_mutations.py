"""Mutations of one deployment that overlap in its two JavaScript processes: conflicts, retries, and no lost update."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine import Deployment, close_pools
from sandbox.engine.errors import CONFLICT_CODE
from sandbox.engine.runtime.host import JsHost
from sandbox.engine.trace import RunNote
from tests.engine.sync.fakes import Client

# What an instructor may show: a mutation that computes between reading and writing.
CODE = """
import { mutation, query } from "./_generated/server";
export const add = mutation(async (ctx, { name, rounds }: any) => {
  const counter = await ctx.db.query("counters").filter((q) => q.eq(q.field("name"), name)).unique();
  let sum = 0;
  for (let i = 0; i < rounds; i++) sum += Math.sqrt(i);
  if (counter === null) await ctx.db.insert("counters", { name, count: 1 });
  else await ctx.db.patch(counter._id, { count: (counter as any).count + 1 });
  return sum >= 0;
});
export const compute = query(async (_, { rounds }: any) => {
  let sum = 0;
  for (let i = 0; i < rounds; i++) sum += Math.sqrt(i);
  return sum >= 0;
});
export const count = query(async (ctx) => (await ctx.db.query("counters").collect()).map((row: any) => row.count));
"""
SLOW = 50_000_000  # a quarter of a second
QUICK = 3_000_000


class Overlaps:
    """How many calls run in JavaScript processes at a time, at most."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.most = 0
        call = JsHost.call

        async def counted(host: JsHost, *args: Any) -> Any:
            self.now += 1
            self.most = max(self.most, self.now)
            try:
                return await call(host, *args)
            finally:
                self.now -= 1

        monkeypatch.setattr(JsHost, "call", counted)


async def two_processes(deployment: Deployment, overlaps: Overlaps) -> None:
    """Returns when the deployment has borrowed its second process."""
    async with asyncio.timeout(60):
        while overlaps.most < 2:
            await asyncio.gather(*(deployment.run_query("m:compute", {"rounds": SLOW}) for _ in range(2)))
    overlaps.most = 0


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, tools: Any) -> AsyncIterator[Deployment]:
    deployment = await Deployment.open(tmp_path / "d", tools=tools)
    result = await deployment.deploy(1, {"convex/m.ts": CODE})
    assert result.ok, result.problems
    yield deployment
    await deployment.close()
    await close_pools()


async def test_of_two_that_overlap_on_one_row_one_runs_again_and_says_so(deployment: Deployment, monkeypatch):
    overlaps = Overlaps(monkeypatch)
    await two_processes(deployment, overlaps)
    notes: list[Any] = []
    deployment.add_listener(notes.append)
    calls = [deployment.run_mutation("m:add", {"name": "one", "rounds": SLOW}) for _ in range(2)]
    outcomes = await asyncio.gather(*calls)
    assert [outcome.value for outcome in outcomes] == [True, True]
    assert overlaps.most == 2
    first, again = sorted((note for note in notes if isinstance(note, RunNote)), key=lambda note: note.retries)
    assert (first.retries, first.cause.kind) == (0, "call")
    assert (again.retries, again.cause.kind) == (1, "retry")
    assert first.snapshot_ts < first.commit_ts <= again.snapshot_ts < again.commit_ts
    assert (await deployment.run_query("m:count", {})).value == [2.0]


async def test_two_that_overlap_on_different_rows_do_not_wait_for_each_other(deployment: Deployment, monkeypatch):
    """Both scan the table, which is what makes them conflict; by an index they would not."""
    by_name = '.withIndex("by_name", (q) => q.eq("name", name))'
    indexed = CODE.replace('.filter((q) => q.eq(q.field("name"), name))', by_name)
    schema = """import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  counters: defineTable({ name: v.string(), count: v.number() }).index("by_name", ["name"]),
});
"""
    assert (await deployment.deploy(2, {"convex/m.ts": indexed, "convex/schema.ts": schema})).ok
    overlaps = Overlaps(monkeypatch)
    await two_processes(deployment, overlaps)
    calls = [deployment.run_mutation("m:add", {"name": name, "rounds": SLOW}) for name in ("one", "two")]
    outcomes = await asyncio.gather(*calls)
    assert (overlaps.most, [outcome.note.retries for outcome in outcomes]) == (2, [0, 0])
    assert (await deployment.run_query("m:count", {})).value == [1.0, 1.0]


async def test_a_counter_hammered_by_twenty_clients_loses_no_update(deployment: Deployment, monkeypatch):
    overlaps = Overlaps(monkeypatch)
    notes: list[Any] = []
    deployment.add_listener(notes.append)
    succeeded = await asyncio.gather(*(_hammer(deployment, str(number), 4) for number in range(20)))
    runs = [note for note in notes if isinstance(note, RunNote) and note.kind == "mutation"]
    assert overlaps.most == 2
    assert any(note.retries for note in runs)
    assert (await deployment.run_query("m:count", {})).value == [float(sum(succeeded))]
    assert sum(note.commit_ts is not None for note in runs) == sum(succeeded)


async def _hammer(deployment: Deployment, session_id: str, times: int) -> int:
    """One after the other, as a client over a socket does; one that lost all its tries is asked for again."""
    answered = 0
    while answered < times:
        answered += await _connection(deployment, session_id, answered, times)
    return answered


async def _connection(deployment: Deployment, session_id: str, begin: int, end: int) -> int:
    """How many requests were answered before the server sent the client round again."""
    client = Client(deployment, session_id)
    await client.connect()
    for request in range(begin, end):
        args = [{"name": "one", "rounds": QUICK}]
        await client.say("Mutation", requestId=request, udfPath="m:add", args=args)
    await client.wait(lambda: client.closed or len(client.of_type("MutationResponse")) == end - begin, 60)
    responses = client.of_type("MutationResponse")
    assert all(response["success"] for response in responses), responses
    assert len(responses) == end - begin or client.closed == (1013, CONFLICT_CODE)
    await client.session.disconnect()
    return len(responses)
