"""A deployment: one store, the functions pushed to it, and the clients that look at it.

Puts the parts together and owns their life; each part's rules are in its own module. A deployment is a folder
(`store.db`, and `files` for what was stored), so that it comes back as it was after a restart; several processes may
have it open.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from sandbox.engine import limits
from sandbox.engine.clock import Clock, SystemClock, WorldClock
from sandbox.engine.errors import StoreUnavailable
from sandbox.engine.fast_forward import FastForward
from sandbox.engine.jobs.scheduler import Scheduler
from sandbox.engine.jobs.workplace import Workplace
from sandbox.engine.listeners import Listeners, TraceListener
from sandbox.engine.live_code import DeployResult, LiveCode
from sandbox.engine.runtime.actions.actions import Actions
from sandbox.engine.runtime.actions.http_exchange import HttpActionRequest, HttpActionResponse, ResponseSink
from sandbox.engine.runtime.call import FunctionInfo
from sandbox.engine.runtime.executor import Executor, Identity, Outcome, Request, RequestMetadata
from sandbox.engine.runtime.fetching import FetchPolicy, PracticeService
from sandbox.engine.runtime.function_paths import canonical_path
from sandbox.engine.runtime.lanes import JsLanes
from sandbox.engine.runtime.quarantine import Quarantine
from sandbox.engine.runtime.stepping import Stepper
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
from sandbox.engine.sync.answers import persona_of
from sandbox.engine.sync.callers import (
    NOBODY,
    Caller,
    Callers,
    VerifyAdminKey,
    VerifyToken,
    refuse_every_key,
    refuse_every_token,
)
from sandbox.engine.sync.live_queries import LiveQueries
from sandbox.engine.sync.outbox import Close, Send
from sandbox.engine.sync.session import SyncSession
from sandbox.engine.sync.watch import Watch
from sandbox.engine.system_functions import SYSTEM_FUNCTIONS
from sandbox.engine.tables import Snapshots, TableEditor
from sandbox.engine.trace import Cause, FunctionKind, Order, RunNote

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 0.25
IDLE_FOLLOW_SECONDS = 2.0
DUE_FILE = "jobs.due"
"""Holds the time of the next scheduled function, in milliseconds since 1970."""
ROWS_PER_COMMIT = 250

Arguments = Mapping[str, Any] | Sequence[Any]


class Deployment:
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
        deployment._follower = asyncio.create_task(deployment._follow_other_writers())
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

    async def run(
        self,
        path: str,
        args: Arguments,
        *,
        identity: Identity | None = None,
        is_admin: bool = False,
        kind: FunctionKind | None = None,
        stepper: Stepper | None = None,
    ) -> Outcome:
        """One call of a function of that kind; without a kind, of whatever the function is.

        A `stepper` holds or ends a mutation or an action before its steps; a query leaves nothing behind and runs on.
        Raises LearnerError where too many runs are held.

        `args` is a Convex-encoded JSON object, or a list of positional arguments as clients send it. An admin reaches
        internal functions, too.
        """
        request = _request_of(Caller(identity, is_admin), path, args)
        if kind is None:
            await self.follow()
        function = self.executor.functions.get(request.path) or self.executor.system_functions.get(request.path)
        match kind or (function.kind if function is not None else "query"):
            case "query":
                return (await self.run_queries([request]))[0]
            case "mutation":
                return await self._run_mutation(request, stepper)
            case "action":
                return await self.run_action(request, stepper)

    async def has_function(self, path: str) -> bool:
        """Whether there is a function of that path now, also one that the caller may not reach."""
        await self.follow()
        known = canonical_path(path)
        return known in self.executor.functions or known in self.executor.system_functions

    async def http_action(
        self, request: HttpActionRequest, *, identity: Identity | None = None, metadata: RequestMetadata | None = None
    ) -> HttpActionResponse:
        """Answers a request by the routes of http.ts; what its code throws is an answer, too (500)."""
        response, note = await self.actions.serve(request, identity, metadata)
        if note is not None:
            self.note_run(note)
        assert response is not None, "there is no sink"
        return response

    async def stream_http_action(
        self,
        request: HttpActionRequest,
        sink: ResponseSink,
        *,
        identity: Identity | None = None,
        metadata: RequestMetadata | None = None,
    ) -> HttpActionResponse | None:
        """The same, but a body that is a stream, or large, goes to `sink` as it comes: then None is returned."""
        response, note = await self.actions.serve(request, identity, metadata, sink)
        if note is not None:
            self.note_run(note)
        return response

    async def run_action(self, request: Request, stepper: Stepper | None = None) -> Outcome:
        """Runs an action once, in no transaction. It goes on when the code changes meanwhile."""
        with self.executor.held.admit(stepper):
            outcome = await self.executor.action(request, stepper=stepper)
        self.note_run(outcome.note)
        return outcome

    def run_to_end(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that goes on when the client is gone whose request it is. `close` ends it."""
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    async def run_queries(self, requests: Sequence[Request]) -> list[Outcome]:
        """Several queries at one snapshot, the newest."""
        outcomes = await self.executor.queries(requests, Cause("call"))
        for outcome in outcomes:
            self.note_run(outcome.note)
        return outcomes

    async def run_query_batch(
        self, calls: Iterable[tuple[str, Arguments]], *, caller: Caller = NOBODY
    ) -> list[Outcome]:
        """Several queries (path and arguments) at one snapshot."""
        return await self.run_queries([_request_of(caller, path, args) for path, args in calls])

    async def run_query_at(self, ts: int, path: str, args: Arguments, *, caller: Caller = NOBODY) -> Outcome:
        """A query on the data as it was at `ts`, in ns.

        Raises LearnerError: `SnapshotTooOld` where that is no longer known, `InvalidTimestamp` before `ts`.
        """
        outcome = await self.executor.query_at(ts, _request_of(caller, path, args), Cause("call"))
        self.note_run(outcome.note)
        return outcome

    async def run_query(self, path: str, args: Arguments, *, identity: Identity | None = None) -> Outcome:
        """One query at the newest snapshot."""
        return (await self.run_queries([_request(path, args, Caller(identity), None)]))[0]

    async def run_mutation(
        self,
        path: str,
        args: Arguments,
        *,
        identity: Identity | None = None,
        writer: str | None = None,
        stepper: Stepper | None = None,
    ) -> Outcome:
        """Raises LearnerError where too many runs are held already."""
        return await self._run_mutation(_request(path, args, Caller(identity), writer), stepper)

    async def _run_mutation(self, request: Request, stepper: Stepper | None = None) -> Outcome:
        with self.executor.held.admit(stepper):
            outcome = await self.executor.mutation(request, stepper=stepper)
        self.note_run(outcome.note)
        self.live.wake()
        return outcome

    async def subscribe(self, path: str, args: Arguments, *, identity: Identity | None = None) -> Watch:
        return Watch(self.live, canonical_path(path), _args_json(args), identity)

    async def settle(self) -> None:
        """Returns when all subscriptions have what follows from every commit so far."""
        await self.live.settled()

    async def schema_json(self) -> str:
        """The schema in force, as its export (docs/spec/runtime-abi.md §3)."""
        async with await self.store.snapshot() as snapshot:
            return snapshot.catalog.schema.json_text

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

    async def _follow_other_writers(self) -> None:
        """Commits of other processes are found by polling; a notice would only shorten the wait."""
        seen: int | None = await self.store.data_version()
        while True:
            await asyncio.sleep(IDLE_FOLLOW_SECONDS if self.is_idle else FOLLOW_SECONDS)
            try:
                version = await self.store.data_version()
                self.practice.notice_others()
                if version != seen:
                    await self.time.follow()
            except StoreUnavailable as error:
                if seen is not None:
                    logger.error("%s: %s", self.folder.name, error.message)
                seen = None
                continue
            if version != seen:
                seen = version
                self.live.wake()
                self.jobs.wake()


def _args_json(args: Arguments) -> str:
    positional = [dict(args)] if isinstance(args, Mapping) else list(args)
    return json.dumps(positional, separators=(",", ":"), ensure_ascii=False)


def _request(path: str, args: Arguments, caller: Caller, writer: str | None) -> Request:
    return caller.request(canonical_path(path), _args_json(args), writer)


def _request_of(caller: Caller, path: str, args: Arguments) -> Request:
    return _request(path, args, caller, persona_of(caller.identity))
