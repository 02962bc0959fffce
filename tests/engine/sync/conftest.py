from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from sandbox.engine.clock import SystemClock
from sandbox.engine.runtime.executor import Executor
from sandbox.engine.store import Store
from sandbox.engine.sync.live_queries import LiveQueries
from tests.engine.sync.fakes import Client, FakeBackend, PythonHost


@pytest_asyncio.fixture
async def host() -> PythonHost:
    host = PythonHost()

    async def rows(syscalls: Any, table: str) -> list[Any]:
        plan = {"source": {"type": "FullTableScan", "tableName": table, "order": "asc"}, "operators": []}
        stream = syscalls._tx.open_query(plan)
        documents, _ = await stream.next(1000)
        return [json.loads(document) for document in documents]

    @host.function("notes:list", "query")
    async def _list(syscalls: Any, args: dict[str, Any]) -> Any:
        return [row["text"] for row in await rows(syscalls, "notes")]

    @host.function("notes:whoami", "query")
    async def _whoami(syscalls: Any, args: dict[str, Any]) -> Any:
        return json.loads(await syscalls.handle("1.0/getUserIdentity", "{}"))

    @host.function("notes:add", "mutation")
    async def _add(syscalls: Any, args: dict[str, Any]) -> Any:
        return await syscalls._tx.insert("notes", {"text": args["text"]})

    @host.function("notes:nothing", "mutation")
    async def _nothing(syscalls: Any, args: dict[str, Any]) -> Any:
        return None

    return host


@pytest_asyncio.fixture
async def backend(tmp_path: Path, host: PythonHost) -> AsyncIterator[FakeBackend]:
    clock = SystemClock()
    store = await Store.open(tmp_path, clock=clock)
    executor = Executor(store, host, clock)  # type: ignore[arg-type]
    executor.functions = host.functions
    notes: list[Any] = []
    live = LiveQueries(store, executor, notes.append)
    live.start(await store.head())
    yield FakeBackend(store, executor, live, clock, notes)
    await live.stop()
    await store.close()


@pytest_asyncio.fixture
async def client(backend: FakeBackend) -> AsyncIterator[Client]:
    client = Client(backend)
    await client.connect()
    yield client
    await client.session.disconnect()
