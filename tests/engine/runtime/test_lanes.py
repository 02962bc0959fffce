"""A slow call holds up only those who could not wait for it anyway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from sandbox.engine import close_pools
from sandbox.engine.runtime import lanes
from sandbox.engine.runtime.call import Call, CallResult
from sandbox.engine.runtime.compile import compile_project
from sandbox.engine.runtime.syscalls import Syscalls
from tests.engine.runtime.conftest import FakeTransaction

CODE = """
import { query } from "./_generated/server";
export const loop = query(async () => { while (true) {} });
export const quick = query(async () => "VERSION");
"""


@pytest_asyncio.fixture
async def two_lanes(tools: Any) -> AsyncIterator[lanes.JsLanes]:
    two_lanes = lanes.JsLanes(tools)
    await load(two_lanes, tools, "one")
    yield two_lanes
    await two_lanes.close()
    await close_pools()


async def load(two_lanes: lanes.JsLanes, tools: Any, version: str) -> None:
    await two_lanes.load(await compile_project({"convex/code.ts": CODE.replace("VERSION", version)}, tools))


async def call(two_lanes: lanes.JsLanes, name: str) -> CallResult:
    asked = Call(kind="query", path=f"code:{name}", args_json="[{}]", now_ms=0.0, seed=1, table_numbers={})
    return await two_lanes.call(asked, Syscalls(FakeTransaction(0), kind="query", identity=None))


async def test_a_quick_call_overtakes_an_endless_one(two_lanes: lanes.JsLanes) -> None:
    endless = asyncio.create_task(call(two_lanes, "loop"))
    await asyncio.sleep(0)
    quick = await call(two_lanes, "quick")
    assert quick.value_json == '"one"'
    assert not endless.done()
    assert (await endless).error.code == "FunctionTimedOut"  # type: ignore[union-attr]


async def test_the_second_lane_runs_the_current_code_too(two_lanes: lanes.JsLanes, tools: Any) -> None:
    for version in ("one", "two"):
        await load(two_lanes, tools, version)
        endless = asyncio.create_task(call(two_lanes, "loop"))
        await asyncio.sleep(0)
        assert (await call(two_lanes, "quick")).value_json == f'"{version}"'
        await endless


async def test_calls_one_after_the_other_borrow_nothing(two_lanes: lanes.JsLanes) -> None:
    for _ in range(5):
        assert (await call(two_lanes, "quick")).ok
    assert two_lanes._borrowed._process is None
