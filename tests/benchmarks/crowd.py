"""A thousand subscribers of one query over real sockets: how often it runs, and when the last one has the result."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

from websockets.asyncio.client import ClientConnection

from tests.benchmarks.figures import Figure, at_most, median
from tests.benchmarks.wire import (
    bench_server,
    client_of,
    function_times,
    mutate,
    subscribe,
    until_answered,
)

SUBSCRIBERS = 1_000
COMMITS = 9
TIMEOUT_S = 240
OPENED_TOGETHER = 20


async def measure(data: Path) -> list[Figure]:
    """Milliseconds from sending a mutation until the last subscriber has its Transition, as text."""
    last_ms, runs = [], []
    async with asyncio.timeout(TIMEOUT_S), bench_server(data) as (address, token), AsyncExitStack() as stack:
        echo = await stack.enter_async_context(client_of(address, token, path="/ws/echo"))
        writer = await stack.enter_async_context(client_of(address, token))
        crowd: list[ClientConnection] = []
        while len(crowd) < SUBSCRIBERS:
            some = [stack.enter_async_context(client_of(address, token)) for _ in range(OPENED_TOGETHER)]
            crowd += await asyncio.gather(*some)
        await asyncio.gather(*(subscribe(client) for client in crowd))
        for turn in range(COMMITS):
            await function_times(echo)
            started = time.perf_counter()
            await mutate(writer, turn, "signups:create", {"ownerId": "alice", "name": f"Name {turn}", "bus": 1})
            await asyncio.gather(*(_until_new(client) for client in crowd))
            last_ms.append((time.perf_counter() - started) * 1000)
            await until_answered(writer, turn)
            runs.append(len(await function_times(echo)))
    return [
        at_most(f"mutation → the last of {SUBSCRIBERS:,} subscribers, p50", median(last_ms), "ms", 150),
        at_most("  runs a commit, the mutation's own aside", max(runs) - 1, "", 1),
    ]


async def _until_new(client: ClientConnection) -> None:
    while b'"QueryUpdated"' not in await client.recv(decode=False):
        pass
