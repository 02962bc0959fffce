"""How actions reach the rest of the engine: each call and each operation is a transaction of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Protocol

from sandbox.engine import limits
from sandbox.engine.clock import Clock
from sandbox.engine.errors import Conflict
from sandbox.engine.runtime.executor import Executor
from sandbox.engine.runtime.request import Outcome, Request
from sandbox.engine.runtime.syscalls import RunContext, Syscalls
from sandbox.engine.runtime.syscalls.addresses import path_of
from sandbox.engine.store import Store, vector_search
from sandbox.engine.trace import Cause, FunctionKind, RunNote


class RunAction(Protocol):
    async def __call__(self, request: Request, cause: Cause, depth: int) -> Outcome: ...


class EngineBackend:
    """`note_run` is told of every run that an action causes, `wake` of every commit."""

    def __init__(
        self,
        executor: Executor,
        store: Store,
        clock: Clock,
        run_action: RunAction,
        note_run: Callable[[RunNote], None],
        wake: Callable[[], None],
    ) -> None:
        self._executor = executor
        self._store = store
        self._clock = clock
        self._run_action = run_action
        self._note_run = note_run
        self._wake = wake

    def path_of(self, args: dict[str, Any], method: str, caller: Request) -> str:
        return path_of(args, method, self._context(caller))

    async def call(self, kind: FunctionKind, request: Request, depth: int) -> Outcome:
        if kind == "action":
            outcome = await self._run_action(request, Cause("call"), depth)
        else:
            outcome = await self._executor.run(request, kind=kind)
        self._note_run(outcome.note)
        if kind == "mutation":
            self._wake()
        return outcome

    async def operate(self, op: str, args_json: str, caller: Request, *, writes: bool) -> str:
        for attempt in range(limits.CONFLICT_RETRIES_MAX + 1):
            async with self._executor.current() as snapshot:
                transaction = self._store.transaction(snapshot, seed=secrets.token_bytes(16), writable=writes)
                kind: FunctionKind = "mutation" if writes else "query"
                syscalls = Syscalls(transaction, kind=kind, path=caller.path, run=self._context(caller))
                reply = await syscalls.handle(op, args_json)
                assert isinstance(reply, str), "an operation that calls a function"
                if not writes:
                    return reply
                try:
                    await self._store.commit(transaction, run_id="", cause=caller.path, writer=caller.writer)
                except Conflict:
                    if attempt == limits.CONFLICT_RETRIES_MAX:
                        raise
                    continue
            self._wake()
            return reply
        raise AssertionError("unreachable")

    def _context(self, caller: Request) -> RunContext:
        now_ms = float(self._clock.now_ns() // 1_000_000)
        return RunContext(caller, self._executor.table, self._executor.services, now_ms)

    async def vector_search(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        async with await self._store.snapshot() as snapshot:
            return await vector_search(snapshot, query)
