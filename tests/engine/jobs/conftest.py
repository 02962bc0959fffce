"""A store, functions written in Python, and a scheduler that works only when a test says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import LearnerError
from sandbox.engine.jobs.scheduler import Scheduler
from sandbox.engine.jobs.workplace import Workplace
from sandbox.engine.runtime.executor import Executor
from sandbox.engine.runtime.request import Outcome, Request
from sandbox.engine.store import Store
from sandbox.engine.store.read_set import ReadSet
from sandbox.engine.store.scheduled_functions import Job, cancel, read_job, schedule
from sandbox.engine.trace import Cause, RunNote
from tests.engine.sync.fakes import PythonHost

Action = Callable[[dict[str, Any]], Awaitable[Any]]


class Runner:
    """The executor, with actions that are Python functions of their arguments."""

    def __init__(self, store: Store, host: PythonHost, clock: FixedClock) -> None:
        self.executor = Executor(store, host, clock)  # type: ignore[arg-type]
        self.host = host
        self.clock = clock
        self.actions: dict[str, Action] = {}
        self.requests: list[Request] = []

    @property
    def functions(self):
        return self.host.functions

    can_run = True

    def current(self):
        return self.executor.current()

    async def mutation(self, request: Request, **hooks: Any) -> Outcome:
        self.requests.append(request)
        self.executor.functions = self.host.functions
        return await self.executor.mutation(request, **hooks)

    async def action(self, request: Request, cause: Cause) -> Outcome:
        self.requests.append(request)
        error, value = None, None
        try:
            value = await self.actions[request.path](json.loads(request.args_json)[0])
        except LearnerError as raised:
            error = raised
        note = RunNote(
            run_id="run", path=request.path, kind="action", args=request.args_json, at_ms=0, cause=cause, writer=None,
            snapshot_ts=0, commit_ts=None, reads=(), writes=(), store_ms=0, total_ms=0, log_lines=(),
            error=None if error is None else error.message,
        )  # fmt: skip
        return Outcome(json.dumps(value) if error is None else None, error, (), 0, ReadSet(), False, note)


class Shop:
    """One process's view of a store with jobs."""

    def __init__(self, store: Store, clock: FixedClock, host: PythonHost | None = None) -> None:
        self.store = store
        self.clock = clock
        self.host = host or PythonHost()
        self.runner = Runner(store, self.host, clock)
        self.notes: list[RunNote] = []
        self.plans: list[float | None] = []
        self.at = Workplace(store, self.runner, clock, self.notes.append, lambda: None, self.plans.append)
        self.scheduler = Scheduler(self.at)
        self.ran: list[Any] = []

    @property
    def now_ms(self) -> float:
        return self.clock.now_ns() / 1_000_000

    def mutation(self, path: str):
        """Registers a handler (transaction, args); what it is called with is kept in `ran`."""

        def register(handler: Callable[[Any, dict[str, Any]], Awaitable[Any]]):
            @self.host.function(path, "mutation")
            async def _run(syscalls: Any, args: dict[str, Any]) -> Any:
                self.ran.append(args.get("n", path))
                return await handler(syscalls._tx, args)

            return handler

        return register

    def action(self, path: str):
        def register(handler: Action):
            async def _run(args: dict[str, Any]) -> Any:
                self.ran.append(args.get("n", path))
                return await handler(args)

            self.host.function(path, "action")(None)
            self.runner.actions[path] = _run
            return handler

        return register

    async def schedule(self, path: str, args: dict[str, Any] | None = None, *, seconds: float = 0) -> str:
        self.clock.advance(seconds=0.001)
        at_ms = self.now_ms + seconds * 1000
        return await self.at.change(lambda tx: schedule(tx, path, args or {}, at_ms), "test")

    async def cancel(self, job_id: str) -> None:
        await self.at.change(lambda tx: cancel(tx, job_id), "test")

    async def job(self, job_id: str) -> Job | None:
        return await self.at.read(lambda tx: read_job(tx, job_id))

    async def state(self, job_id: str) -> str:
        return (await self.job(job_id)).state

    async def rows(self, table: str) -> list[dict[str, Any]]:
        page = await self.store.table_page(table, index=None, order="asc", limit=1000, after=None)
        return [json.loads(row) for row in page.rows]

    async def work(self) -> None:
        """All that is due now, and what becomes due by it, is done."""
        while True:
            self.scheduler._news.clear()
            await self.scheduler.look()
            if not self.scheduler.is_busy:
                return
            await asyncio.wait_for(self.scheduler._news.wait(), 10)


async def until(look: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    async with asyncio.timeout(10):
        while await look() != wanted:  # noqa: ASYNC110 – the rows are what is asked, not an event
            await asyncio.sleep(0)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FixedClock):
    store = await Store.open(tmp_path / "store", clock=clock)
    yield store
    await store.close()


@pytest.fixture
async def shop(store: Store, clock: FixedClock):
    shop = Shop(store, clock)

    @shop.mutation("m:add")
    async def _add(transaction: Any, args: dict[str, Any]) -> Any:
        return await transaction.insert("notes", {"n": float(args.get("n", 0))})

    @shop.mutation("m:fail")
    async def _fail(transaction: Any, args: dict[str, Any]) -> Any:
        await transaction.insert("notes", {"n": -1.0})
        raise LearnerError("Uncaught Error: no\n    at handler (../convex/m.ts:1:1)\n", code="UncaughtError")

    @shop.action("m:act")
    async def _act(args: dict[str, Any]) -> Any:
        return None

    yield shop
    await shop.scheduler.stop()
