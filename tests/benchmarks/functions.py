"""Learner functions on the whole engine, without sockets: call, deploy, memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

from sandbox.engine import Deployment, Toolchain, close_pools
from tests.benchmarks.figures import Figure, at_most, median

STARTER = Path(__file__).parents[2] / "lessons/content/09-trash-can/starter"
CALLS = 300
CALLS_BEFORE_IDLE = 10
DEPLOYS = 15


async def measure(folder: Path, tools: Toolchain) -> list[Figure]:
    deployment = await Deployment.open(folder / "functions", tools=tools)
    deploy_ms = [await _deploy(deployment, number) for number in range(1, DEPLOYS + 1)]
    await deployment.insert_rows("signups", [{"ownerId": "alice", "name": f"Name {n}", "bus": 1} for n in range(10)])
    for _ in range(CALLS_BEFORE_IDLE):
        await _call(deployment)
    memory_mb = _unique_memory_mb(os.getpid())
    call_ms = [await _call(deployment) for _ in range(CALLS)]
    await deployment.close()
    await close_pools()
    return [
        at_most("call of a query with one read, p50", median(call_ms[CALLS // 10 :]), "ms", 1.5),
        at_most("deploy of 5 files, p50", median(deploy_ms[1:]), "ms", 60),
        at_most(f"memory of a JS process after {CALLS_BEFORE_IDLE} calls", memory_mb, "MB", 20),
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


def _unique_memory_mb(parent: int) -> float:
    """Private memory of the largest child: what one more learner costs (Linux; the binary's pages are shared)."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    found = [_private_mb(int(child)) for child in children]
    return max(found, default=0.0)


def _private_mb(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    private_kb = [int(line.split()[1]) for line in lines if line.startswith("Private_")]
    return sum(private_kb) / 1024
