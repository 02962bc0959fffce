"""A deployment: one store, the functions pushed to it, and the clients that look at it.

Puts the parts together and owns their life; each part's rules are in its own module. A deployment is a folder
(`store.db`, and `files` for what was stored), so that it comes back as it was after a restart; several processes may
have it open.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from sandbox.engine import limits
from sandbox.engine.calls import Calls
from sandbox.engine.clock import Clock, SystemClock, WorldClock
from sandbox.engine.fast_forward import FastForward
from sandbox.engine.following import follow_other_writers
from sandbox.engine.jobs.scheduler import Scheduler
from sandbox.engine.jobs.workplace import Workplace
from sandbox.engine.listeners import Listeners, TraceListener
from sandbox.engine.live_code import DeployResult, LiveCode
from sandbox.engine.runtime.actions.actions import Actions
from sandbox.engine.runtime.call import FunctionInfo
from sandbox.engine.runtime.executor import Executor
from sandbox.engine.runtime.fetching import FetchPolicy, PracticeService
from sandbox.engine.runtime.lanes import JsLanes
from sandbox.engine.runtime.quarantine import Quarantine
from sandbox.engine.runtime.storage_calls import Storage
from sandbox.engine.runtime.toolchain import Toolchain
from sandbox.engine.seeding import insert_rows
from sandbox.engine.store import (
    Comparison,
    Files,
    Quota,
    Store,
    StoredFile,
    UploadTokens,
    compare_plans,
)
from sandbox.engine.sync.callers import (
    Callers,
    VerifyAdminKey,
    VerifyToken,
    refuse_every_key,
    refuse_every_token,
)
from sandbox.engine.sync.live_queries import LiveQueries
from sandbox.engine.sync.outbox import Close, Send
from sandbox.engine.sync.session import SyncSession
from sandbox.engine.system_functions import SYSTEM_FUNCTIONS
from sandbox.engine.tables import Snapshots, TableEditor
from sandbox.engine.trace import Cause, Order, RunNote

logger = logging.getLogger(__name__)

DUE_FILE = "jobs.due"
"""Holds the time of the next scheduled function, in milliseconds since 1970."""


class Deployment(Calls):
    """Open with `await Deployment.open(...)`, end with `await close()`. Belongs to one event loop."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        tools: Toolchain,
        callers: Callers,
        world: WorldClock,
        *,
        origin: str = "",
        site_origin: str = "",
        fetch_policy: FetchPolicy | None = None,
        in_quarantine: bool = False,
    ) -> None:
        self.folder = folder
        self.store = store
        self.clock = clock = world.real
        self.callers = callers
        self.origin = origin
        self.site_origin = site_origin
        self._listeners = Listeners(clock)
        self._host = JsLanes(tools, in_quarantine=in_quarantine)
        files = Files(store, on_commit=lambda: self.live.wake())
        self.storage = Storage(files, UploadTokens(store.secret, clock), f"{origin}/api/storage")
        self.executor = Executor(store, self._host, clock, self.storage, world)
        self.executor.system_functions = SYSTEM_FUNCTIONS
        self.live = LiveQueries(store, self.executor, self.note_run)
        self.live.on_commit(self._listeners.note_commit)
        self.practice = PracticeService(folder, now_ms=lambda: world.now_ms, on_change=self._listeners.note_practice)
        self._quarantine = Quarantine(self.practice) if in_quarantine else None
        if self._quarantine is not None:
            self.executor.quarantine_fetch = self._quarantine.fetch
        self.actions = Actions(
            self.executor,
            store,
            tools,
            clock,
            storage=self.storage,
            note_run=self.note_run,
            wake=self.live.wake,
            fetch_policy=fetch_policy,
            practice=self.practice,
            world=world,
        )
        self.executor.actions = self.actions
        self.tables = TableEditor(store, clock, self.note_run, self.live.wake)
        self.snapshots = Snapshots(store, clock, self.live.wake)
        self._sessions: set[SyncSession] = set()
        self._work: set[asyncio.Task[None]] = set()
        self._follower: asyncio.Task[None] | None = None
        workplace = Workplace(
            store,
            self.executor,
            world,
            on_run=self.note_run,
            on_commit=self.live.wake,
            on_plan=self._note_plan,
            to_real_ms=world.to_real_ms,
        )
        self.jobs = Scheduler(workplace)
        self.time = FastForward(store, world, workplace, self.jobs)
        self.code = LiveCode(
            store,
            tools,
            self._host,
            self.executor,
            self.actions,
            world,
            origin=origin,
            site_origin=site_origin,
            report=self._listeners.note_progress,
            on_load=self._note_load,
        )

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        tools: Toolchain,
        verify_token: VerifyToken = refuse_every_token,
        verify_admin_key: VerifyAdminKey = refuse_every_key,
        clock: Clock | None = None,
        origin: str = "",
        fetch_policy: FetchPolicy | None = None,
        site_origin: str = "",
        environment: Mapping[str, str] | None = None,
        quota: Quota | None = None,
        in_quarantine: bool = False,
    ) -> Deployment:
        """Opens or creates the deployment in `folder`, with the code that was last live there.

        `origin` is how clients reach it (`http://127.0.0.1:3210`); the addresses of stored files begin with it.
        `fetch_policy` says whom actions may reach; without one, the practice service alone.
        `quota` says how much it may keep; without one, what the disk holds.
        `in_quarantine` lets queries and mutations fetch from the practice service: for a short-lived copy, never for a
        deployment that somebody works with (runtime/quarantine.py). `site_origin` is where its HTTP actions answer;
        `environment` is set over the variables that were set before.
        Raises LearnerError for an environment that cannot be, StoreUnavailable where the folder cannot be used.
        """
        world = WorldClock(clock or SystemClock())
        store = await Store.open(folder, clock=world.real, quota=quota, world=world)
        world.offset_ns = await store.clock_offset_ns()
        callers = Callers(verify_token, verify_admin_key)
        deployment = cls(
            folder,
            store,
            tools,
            callers,
            world,
            origin=origin,
            site_origin=site_origin,
            fetch_policy=fetch_policy,
            in_quarantine=in_quarantine,
        )
        await deployment.storage.files.recover()
        deployment.live.start(await store.head())
        deployment._follower = asyncio.create_task(follow_other_writers(deployment))
        try:
            await deployment.code.open(environment or {})
        except BaseException:
            await deployment.close()
            raise
        return deployment

    async def end_processes(self) -> None:
        """Gives back the memory of the JavaScript processes. The next call takes a spare, or starts another."""
        await asyncio.gather(self._host.close(), self.actions.end_idle())

    async def close(self) -> None:
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)
        self.executor.held.end_all("The deployment is closed.")
        await self.jobs.stop()
        await self.live.stop()
        for session in list(self._sessions):
            await session.disconnect()
        await self.actions.close()
        for task in (work := list(self._work)):
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await self._host.close()
        if self._quarantine is not None:
            self._quarantine.close()
        self.practice.close()
        await self.store.close()

    # ── code ────────────────────────────────────────────────────────────────

    @property
    def revision(self) -> int | None:
        """The number under which the live code was deployed."""
        return self.code.revision

    @property
    def environment(self) -> Mapping[str, str]:
        """What functions find in `process.env`; see `set_environment`."""
        return self.code.environment

    @property
    def functions(self) -> Mapping[str, FunctionInfo]:
        return self.executor.functions

    async def deploy(self, revision: int, files: Mapping[str, str], *, unless_newer: bool = False) -> DeployResult:
        """Makes the project the live code: all of it or nothing. Learner mistakes come back as problems.

        With `unless_newer` it does nothing where a project with a higher revision is live.
        """
        return await self.code.deploy(revision, files, unless_newer=unless_newer)

    async def set_environment(self, variables: Mapping[str, str]) -> None:
        """Other variables: modules are loaded again and every query runs again. Raises LearnerError, DeployError."""
        await self.code.set_environment(variables)

    async def follow(self) -> None:
        """Takes in what other processes deployed. Calls do that by themselves; who asks for `revision` may not wait."""
        await self.code.follow()

    def _note_load(self, total_ms: float) -> None:
        """Other code is loaded: jobs may run, live queries run again, and the panels are told."""
        self.jobs.start()
        self.live.expire_all(Cause("deploy"))
        if self.revision is not None:
            self._listeners.note_load(self.revision, total_ms)

    # ── clients and calls ───────────────────────────────────────────────────

    @property
    def takes_clients(self) -> bool:
        """Whether there is room for one more socket."""
        return sum(session.is_open for session in self._sessions) < limits.SOCKETS_PER_DEPLOYMENT_MAX

    def connect(self, send: Send, close: Close) -> SyncSession:
        """A session for one socket. The caller passes frames to `receive` and calls `disconnect` at the end."""
        session = SyncSession(self, send, close)
        self._sessions = {known for known in self._sessions if known.is_open} | {session}
        return session

    async def schema_json(self) -> str:
        """The schema in force, as its export (docs/spec/runtime-abi.md §3)."""
        async with await self.store.snapshot() as snapshot:
            return snapshot.catalog.schema.json_text

    def run_to_end(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that goes on when the client is gone whose request it is. `close` ends it."""
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    # ── stored files ────────────────────────────────────────────────────────

    def upload_url(self) -> str:
        """An address to which a file may be posted for an hour."""
        return self.storage.upload_url()

    async def store_file(self, data: bytes, content_type: str | None = None) -> str:
        """Stores a file; returns its storage id. For bytes that come in pieces there is `storage.files.receive`."""
        return await self.storage.files.add(await self.storage.files.receive_whole(data), content_type)

    async def open_file(self, uuid: str) -> tuple[StoredFile, BinaryIO] | None:
        """The file of that address and its bytes. Raises LearnerError for what is no address of a file."""
        return await self.storage.files.open(uuid)

    # ── rows ────────────────────────────────────────────────────────────────

    async def insert_rows(
        self, table: str, rows: Iterable[Mapping[str, Any]], *, writer: str | None = None, cause: str = "seed"
    ) -> int:
        """Inserts rows (Convex-encoded JSON objects) through the validators, in several commits. Returns how many."""
        return await insert_rows(self.store, table, rows, writer=writer, cause=cause, after_each=self.live.wake)

    async def compare(
        self, table: str, index: str | None, range_: list[dict[str, Any]], order: Order, limit: int | None = None
    ) -> Comparison:
        """The same read through the index and as a full scan, both measured (in a process apart)."""
        return await compare_plans(self.store.path, table, index, range_, order, limit)

    # ── notes for the panels ────────────────────────────────────────────────

    def add_listener(self, listener: TraceListener) -> None:
        self._listeners.add(listener)

    def remove_listener(self, listener: TraceListener) -> None:
        self._listeners.remove(listener)

    @property
    def listener_count(self) -> int:
        return len(self._listeners)

    @property
    def is_idle(self) -> bool:
        has_held_runs = not self.executor.held.is_empty
        return not (self._listeners or self.live.has_listeners or self.jobs.is_busy or has_held_runs)

    def note_run(self, note: RunNote) -> None:
        self._listeners.note_run(note)

    def _note_plan(self, next_job_ms: float | None) -> None:
        """Leaves a mark in the folder while functions are scheduled, for whoever starts the server again."""
        mark = self.folder / DUE_FILE
        if next_job_ms is None:
            mark.unlink(missing_ok=True)
        else:
            mark.write_text(str(int(next_job_ms)))
