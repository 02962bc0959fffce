"""Requests over a socket beside the mutations of test_session.py: actions, journals, what a new connection is told."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.sync.protocol import encode_ts
from tests.engine.sync.fakes import Client, FakeBackend, PythonHost


def shown(value: Any = None, error: LearnerError | None = None) -> Any:
    """As much of an Outcome as a client is told."""
    value_json = None if error is not None else json.dumps(value)
    return SimpleNamespace(value_json=value_json, error=error, log_lines=("[LOG] 'hi'",), ok=error is None)


async def test_actions_run_at_the_same_time_and_beside_mutations(client: Client, backend: FakeBackend) -> None:
    gates = [asyncio.Event(), asyncio.Event()]

    async def act(request: Any) -> Any:
        number = int(json.loads(request.args_json)[0]["number"])
        await gates[number].wait()
        return shown(number)

    backend.actions["notes:act"] = act
    for number in (0, 1):
        await client.say("Action", requestId=number, udfPath="notes:act", args=[{"number": number}])
    await client.say("Mutation", requestId=2, udfPath="notes:nothing", args=[{}])
    await client.wait(lambda: client.of_type("MutationResponse"))
    gates[1].set()
    await client.wait(lambda: client.of_type("ActionResponse"))
    gates[0].set()
    answers = await client.wait(lambda: client.of_type("ActionResponse")[1:] and client.of_type("ActionResponse"))
    assert answers[0] == {
        "type": "ActionResponse",
        "requestId": 1,
        "success": True,
        "result": 1,
        "logLines": ["[LOG] 'hi'"],
    }
    assert answers[1]["requestId"] == 0


async def test_an_action_that_fails_is_answered(client: Client, backend: FakeBackend) -> None:
    async def fail(request: Any) -> Any:
        return shown(error=LearnerError("Uncaught ConvexError", data={"why": "closed"}, has_data=True))

    backend.actions["notes:act"] = fail
    await client.say("Action", requestId=0, udfPath="notes:act", args=[{}])
    failed = (await client.wait(lambda: client.of_type("ActionResponse")))[0]
    assert (failed["success"], failed["errorData"], failed["logLines"]) == (False, {"why": "closed"}, ["[LOG] 'hi'"])
    assert "ts" not in failed
    assert "Server Error\nUncaught ConvexError\n" in failed["result"]


async def test_what_runs_goes_on_when_its_client_goes(backend: FakeBackend) -> None:
    began, ended, gate = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def act(request: Any) -> Any:
        began.set()
        await gate.wait()
        ended.set()
        return shown()

    backend.actions["notes:act"] = act
    client = Client(backend)
    await client.connect()
    await client.say("Action", requestId=0, udfPath="notes:act", args=[{}])
    async with asyncio.timeout(5):
        await began.wait()
        await client.session.disconnect()
        gate.set()
        await ended.wait()


async def test_a_mutation_that_runs_while_its_client_goes_is_recorded(backend: FakeBackend, host: PythonHost) -> None:
    began, gate = asyncio.Event(), asyncio.Event()

    @host.function("notes:slow", "mutation")
    async def _slow(syscalls: Any, args: dict[str, Any]) -> Any:
        began.set()
        await gate.wait()
        return await syscalls._tx.insert("notes", {"text": "slow"})

    backend.executor.functions = host.functions
    client = Client(backend)
    await client.connect()
    await client.say("Mutation", requestId=0, udfPath="notes:slow", args=[{}])
    await began.wait()
    await client.session.disconnect()
    again = Client(backend, client.session_id)
    await again.connect()
    await again.say("Mutation", requestId=0, udfPath="notes:slow", args=[{}])
    await again.add_query(0, "notes:list")
    gate.set()
    await again.wait(lambda: again.of_type("MutationResponse") and again.value_of(0) == ["slow"])
    assert host.calls.count("notes:slow") == 1
    await again.session.disconnect()


async def test_a_thousand_mutations_may_wait_behind_the_one_that_runs(backend: FakeBackend, host: PythonHost) -> None:
    began, gate = asyncio.Event(), asyncio.Event()

    @host.function("notes:slow", "mutation")
    async def _slow(syscalls: Any, args: dict[str, Any]) -> Any:
        began.set()
        await gate.wait()

    backend.executor.functions = host.functions
    client = Client(backend)
    await client.connect()
    await client.say("Mutation", requestId=0, udfPath="notes:slow", args=[{}])
    await began.wait()
    for number in range(1, 1_001):
        await client.say("Mutation", requestId=number, udfPath="notes:add", args=[{"text": "x"}])
    await client.add_query(0, "notes:list")
    await client.wait(lambda: client.value_of(0) == [])
    await client.say("Mutation", requestId=1_001, udfPath="notes:add", args=[{"text": "x"}])
    await client.wait(lambda: client.closed)
    assert client.closed == (1013, "TooManyConcurrentMutations")
    await client.session.disconnect()
    (running,) = backend.running
    gate.set()
    await running
    assert host.calls == ["notes:slow", "notes:list"], "what waited is asked again over the next socket"


async def test_a_thousand_actions_may_run_beside_the_newest(backend: FakeBackend) -> None:
    gate = asyncio.Event()

    async def act(request: Any) -> Any:
        await gate.wait()
        return shown()

    backend.actions["notes:act"] = act
    client = Client(backend)
    await client.connect()
    for number in range(1_001):
        await client.say("Action", requestId=number, udfPath="notes:act", args=[{}])
    await client.add_query(0, "notes:list")
    await client.wait(lambda: client.value_of(0) == [])
    await client.say("Action", requestId=1_001, udfPath="notes:act", args=[{}])
    await client.wait(lambda: client.closed)
    assert client.closed == (1013, "TooManyInflightActionsForSingleClient")
    gate.set()
    await asyncio.gather(*backend.running)
    await client.session.disconnect()


async def test_a_client_that_has_seen_more_than_the_store_is_sent_away(backend: FakeBackend) -> None:
    client = Client(backend)
    ahead = encode_ts(await backend.store.head() + 1)
    await client.say("Connect", sessionId="s", connectionCount=1, lastCloseReason="x", maxObservedTimestamp=ahead)
    await client.wait(lambda: client.closed)
    assert client.closed == (1011, "InternalServerError")
    assert client.frames == [], "a FatalError would end the client for good"
    await client.session.disconnect()


async def test_a_client_that_has_seen_as_much_is_welcome(backend: FakeBackend) -> None:
    client = Client(backend)
    seen = encode_ts(await backend.store.head())
    await client.say("Connect", sessionId="s", connectionCount=1, lastCloseReason="x", maxObservedTimestamp=seen)
    await client.add_query(0, "notes:list")
    await client.wait(lambda: client.value_of(0) == [])
    await client.session.disconnect()


async def test_the_difference_of_the_clocks_is_told(backend: FakeBackend) -> None:
    client = Client(backend)
    ahead_ms = backend.clock.now_ns() // 1_000_000 + 60_000
    await client.say("Connect", sessionId="s", connectionCount=0, lastCloseReason=None, clientTs=ahead_ms)
    await client.add_query(0, "notes:list")
    first = (await client.wait(lambda: client.of_type("Transition")))[0]
    assert 50_000 < first["clientClockSkew"] <= 60_000
    await client.session.disconnect()


async def test_a_client_without_a_clock_is_told_no_difference(backend: FakeBackend) -> None:
    client = Client(backend)
    await client.say("Connect", sessionId="s", connectionCount=0, lastCloseReason=None, clientTs=0)
    await client.add_query(0, "notes:list")
    first = (await client.wait(lambda: client.of_type("Transition")))[0]
    assert first["clientClockSkew"] is None
    await client.session.disconnect()


def add_paginated(host: PythonHost, backend: FakeBackend) -> list[str | None]:
    """A query that decides in its first run where its page ends. Returns the journals that its runs got."""
    given: list[str | None] = []

    @host.function("notes:page", "query")
    async def _page(syscalls: Any, args: dict[str, Any]) -> Any:
        tx = syscalls._tx
        given.append(tx.journal_in)
        source = {"type": "FullTableScan", "tableName": "notes", "order": "asc"}
        documents, _ = await tx.open_query({"source": source, "operators": []}).next(1000)
        end = len(documents) if tx.journal_in is None else int(tx.journal_in)
        tx.journal_out = str(end)
        return [json.loads(document)["text"] for document in documents[:end]]

    backend.executor.functions = host.functions
    return given


async def test_a_journal_is_told_and_kept_for_the_next_run(
    client: Client, backend: FakeBackend, host: PythonHost
) -> None:
    given = add_paginated(host, backend)
    await client.say("Mutation", requestId=0, udfPath="notes:add", args=[{"text": "a"}])
    await client.wait(lambda: client.of_type("MutationResponse"))
    await client.add_query(0, "notes:page")
    await client.wait(lambda: client.value_of(0) == ["a"])
    updated = client.of_type("Transition")[-1]["modifications"][0]
    assert updated["journal"] == "1"
    await client.say("Mutation", requestId=1, udfPath="notes:add", args=[{"text": "b"}])
    await client.wait(lambda: given == [None, "1"])
    assert client.value_of(0) == ["a"]


async def test_a_journal_that_a_client_brings_back_is_kept_to(
    client: Client, backend: FakeBackend, host: PythonHost
) -> None:
    given = add_paginated(host, backend)
    for number, text in enumerate("abc"):
        await client.say("Mutation", requestId=number, udfPath="notes:add", args=[{"text": text}])
    await client.wait(lambda: len(client.of_type("MutationResponse")) == 3)
    added = {"type": "Add", "queryId": 0, "udfPath": "notes:page", "args": [{}], "journal": "2"}
    await client.say("ModifyQuerySet", baseVersion=0, newVersion=1, modifications=[added])
    await client.wait(lambda: client.value_of(0) == ["a", "b"])
    other = Client(backend, "other")
    await other.connect()
    await other.add_query(0, "notes:page")
    await other.wait(lambda: other.value_of(0) == ["a", "b", "c"])
    assert given == ["2", None], "pages that end elsewhere are not the same query"
    await other.session.disconnect()


async def test_clients_with_the_same_journal_share_a_run(
    client: Client, backend: FakeBackend, host: PythonHost
) -> None:
    given = add_paginated(host, backend)
    other = Client(backend, "other")
    await other.connect()
    for one in (client, other):
        await one.add_query(0, "notes:page")
        await one.wait(lambda one=one: one.value_of(0) == [])
    await client.say("Mutation", requestId=0, udfPath="notes:add", args=[{"text": "a"}])
    await client.wait(lambda: client.of_type("MutationResponse"))
    await client.wait(lambda: len(given) == 2)
    assert given == [None, "0"]
    await other.session.disconnect()


async def test_queries_are_added_once_and_removed_when_they_are_there(backend: FakeBackend) -> None:
    for change, text in (
        ({"type": "Remove", "queryId": 7}, "Nonexistent query id: 7"),
        ({"type": "Add", "queryId": 0, "udfPath": "notes:list", "args": [{}]}, "Duplicate query ID: 0"),
    ):
        client = Client(backend)
        await client.connect()
        await client.add_query(0, "notes:list")
        await client.say("ModifyQuerySet", baseVersion=1, newVersion=2, modifications=[change])
        assert client.of_type("FatalError")[0]["error"] == text
        await client.session.disconnect()
