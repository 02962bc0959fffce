"""Mutations through the executor, of two processes and overlapping in each: as if one had run after the other."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.runtime import executor as executor_module
from sandbox.engine.runtime import turns
from sandbox.engine.runtime.executor import Executor, Outcome, Request
from tests.engine.store.model import View
from tests.engine.store.test_serialisability import Model, WaitingStore, chance_operation
from tests.engine.sync.fakes import PythonHost

CLIENTS = 5
MUTATIONS = 4


class Process:
    """An executor over its own Store object. A mutation does what chance wants, and stops to wait in between."""

    def __init__(self, model: Model, which: int, ids: list[str]) -> None:
        self.done: dict[str, list[tuple[Any, Any]]] = {}
        self._ids = ids
        host = PythonHost()
        host.function("m:work", "mutation")(self._work)
        self.executor = Executor(model.stores[which], host, model.clock)
        self.executor.functions = host.functions

    async def _work(self, syscalls: Any, args: dict[str, Any]) -> None:
        """Every attempt does the same steps, as a function does that is run again with other data."""
        chance = random.Random(args["seed"])
        operations: list[tuple[Any, Any]] = []
        for _ in range(chance.randrange(1, 5)):
            operation = chance_operation(self._ids, chance)
            operations.append((operation, await operation.run(syscalls._tx)))
            for _ in range(chance.choice((0, 1, 4, 9))):
                await asyncio.sleep(0)
        self.done[args["seed"]] = operations  # the last attempt is the one that was committed

    async def mutate(self, seed: str) -> tuple[str, Outcome]:
        return seed, await self.executor.mutation(Request("m:work", json.dumps([{"seed": seed}])))


async def one_client(process: Process, seed: str) -> list[tuple[str, Outcome]]:
    return [await process.mutate(f"{seed} {number}") for number in range(MUTATIONS)]


@pytest.fixture(autouse=True, scope="module")
def impatient() -> Iterator[None]:
    """Nobody waits for another one's turn, nor long after a conflict."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(turns, "OVERLAP_AFTER_S", 0)
        patched.setattr(executor_module, "backoff_seconds", lambda retries: 0)
        yield


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
async def test_what_was_committed_is_a_serial_history(seed: int) -> None:
    WaitingStore.chance = random.Random(seed)
    model = Model(WaitingStore)
    await model.open()
    ids = await model.fill([{"a": 1.0}, {"a": 2.0}, {}])
    processes = [Process(model, which, ids) for which in range(2)]
    clients = [one_client(processes[number % 2], f"{seed} {number}") for number in range(CLIENTS)]
    results = [result for client in await asyncio.gather(*clients) for result in client]
    done = processes[0].done | processes[1].done
    committed = sorted((outcome.note.commit_ts, key) for key, outcome in results if outcome.note.commit_ts is not None)
    replay(model.state, [(done[key], outcomes_of(results, key)) for _, key in committed])
    lost = [outcome.error.message for _, outcome in results if outcome.error is not None]
    assert all("changed while this mutation was being run and on every subsequent retry" in text for text in lost)
    await model.close()  # compares what is stored with the state


def outcomes_of(results: list[tuple[str, Outcome]], key: str) -> Outcome:
    return next(outcome for name, outcome in results if name == key)


def replay(state: View, history: list[tuple[list[tuple[Any, Any]], Outcome]]) -> None:
    for operations, outcome in history:
        if outcome.note.writes:  # one without writes is as of its snapshot, whenever it was answered
            for operation, result in operations:
                assert operation.replay(state) == result, (outcome.note.commit_ts, operation)
