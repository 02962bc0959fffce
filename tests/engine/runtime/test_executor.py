"""The executor over a real store, with functions in Python: who may call what, and what belongs to one commit."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine.clock import SystemClock
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.call import FunctionInfo
from sandbox.engine.runtime.executor import Executor, Request
from sandbox.engine.runtime.system_function import SystemCall, SystemFunction
from sandbox.engine.store import Store
from sandbox.engine.trace import ConflictNote
from tests.engine.sync.fakes import PythonHost

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def store(tmp_path):
    store = await Store.open(tmp_path, clock=SystemClock())
    yield store
    await store.close()


@pytest.fixture
def host():
    return PythonHost()


@pytest.fixture
def executor(store, host):
    @host.function("notes:add", "mutation")
    async def _add(syscalls: Any, args: dict[str, Any]) -> Any:
        return await syscalls._tx.insert("notes", {"text": args.get("text", "")})

    @host.function("notes:count", "query")
    async def _count(syscalls: Any, args: dict[str, Any]) -> Any:
        return json.loads(await syscalls.handle("1.0/count", '{"table":"notes"}'))

    executor = Executor(store, host, SystemClock())
    executor.functions = host.functions
    return executor


async def count(executor) -> float:
    return (await executor.run(Request("notes:count", "[{}]"))).value


async def test_run_takes_a_function_for_what_it_is(executor):
    assert (await executor.run(Request("notes:add", "[{}]"))).ok
    assert await count(executor) == 1
    outcome = await executor.run(Request("notes:add", "[{}]"), kind="query")
    assert outcome.error.message == "Trying to execute notes.js:add as Query, but it is defined as Mutation."
    assert (await executor.run(Request("notes:gone", "[{}]"))).error.code == "FunctionNotFound"


async def test_internal_functions_are_for_the_engine_and_the_admin(executor, host):
    host.functions["notes:add"] = FunctionInfo("mutation", "internal", {"type": "any"}, None, "", 0)
    executor.functions = host.functions
    assert (await executor.run(Request("notes:add", "[{}]"))).error.message == (
        "Could not find public function for 'notes:add'. Did you forget to run `npx convex dev` or `npx convex deploy`?"
    )
    assert (await executor.run(Request("notes:add", "[{}]", internal=True))).ok
    assert (await executor.run(Request("notes:add", "[{}]", is_admin=True))).ok


async def test_what_a_callback_adds_is_committed_with_the_mutation(executor, store):
    seen = []

    async def mark(transaction: Any, result_json: str) -> None:
        seen.append(result_json)
        await transaction.system.insert("_cron_jobs", {"identifier": "x"})

    outcome = await executor.mutation(Request("notes:add", "[{}]"), before_commit=mark)
    assert seen == [outcome.value_json]
    async with await store.snapshot() as snapshot:
        transaction = store.transaction(snapshot, seed=b"", writable=False)
        assert len(await transaction.system.rows("_cron_jobs.by_identifier")) == 1


async def test_a_callback_that_fails_leaves_nothing_behind(executor):
    async def refuse(transaction: Any, result_json: str) -> None:
        raise LearnerError("taken")

    with pytest.raises(LearnerError, match="taken"):
        await executor.mutation(Request("notes:add", "[{}]"), before_commit=refuse)
    assert await count(executor) == 0


async def test_a_failed_mutation_does_not_ask_the_callback(executor, host):
    async def never(transaction: Any, result_json: str) -> None:
        raise AssertionError

    @host.function("notes:fail", "mutation")
    async def _fail(syscalls: Any, args: dict[str, Any]) -> Any:
        raise LearnerError("no")

    executor.functions = host.functions
    assert not (await executor.mutation(Request("notes:fail", "[{}]"), before_commit=never)).ok


async def test_a_slow_mutation_does_not_hold_up_the_next_one(executor, host):
    may_end = asyncio.Event()

    @host.function("notes:slow", "mutation")
    async def _slow(syscalls: Any, args: dict[str, Any]) -> Any:
        await may_end.wait()

    executor.functions = host.functions
    slow = asyncio.create_task(executor.mutation(Request("notes:slow", "[{}]")))
    async with asyncio.timeout(5):
        assert (await executor.mutation(Request("notes:add", "[{}]"))).ok
    assert not slow.done()
    may_end.set()
    assert (await slow).ok


async def test_mutations_that_overlap_and_touch_the_same_rows_run_again(executor, host):
    """Each adds one to the number it read: none is lost."""
    reached, may_end = asyncio.Event(), asyncio.Event()

    @host.function("notes:next", "mutation")
    async def _next(syscalls: Any, args: dict[str, Any]) -> Any:
        number = json.loads(await syscalls.handle("1.0/count", '{"table":"notes"}'))
        if args.get("waits") and not reached.is_set():
            reached.set()
            await may_end.wait()
        await syscalls._tx.insert("notes", {"number": number})
        return number

    executor.functions = host.functions
    slow = asyncio.create_task(executor.mutation(Request("notes:next", '[{"waits":true}]')))
    await reached.wait()
    fast = await executor.mutation(Request("notes:next", "[{}]"))
    may_end.set()
    lost = await slow
    assert (fast.value, lost.value, lost.note.retries, lost.note.result) == (0.0, 1.0, 1, "1.0")
    (conflict,) = lost.note.conflicts
    (written,) = fast.note.writes
    assert conflict == ConflictNote("notes", written.id, fast.note.commit_ts, "notes:next")


# ── the engine's own functions ──────────────────────────────────────────────


async def _names(call: SystemCall) -> Any:
    return {"args": call.args, "functions": sorted(call.functions)}


async def _insert(call: SystemCall) -> Any:
    return await call.transaction.insert("notes", {"by": "admin"})


@pytest.fixture
def with_system_functions(executor):
    executor.system_functions = {
        "_system/names": SystemFunction("query", _names),
        "_system/insert": SystemFunction("mutation", _insert),
    }
    return executor


async def test_system_functions_run_for_the_admin(with_system_functions):
    executor = with_system_functions
    outcome = await executor.run(Request("_system/names", '[{"a":1}]', is_admin=True))
    assert outcome.value == {"args": {"a": 1}, "functions": ["notes:add", "notes:count"]}
    assert (await executor.run(Request("_system/insert", "[{}]", is_admin=True))).ok
    assert await count(executor) == 1


async def test_system_functions_do_not_exist_for_others(with_system_functions):
    for request in (Request("_system/names", "[{}]"), Request("_system/names", "[{}]", internal=True)):
        assert (await with_system_functions.run(request)).error.code == "FunctionNotFound"
    for path in ("_system/gone", "_system/insert"):
        outcome = await with_system_functions.run(Request(path, "[{}]", is_admin=True), kind="query")
        assert outcome.error.code == "FunctionNotFound"
