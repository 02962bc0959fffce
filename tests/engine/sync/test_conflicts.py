"""Mutations at the same time: none is lost, and none runs again without need."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime import executor, turns
from sandbox.engine.runtime.executor import Request
from sandbox.engine.trace import Cause
from tests.engine.sync.fakes import Client, FakeBackend, PythonHost


async def count(syscalls: Any) -> int:
    source = {"type": "FullTableScan", "tableName": "notes", "order": "asc"}
    documents, _ = await syscalls._tx.open_query({"source": source, "operators": []}).next(1000)
    return len(documents)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "backoff_seconds", lambda retries: 0)


async def write_elsewhere(backend: FakeBackend, cause: str = "test") -> str:
    """A commit as another process would make it: not in this executor's turn. Returns the id of its document."""
    async with await backend.store.snapshot() as snapshot:
        transaction = backend.store.transaction(snapshot, seed=str(await backend.store.head()).encode(), writable=True)
        document_id = await transaction.insert("notes", {"text": "elsewhere"})
        await backend.store.commit(transaction, run_id="", cause=cause, writer=None)
    return document_id


async def test_mutations_of_one_process_do_not_conflict(
    backend: FakeBackend, host: PythonHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "OVERLAP_AFTER_S", 60)  # on a busy machine a quick mutation is a slow one

    @host.function("notes:number", "mutation")
    async def _number(syscalls: Any, args: dict[str, Any]) -> Any:
        number = await count(syscalls)
        await asyncio.sleep(0)
        await syscalls._tx.insert("notes", {"text": str(number)})
        return number

    backend.executor.functions = host.functions
    outcomes = await asyncio.gather(*(backend.executor.mutation(Request("notes:number", "[{}]")) for _ in range(8)))
    assert sorted(outcome.value for outcome in outcomes) == list(range(8))
    assert len(host.calls) == 8


async def test_a_mutation_that_lost_to_another_process_runs_again(backend: FakeBackend, host: PythonHost) -> None:
    @host.function("notes:count", "mutation")
    async def _count(syscalls: Any, args: dict[str, Any]) -> Any:
        seen = await count(syscalls)
        if len(host.calls) == 1:
            await write_elsewhere(backend)
        await syscalls._tx.insert("notes", {"text": "mine"})
        return seen

    backend.executor.functions = host.functions
    outcome = await backend.executor.mutation(Request("notes:count", "[{}]"))
    assert (outcome.value, outcome.note.retries, len(host.calls)) == (1, 1, 2)


async def test_a_mutation_that_always_loses_ends_with_convexs_error(backend: FakeBackend, host: PythonHost) -> None:
    @host.function("notes:count", "mutation")
    async def _count(syscalls: Any, args: dict[str, Any]) -> Any:
        seen = await count(syscalls)
        await write_elsewhere(backend)
        await syscalls._tx.insert("notes", {"text": "mine"})
        return seen

    backend.executor.functions = host.functions
    outcome = await backend.executor.mutation(Request("notes:count", "[{}]"))
    assert outcome.error is not None
    assert outcome.error.message == (
        'Documents read from or written to the "notes" table changed while this mutation was being run '
        "and on every subsequent retry. See https://docs.convex.dev/error#1"
    )
    assert len(host.calls) == 5


async def test_a_client_whose_mutation_always_loses_comes_back_and_asks_again(
    backend: FakeBackend, host: PythonHost
) -> None:
    @host.function("notes:count", "mutation")
    async def _count(syscalls: Any, args: dict[str, Any]) -> Any:
        seen = await count(syscalls)
        if len(host.calls) <= 5:
            await write_elsewhere(backend)
        await syscalls._tx.insert("notes", {"text": "mine"})
        return seen

    backend.executor.functions = host.functions
    before, after = Client(backend), Client(backend)
    await before.connect()
    requests = [("notes:count", {}), ("notes:add", {"text": "what follows"})]
    for number, (path, args) in enumerate(requests):
        await before.say("Mutation", requestId=number, udfPath=path, args=[args])
    await before.wait(lambda: before.closed)
    assert before.closed == (1013, "OptimisticConcurrencyControlFailure")
    assert before.of_type("MutationResponse") == []
    assert "notes:add" not in host.calls, "it would come before what it follows"
    await before.session.disconnect()
    await after.connect()
    for number, (path, args) in enumerate(requests):
        await after.say("Mutation", requestId=number, udfPath=path, args=[args])
    await after.wait(lambda: len(after.of_type("MutationResponse")) == 2)
    page = await backend.store.table_page("notes", index=None, order="asc", limit=9, after=None)
    assert [json.loads(row)["text"] for row in page.rows] == ["elsewhere"] * 5 + ["mine", "what follows"]
    await after.session.disconnect()


@pytest.mark.parametrize(
    ("winner", "told"),
    [("notes:count", "Another call to this mutation"), ("other:one", 'A call to "other.js:one"')],
)
async def test_the_error_says_who_won(backend: FakeBackend, host: PythonHost, winner: str, told: str) -> None:
    written: list[str] = []

    @host.function("notes:count", "mutation")
    async def _count(syscalls: Any, args: dict[str, Any]) -> Any:
        await count(syscalls)
        written.append(await write_elsewhere(backend, winner))
        return await syscalls._tx.insert("notes", {"text": "mine"})

    backend.executor.functions = host.functions
    outcome = await backend.executor.mutation(Request("notes:count", "[{}]"))
    assert outcome.error is not None
    assert f' retry. {told} changed the document with ID "{written[-1]}". See https' in outcome.error.message


@pytest.mark.parametrize(("kills", "is_told"), [(1, False), (2, False), (3, True)])
async def test_a_run_whose_process_was_killed_runs_again(
    backend: FakeBackend, host: PythonHost, kills: int, is_told: bool
) -> None:
    @host.function("notes:killed", "mutation")
    async def _killed(syscalls: Any, args: dict[str, Any]) -> Any:
        await syscalls._tx.insert("notes", {"text": "once"})
        if host.calls.count("notes:killed") <= kills:
            raise LearnerError("killed", code="ProcessKilled")

    backend.executor.functions = host.functions
    outcome = await backend.executor.mutation(Request("notes:killed", "[{}]"))
    assert (outcome.error is not None, outcome.note.retries) == (is_told, 0)
    (listed,) = await backend.executor.queries([Request("notes:list", "[{}]")], Cause("call"))
    assert listed.value == ([] if is_told else ["once"])


async def test_a_request_asked_again_while_it_still_runs_is_answered_once_for_all(
    backend: FakeBackend, host: PythonHost
) -> None:
    may_end = asyncio.Event()

    @host.function("notes:slow", "mutation")
    async def _slow(syscalls: Any, args: dict[str, Any]) -> Any:
        await may_end.wait()
        return await syscalls._tx.insert("notes", {"text": "once"})

    backend.executor.functions = host.functions
    before, after = Client(backend), Client(backend)  # one session id: the same client, before and after a reconnect
    for client in (before, after):
        await client.connect()
        await client.say("Mutation", requestId=0, udfPath="notes:slow", args=[{}])
    for _ in range(50):
        await asyncio.sleep(0)  # both have looked for a record by now, and the first one runs
    assert len(host.calls) == 1
    may_end.set()
    answers = [
        (await client.wait(lambda client=client: client.of_type("MutationResponse")))[0] for client in (before, after)
    ]
    assert answers[0]["success"]
    assert answers[0] == answers[1]
    assert len(host.calls) == 1
    for client in (before, after):
        await client.session.disconnect()


async def test_hooks_of_a_mutation_write_in_its_transaction(backend: FakeBackend, host: PythonHost) -> None:
    seen: list[int] = []

    @host.function("notes:add", "mutation")
    async def _add(syscalls: Any, args: dict[str, Any]) -> Any:
        seen.append(await count(syscalls))
        if len(host.calls) == 1:
            await write_elsewhere(backend)
        await syscalls._tx.insert("notes", {"text": "mine"})
        return seen[-1]

    async def before_run(transaction: Any) -> None:
        await transaction.insert("notes", {"text": "before"})

    async def before_commit(transaction: Any, value_json: str) -> None:
        await transaction.insert("notes", {"text": f"after {value_json}"})

    backend.executor.functions = host.functions
    hooks = {"before_run": before_run, "before_commit": before_commit, "cause": Cause("scheduled")}
    outcome = await backend.executor.mutation(Request("notes:add", "[{}]"), **hooks)
    assert (seen, outcome.note.retries, outcome.note.cause) == ([1, 2], 1, Cause("scheduled"))
    page = await backend.store.table_page("notes", index=None, order="asc", limit=9, after=None)
    assert [json.loads(row)["text"] for row in page.rows] == ["elsewhere", "before", "mine", "after 2"]


async def test_a_hook_that_raises_ends_the_mutation(backend: FakeBackend) -> None:
    class GoneError(Exception):
        pass

    async def before_run(transaction: Any) -> None:
        raise GoneError

    head = await backend.store.head()
    with pytest.raises(GoneError):
        await backend.executor.mutation(Request("notes:add", '[{"text": "x"}]'), before_run=before_run)
    assert await backend.store.head() == head
