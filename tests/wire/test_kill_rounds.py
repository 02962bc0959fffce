"""kill -9 under load: two servers on one data folder and their JavaScript processes, again and again.

What was acknowledged is there exactly once, nothing is there by half, indexes are what the documents say, scheduled
functions ran once, and clients that lost their server come back and see the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sandbox.gateway import processes
from tests.conftest import free_port
from tests.engine.store.invariants import documents_of
from tests.gateway.test_host import write
from tests.wire.stubborn_client import StubbornClient
from tests.wire.test_two_servers import Server

CLIENTS = 4
PATIENCE_S = 120
SCHEMA = """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  entries: defineTable({ client: v.string(), n: v.number(), place: v.number() }).index("by_place", ["place"]),
  notes: defineTable({ client: v.string(), n: v.number() }).index("by_n", ["n"]),
  totals: defineTable({ client: v.string(), count: v.number() }).index("by_client", ["client"]),
});
"""
CODE = """
import { internalMutation, mutation, query } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
const entry = { client: v.string(), n: v.number() };
async function count(ctx, client) {
  const total = await ctx.db.query("totals").withIndex("by_client", (q) => q.eq("client", client)).unique();
  if (total === null) await ctx.db.insert("totals", { client, count: 1 });
  else await ctx.db.patch(total._id, { count: total.count + 1 });
  return total === null ? 1 : total.count + 1;
}
export const write = mutation({ args: entry, handler: async (ctx, { client, n }) => {
  const place = await count(ctx, "all");
  await ctx.db.insert("entries", { client, n, place });
  if (n % 5 === 0) await ctx.scheduler.runAfter(0, internal.m.note, { client, n });
  await count(ctx, client);
  return n;
} });
export const note = internalMutation({ args: entry, handler: async (ctx, row) => {
  await ctx.db.insert("notes", row);
  await count(ctx, "notes");
} });
export const state = query({ args: {}, handler: async (ctx) => {
  const rows = await ctx.db.query("totals").collect();
  const totals = Object.fromEntries(rows.map(({ client, count }) => [client, count]));
  const { all = 0, notes = 0 } = totals;
  delete totals.all;
  delete totals.notes;
  const newest = await ctx.db.query("entries").withIndex("by_place").order("desc").first();
  return { all, notes, totals, newest: newest?.place ?? 0 };
} });
"""


class Pair:
    """Two `host`s of one project on one data folder, with clients at work."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.data = folder / "data"
        self.ports = [(free_port(), free_port()) for _ in range(2)]
        self.kills: Counter[str] = Counter()
        self._folder = folder
        self._project = write(folder / "app", {"convex/schema.ts": SCHEMA, "convex/m.ts": CODE})
        self._servers = [self._start(which) for which in range(2)]
        self._stirred = asyncio.Event()
        self.clients = [
            StubbornClient(f"c{n}", [port for port, _ in self.ports], self._stirred.set) for n in range(CLIENTS)
        ]

    def _start(self, which: int) -> Server:
        port, site_port = self.ports[which]
        ports = ["--port", str(port), "--site-port", str(site_port)]
        number = sum(self.kills.values())
        log = self._folder / f"{which}-{number}.log"
        return Server(log, "host", str(self._project), *ports, "--data", str(self.data))

    @property
    def acknowledged(self) -> int:
        return sum(len(client.acknowledged) for client in self.clients)

    @property
    def notes(self) -> int:
        """How many scheduled functions are to leave a note."""
        return sum(number % 5 == 0 for client in self.clients for number in client.acknowledged)

    async def until(self, holds: Any) -> None:
        """Looks again whenever a client heard something."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._stirred.clear()
                await self._stirred.wait()

    async def serve(self) -> None:
        for server in self._servers:
            await asyncio.to_thread(server.wait)

    async def round(self) -> None:
        wanted = self.acknowledged + self.chance.randrange(1, 60)
        await self.until(lambda: self.acknowledged >= wanted)
        victim = self.chance.choices(["web", "child", "both"], [35, 60, 5])[0]
        self.kills[victim] += 1
        if victim == "child":
            self._kill_child()
            return
        victims = (0, 1) if victim == "both" else (self.chance.randrange(2),)
        for which in victims:
            self._servers[which].kill()
        for which in victims:
            self._servers[which] = self._start(which)
        await self.serve()

    def _kill_child(self) -> None:
        children = processes.descendants(self.chance.choice(self._servers).process.pid)
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.chance.choice(sorted(children)), signal.SIGKILL)

    async def settle(self) -> None:
        for client in self.clients:
            client.is_writing = False
        await self.until(lambda: all(client.is_settled for client in self.clients))
        await self.until(lambda: all(client.state["notes"] == self.notes for client in self.clients if client.state))
        # The other server hears of the last write by its next poll.
        await self.until(lambda: len({json.dumps(client.state, sort_keys=True) for client in self.clients}) == 1)

    def end(self) -> None:
        for server in self._servers:
            server.end()


async def kill_rounds(folder: Path, rounds: int) -> None:
    started = time.monotonic()
    pair = Pair(folder, rounds)
    try:
        await pair.serve()
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(client.run()) for client in pair.clients]
            for _ in range(rounds):
                await pair.round()
            await pair.settle()
            for task in running:
                task.cancel()
    finally:
        pair.end()
    check(pair)
    figures = {
        "rounds": rounds,
        "kills": dict(pair.kills),
        "acknowledged": pair.acknowledged,
        "connections": sum(client.connections for client in pair.clients),
        "asked again": sum(client.asked_again for client in pair.clients),
        "told as failed": dict(sum((client.failures for client in pair.clients), Counter())),
        "seconds": round(time.monotonic() - started),
    }
    print(json.dumps(figures))


def _rows(pair: Pair) -> list[dict[str, Any]]:
    return [json.loads(text) for text in documents_of(pair.data / "store.db").values()]


def check(pair: Pair) -> None:
    rows = _rows(pair)
    entries = Counter((row["client"], row["n"]) for row in rows if "n" in row and "client" in row)
    expected: Counter[tuple[str, float]] = Counter()
    for client in pair.clients:
        for number in client.acknowledged:
            expected[client.name, float(number)] += 2 if number % 5 == 0 else 1
    assert entries == expected, "an entry once, and the note of every fifth once"
    places = sorted(row["place"] for row in rows if "place" in row)
    assert places == [float(place) for place in range(1, pair.acknowledged + 1)], "one after the other"
    totals = {row["client"]: row["count"] for row in rows if "count" in row}
    assert totals == {client.name: len(client.acknowledged) for client in pair.clients} | {
        "all": pair.acknowledged,
        "notes": pair.notes,
    }
    for client in pair.clients:
        assert client.state is not None
        assert client.state["all"] == pair.acknowledged


@pytest.mark.slow
async def test_twenty_kills_lose_nothing_that_was_acknowledged_and_double_nothing(tools: Any, tmp_path: Path) -> None:
    await kill_rounds(tmp_path, 20)


@pytest.mark.soak
@pytest.mark.slow
async def test_two_hundred_kills_lose_nothing_that_was_acknowledged_and_double_nothing(
    tools: Any, tmp_path: Path
) -> None:
    await kill_rounds(tmp_path, 200)
