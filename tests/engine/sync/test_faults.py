"""What clients hear of a store that cannot be used, or not wholly."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.engine.errors import StoreUnavailable
from tests.engine.sync.fakes import Client, FakeBackend, PythonHost

DAMAGED = StoreUnavailable("This deployment's store is not available: its file is damaged.", code="StoreCorrupt")


async def test_a_query_that_meets_damage_fails_alone(client: Client, backend: FakeBackend, host: PythonHost) -> None:
    @host.function("notes:damaged", "query")
    async def _damaged(syscalls: Any, args: dict[str, Any]) -> Any:
        raise DAMAGED

    backend.executor.functions = host.functions
    await client.add_query(0, "notes:damaged")
    await client.add_query(1, "notes:list", version=1)
    await client.wait(lambda: client.value_of(1) == [])
    failures = [
        change
        for frame in client.of_type("Transition")
        for change in frame["modifications"]
        if change["type"] == "QueryFailed"
    ]
    assert [(change["queryId"], DAMAGED.message in change["errorMessage"]) for change in failures] == [(0, True)]
    await client.say("Mutation", requestId=0, udfPath="notes:add", args=[{"text": "on"}])
    await client.wait(lambda: client.value_of(1) == ["on"])


@pytest.mark.parametrize("code", ["StoreFull", "StoreReadOnly", "StoreCorrupt"])
async def test_a_mutation_that_cannot_be_stored_is_answered(
    client: Client, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    fault = StoreUnavailable("This deployment's store is not available: no space.", code=code)

    async def refuse(*_: Any, **__: Any) -> None:
        raise fault

    with monkeypatch.context() as patched:
        patched.setattr(backend.store, "commit", refuse)
        await client.say("Mutation", requestId=0, udfPath="notes:add", args=[{"text": "lost"}])
        (response,) = await client.wait(lambda: client.of_type("MutationResponse"))
    assert (response["success"], fault.message in response["result"]) == (False, True)
    await client.say("Mutation", requestId=1, udfPath="notes:add", args=[{"text": "kept"}])
    await client.wait(lambda: len(client.of_type("MutationResponse")) == 2)
    assert client.of_type("MutationResponse")[1]["success"]
    assert client.closed is None


@pytest.mark.parametrize("code", ["StoreBusy", "StoreUnreadable"])
async def test_where_it_may_have_been_stored_the_client_asks_again(
    client: Client, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("This deployment's store is not available.", code=code)

    with monkeypatch.context() as patched:
        patched.setattr(backend.store, "commit", refuse)
        await client.say("Mutation", requestId=0, udfPath="notes:add", args=[{"text": "again"}])
        await client.wait(lambda: client.closed)
    assert client.of_type("MutationResponse") == []
    again = Client(backend, client.session_id)
    await again.connect()
    await again.say("Mutation", requestId=0, udfPath="notes:add", args=[{"text": "again"}])
    (response,) = await again.wait(lambda: again.of_type("MutationResponse"))
    assert response["success"]
    await again.session.disconnect()


async def test_live_queries_go_on_when_the_store_can_be_read_again(
    client: Client, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = asyncio.Event()

    async def refuse() -> None:
        refused.set()
        raise DAMAGED

    with monkeypatch.context() as patched:
        patched.setattr(backend.store, "snapshot", refuse)
        await client.add_query(0, "notes:list")
        async with asyncio.timeout(5):
            await refused.wait()
    await client.wait(lambda: client.value_of(0) == [])
