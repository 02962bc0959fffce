"""What running a job takes: the store, whoever runs functions, the time, and whoever is told of a run."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sandbox.engine.clock import Clock
from sandbox.engine.errors import CONFLICT_CODE, Conflict
from sandbox.engine.runtime.call import FunctionInfo
from sandbox.engine.runtime.request import Outcome, Request
from sandbox.engine.store import Snapshot, Store, Transaction
from sandbox.engine.trace import Cause, RunNote

ATTEMPTS_MAX = 50
TRANSIENT_CODES = frozenset({CONFLICT_CODE, "NotBegun", "ProcessEnded", "ProcessKilled"})
"""Errors that say nothing of the function: another run may end well."""

INTERRUPTED = "Transient error while executing action"

Result = TypeVar("Result")


class GoneError(Exception):
    """The job is no longer to be run: canceled, deleted, or taken by another process."""


class RunAgainError(Exception):
    """A mutation came to no end of its own; it has left nothing behind."""


class FunctionRunner(Protocol):
    """The executor."""

    @property
    def functions(self) -> Mapping[str, FunctionInfo]: ...

    @property
    def can_run(self) -> bool: ...

    def current(self) -> AbstractAsyncContextManager[Snapshot]: ...

    async def mutation(
        self,
        request: Request,
        *,
        before_run: Callable[[Transaction], Awaitable[None]],
        before_commit: Callable[[Transaction, str], Awaitable[None]],
        cause: Cause,
    ) -> Outcome: ...

    async def action(self, request: Request, cause: Cause) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Workplace:
    """`on_run` is told of every run, `on_commit` of every commit, `on_plan` when the next scheduled function runs."""

    store: Store
    runner: FunctionRunner
    clock: Clock
    on_run: Callable[[RunNote], None]
    on_commit: Callable[[], None]
    on_plan: Callable[[float | None], None]
    to_real_ms: Callable[[float], float] = lambda ms: ms
    """When a time of `clock` comes, where that was moved."""

    @property
    def now_ms(self) -> int:
        return self.clock.now_ns() // 1_000_000

    def tell(self, note: RunNote) -> None:
        """Of a run that ended."""
        self.on_run(note)
        self.on_commit()

    async def read(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Does `work` on a snapshot whose code is loaded: a function that a row names is there, if it is anywhere."""
        async with self.runner.current() as snapshot:
            return await work(self.store.transaction(snapshot, seed=b"", writable=False))

    async def change(self, work: Callable[[Transaction], Awaitable[Result]], cause: str) -> Result:
        """Does `work` in a transaction of its own, again after a conflict. Raises what it raises, and Conflict."""
        for attempt in range(ATTEMPTS_MAX):
            async with await self.store.snapshot() as snapshot:
                transaction = self.store.transaction(snapshot, seed=secrets.token_bytes(16), writable=True)
                result = await work(transaction)
                try:
                    await self.store.commit(transaction, run_id="", cause=cause, writer=None)
                    self.on_commit()
                    return result
                except Conflict:
                    if attempt == ATTEMPTS_MAX - 1:
                        raise
        raise AssertionError
