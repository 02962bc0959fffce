"""The JavaScript processes themselves: how soon a first call answers, how much data passes, what a class weighs."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from sandbox.engine import Deployment, Toolchain, close_pools
from sandbox.engine.runtime.pool import pool_of
from tests.benchmarks.figures import Figure, at_most, median
from tests.benchmarks.functions import private_mb

STARTS = 7
DOCUMENTS = 10_000
SCANS = 5
LEARNERS = 50
CALLS_EACH = 10
PAUSE_S = 5.0
SOAK_CALLS = 10_000
SOAK_DEPLOYS = 1_000

SCHEMA = """import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  notes: defineTable({ owner: v.string(), text: v.string(), stars: v.number() }).index("by_owner", ["owner"]),
});
"""
FUNCTIONS = """import { query } from "./_generated/server";
import { v } from "convex/values";
export const ofOwner = query({
  args: { owner: v.string() },
  handler: (ctx, { owner }) => ctx.db.query("notes").withIndex("by_owner", (q) => q.eq("owner", owner)).take(10),
});
export const starred = query({
  args: {},
  handler: async (ctx) => (await ctx.db.query("notes").collect()).filter((note) => note.stars > 4).length,
});
"""


async def measure(folder: Path, tools: Toolchain) -> list[Figure]:
    """Milliseconds and megabytes. Linux only, like the walls around the processes."""
    deployment = await _opened(folder / "starts", tools)
    cold_ms = [await _first_call(deployment, tools, with_spare=False) for _ in range(STARTS)]
    spare_ms = [await _first_call(deployment, tools, with_spare=True) for _ in range(STARTS)]
    rows = [{"owner": f"owner {n % 1000}", "text": "a note of some words", "stars": n % 6} for n in range(DOCUMENTS)]
    await deployment.insert_rows("notes", rows)
    scan_ms = [await _starred(deployment) for _ in range(SCANS)]
    await deployment.close()
    await close_pools()
    class_mb, paused_mb = await _class_mb(folder / "class", tools)
    return [
        at_most("first call, process from nothing, p50", median(cold_ms), "ms", 150),
        at_most("first call, process from a spare, p50", median(spare_ms), "ms", 25),
        at_most(f"{DOCUMENTS:,} small documents to JavaScript and filtered, p50", median(scan_ms), "ms", 150),
        at_most(f"{LEARNERS} learners who all called this second, private memory of JS", class_mb, "MB", 1_200),
        at_most("  the same after a pause, when past calls are given back", paused_mb, "MB", 1_000),
    ]


async def soak(folder: Path, tools: Toolchain) -> list[Figure]:
    """Memory of the JS process and of this one before and after many calls and deploys. Growth is what matters."""
    deployment = await _opened(folder / "soak", tools)
    await deployment.insert_rows("notes", [{"owner": "alice", "text": "a note", "stars": 1}])
    for _ in range(SOAK_CALLS // 10):
        await _of_owner(deployment)
    js_before, own_before = _children_mb(), private_mb(os.getpid())
    for _ in range(SOAK_CALLS):
        await _of_owner(deployment)
    js_called, own_called = _children_mb(), private_mb(os.getpid())
    for revision in range(2, SOAK_DEPLOYS + 2):
        result = await deployment.deploy(revision, _files(f"// {revision}\n"))
        assert result.ok, result.problems
    js_deployed, own_deployed = _children_mb(), private_mb(os.getpid())
    await deployment.close()
    await close_pools()
    return [
        at_most(f"JS processes grow over {SOAK_CALLS:,} calls by", js_called - js_before, "MB", 15),
        at_most(f"this process grows over {SOAK_CALLS:,} calls by", own_called - own_before, "MB", 10),
        at_most(f"JS processes grow over {SOAK_DEPLOYS:,} deploys by", js_deployed - js_called, "MB", 15),
        at_most(f"this process grows over {SOAK_DEPLOYS:,} deploys by", own_deployed - own_called, "MB", 10),
    ]


def _files(comment: str = "") -> dict[str, str]:
    return {"convex/schema.ts": SCHEMA, "convex/notes.ts": comment + FUNCTIONS}


async def _opened(folder: Path, tools: Toolchain) -> Deployment:
    deployment = await Deployment.open(folder, tools=tools)
    result = await deployment.deploy(1, _files())
    assert result.ok, result.problems
    return deployment


async def _of_owner(deployment: Deployment) -> None:
    outcome = await deployment.run_query("notes:ofOwner", {"owner": "alice"})
    assert outcome.ok, outcome.error


async def _first_call(deployment: Deployment, tools: Toolchain, *, with_spare: bool) -> float:
    """The process of the call before is gone, as after a kill or a long pause."""
    await close_pools()
    if with_spare:
        await pool_of(tools).filled()
    await deployment.end_processes()
    started = time.perf_counter()
    await _of_owner(deployment)
    return (time.perf_counter() - started) * 1000


async def _starred(deployment: Deployment) -> float:
    started = time.perf_counter()
    outcome = await deployment.run_query("notes:starred", {})
    assert outcome.value == DOCUMENTS // 6, outcome
    return (time.perf_counter() - started) * 1000


async def _class_mb(folder: Path, tools: Toolchain) -> tuple[float, float]:
    """Right after the calls, and when the pause that people make has let every process tidy up."""
    deployments = [await _opened(folder / str(number), tools) for number in range(LEARNERS)]
    for deployment in deployments:
        for _ in range(CALLS_EACH):
            await _of_owner(deployment)
    weight = _children_mb()
    await asyncio.sleep(PAUSE_S)
    paused = _children_mb()
    for deployment in deployments:
        await deployment.close()
    await close_pools()
    return weight, paused


def _children_mb() -> float:
    parent = os.getpid()
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return sum(private_mb(int(child)) for child in children)
