"""From a mutation to the other client, over real sockets of the real server, beside an echo on the same server."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks.figures import Figure, at_most, median

ROOT = Path(__file__).parents[2]
ROUNDS = 300
WARM_UP = 30
TIMEOUT_S = 120


async def measure(data: Path) -> list[Figure]:
    """Milliseconds. Echo and push take turns; the function's own time comes from the server's notes."""
    async with (
        asyncio.timeout(TIMEOUT_S),
        bench_server(data) as (address, token),
        client_of(address, token, path="/ws/echo") as echo,
        client_of(address, token) as writer,
        client_of(address, token) as reader,
    ):
        await subscribe(reader)
        echoes, pushes = [], []
        for turn in range(WARM_UP + ROUNDS):
            if turn == WARM_UP:
                await function_times(echo)
                echoes.clear()
                pushes.clear()
            echoes.append(await _echo(echo))
            pushes.append(await _push(writer, reader, turn))
        # A push runs one mutation and one query.
        function_ms = 2 * median(await function_times(echo))
    echo_ms, push_ms = median(echoes), median(pushes)
    own_ms = push_ms - echo_ms - function_ms
    return [
        Figure("echo of one frame, p50", echo_ms, "ms"),
        Figure("mutation → other client, p50", push_ms, "ms", echo_ms, "Channels echo", push_ms / echo_ms),
        Figure("  of it in JavaScript, two calls", function_ms, "ms"),
        at_most("  the rest: store, log, match, push", own_ms, "ms", 2.5),
    ]


@asynccontextmanager
async def bench_server(data: Path) -> AsyncIterator[tuple[str, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.benchmarks.wire_server", str(port)]
    environment = os.environ | {"SANDBOX_DATA": str(data)}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        token = (await process.stdout.readline()).decode().strip()
        if not token:
            raise RuntimeError("The server of the benchmark did not start")
        yield f"ws://127.0.0.1:{port}", token
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def client_of(address: str, token: str, *, path: str = "") -> AsyncIterator[ClientConnection]:
    """A client of the deployment that has said hello; or, with a path, a bare socket."""
    async with connect(f"{address}{path or f'/s/{token}/api/1.48.0/sync'}", max_size=None) as client:
        if path:
            yield client
            return
        hello = {"type": "Connect", "sessionId": str(uuid.uuid4()), "connectionCount": 0}
        await client.send(json.dumps(hello))
        yield client


async def subscribe(client: ClientConnection) -> None:
    query = {"type": "Add", "queryId": 0, "udfPath": "signups:listActive", "args": [{"ownerId": "alice"}]}
    change = {"type": "ModifyQuerySet", "baseVersion": 0, "newVersion": 1, "modifications": [query]}
    await client.send(json.dumps(change))
    await until_updated(client)


async def until_updated(client: ClientConnection) -> Any:
    while True:
        message = json.loads(await client.recv())
        if message["type"] == "Transition" and message["modifications"]:
            return message["modifications"][0]["value"]


async def _echo(client: ClientConnection) -> float:
    started = time.perf_counter()
    await client.send('{"type":"echo","of":"a frame of about a hundred bytes, like a small message of the protocol"}')
    await client.recv()
    return (time.perf_counter() - started) * 1000


async def _push(writer: ClientConnection, reader: ClientConnection, turn: int) -> float:
    """One row in, then out again, so that the list stays short. Only the insert is timed."""
    args = {"ownerId": "alice", "name": f"Name {turn}", "bus": 1}
    started = time.perf_counter()
    await mutate(writer, 2 * turn, "signups:create", args)
    rows = await until_updated(reader)
    elapsed_ms = (time.perf_counter() - started) * 1000
    await until_answered(writer, 2 * turn)
    await mutate(writer, 2 * turn + 1, "signups:remove", {"id": rows[0]["_id"]})
    await until_updated(reader)
    await until_answered(writer, 2 * turn + 1)
    return elapsed_ms


async def mutate(client: ClientConnection, request_id: int, path: str, args: dict[str, Any]) -> None:
    await client.send(json.dumps({"type": "Mutation", "requestId": request_id, "udfPath": path, "args": [args]}))


async def until_answered(client: ClientConnection, request_id: int) -> None:
    while True:
        message = json.loads(await client.recv())
        if message["type"] == "MutationResponse" and message["requestId"] == request_id:
            assert message["success"], message
            return


async def function_times(echo: ClientConnection) -> list[float]:
    await echo.send("runs")
    times: list[float] = json.loads(await echo.recv())
    return times
