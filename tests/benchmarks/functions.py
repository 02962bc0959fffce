"""Learner functions on the whole engine, without sockets: call, deploy, memory."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from pathlib import Path

from sandbox.engine import Deployment, Toolchain, close_pools
from tests.benchmarks.figures import Figure, at_most, median

STARTER = Path(__file__).parents[2] / "lessons/content/09-trash-can/starter"
LEARNERS = 5
CALLS = 300
PAUSE_S = 0.005
CALLS_BEFORE_IDLE = 10
DEPLOYS = 15


async def measure(folder: Path, tools: Toolchain) -> list[Figure]:
    deployments = [await Deployment.open(folder / str(number), tools=tools) for number in range(LEARNERS)]
    deploy_ms = [await _deploy(deployments[0], number) for number in range(1, DEPLOYS + 1)]
    for deployment in deployments:
        await _deploy(deployment, DEPLOYS + 1)
        await deployment.insert_rows(
            "signups", [{"ownerId": "alice", "name": f"Name {n}", "bus": 1} for n in range(10)]
        )
        for _ in range(CALLS_BEFORE_IDLE):
            await _call(deployment)
    memory_mb = _unique_memory_mb(os.getpid())
    back_to_back_ms = [await _call(deployments[0]) for _ in range(CALLS)]
    call_ms = [await _call_after_a_pause(deployments[0]) for _ in range(CALLS)]
    for deployment in deployments:
        await deployment.close()
    await close_pools()
    learner = f"memory of one more learner, mean of {LEARNERS}, after {CALLS_BEFORE_IDLE} calls each"
    return [
        at_most("call of a query with one read, p50", median(call_ms), "ms", 1.5),
        Figure("  the same without a pause between calls", median(back_to_back_ms), "ms"),
        at_most("deploy of 5 files, p50", median(deploy_ms[1:]), "ms", 60),
        at_most(learner, memory_mb, "MB", 20),
    ]


async def _deploy(deployment: Deployment, revision: int) -> float:
    files = {f"convex/{name}": (STARTER / "convex" / name).read_text() for name in ("schema.ts", "signups.ts")}
    files |= {f"convex/more{n}.ts": files["convex/signups.ts"] for n in range(3)}
    result = await deployment.deploy(revision, files)
    assert result.ok, result.problems
    return result.total_ms


async def _call(deployment: Deployment) -> float:
    started = time.perf_counter()
    outcome = await deployment.run_query("signups:listActive", {"ownerId": "alice"})
    assert len(outcome.value) == 10
    return (time.perf_counter() - started) * 1000


async def _call_after_a_pause(deployment: Deployment) -> float:
    """The next realm is made between two calls; people leave more time than this."""
    await asyncio.sleep(PAUSE_S)
    return await _call(deployment)


def _unique_memory_mb(parent: int) -> float:
    """Mean private memory of the children (Linux): the pages of the binary are shared, so they count for nobody."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return statistics.mean(private_mb(int(child)) for child in children)


def private_mb(process: int) -> float:
    """Memory that would be free without the process (Linux)."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    private_kb = [int(line.split()[1]) for line in lines if line.startswith("Private_")]
    return sum(private_kb) / 1024
