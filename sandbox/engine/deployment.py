"""A deployment: one store, the functions pushed to it, and the clients that look at it.

Puts the parts together and owns their life; each part's rules are in its own module. A deployment is a folder
(`store.db` and `project.json`), so that it comes back as it was after a restart.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from sandbox.engine import limits, values
from sandbox.engine.clock import Clock, SystemClock
from sandbox.engine.errors import Conflict, DeployError, LearnerError, Problem, StoreUnavailable
from sandbox.engine.jobs.cron_definitions import CronDefinition, CronError, parse_crons, place_in_crons
from sandbox.engine.jobs.scheduler import Scheduler
from sandbox.engine.jobs.workplace import Workplace
from sandbox.engine.runtime.actions.actions import Actions
from sandbox.engine.runtime.actions.http_exchange import HttpActionRequest, HttpActionResponse
from sandbox.engine.runtime.bundle import source_of
from sandbox.engine.runtime.call import Analysis, FunctionInfo
from sandbox.engine.runtime.compile import CompiledProject, compile_project
from sandbox.engine.runtime.environment import environment_of
from sandbox.engine.runtime.executor import Executor, Identity, Outcome, Request, RequestMetadata
from sandbox.engine.runtime.fetching import FetchPolicy
from sandbox.engine.runtime.lanes import JsLanes
from sandbox.engine.runtime.schema_places import place_in_schema
from sandbox.engine.runtime.storage_calls import Storage
from sandbox.engine.runtime.toolchain import Toolchain
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import (
    Commit,
    Comparison,
    Files,
    PushProgress,
    Store,
    StoredFile,
    UploadTokens,
    compare_plans,
)
from sandbox.engine.store.faults import fault_of
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
from sandbox.engine.sync.protocol import canonical_path
from sandbox.engine.sync.session import SyncSession
from sandbox.engine.sync.watch import Watch
from sandbox.engine.system_functions import SYSTEM_FUNCTIONS
from sandbox.engine.trace import BackfillNote, Cause, CommitNote, DeployNote, FunctionKind, Order, RunNote, TraceNote

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 0.25
IDLE_FOLLOW_SECONDS = 2.0
DUE_FILE = "jobs.due"
"""Holds the time of the next scheduled function, in milliseconds since 1970."""
ROWS_PER_COMMIT = 250

Arguments = Mapping[str, Any] | Sequence[Any]
TraceListener = Callable[[TraceNote], None]


@dataclass(frozen=True, slots=True)
class DeployResult:
    """What became of a deploy. With problems, the code that was live before is still live."""

    ok: bool
    problems: tuple[Problem, ...]
    total_ms: float


class Deployment:
    """Open with `await Deployment.open(...)`, end with `await close()`. Belongs to one event loop."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        tools: Toolchain,
        callers: Callers,
        clock: Clock,
        *,
        origin: str = "",
        fetch_policy: FetchPolicy | None = None,
    ) -> None:
        self.folder = folder
        self.store = store
        self.clock = clock
        self.callers = callers
        self.origin = origin
        self.site_origin = ""
        self.revision: int | None = None
        self.environment: Mapping[str, str] = environment_of({}, origin=origin, site_origin="")
        """What functions find in `process.env`; see `set_environment`."""
        self._tools = tools
        self._host = JsLanes(tools)
        files = Files(store, on_commit=lambda: self.live.wake())
        self.storage = Storage(files, UploadTokens(store.secret, clock), f"{origin}/api/storage")
        self.executor = Executor(store, self._host, clock, self.storage)
        self.executor.system_functions = SYSTEM_FUNCTIONS
        self.live = LiveQueries(store, self.executor, self.note_run)
        self.live.on_commit(self._note_commit)
        self.actions = Actions(
            self.executor,
            store,
            tools,
            clock,
            storage=self.storage,
            note_run=self.note_run,
            wake=self.live.wake,
            fetch_policy=fetch_policy,
        )
        self.executor.actions = self.actions
        self._project: CompiledProject | None = None
        self._files: dict[str, str] = {}
        self._deploying = asyncio.Lock()
        self._listeners: list[TraceListener] = []
        self._sessions: set[SyncSession] = set()
        self._work: set[asyncio.Task[None]] = set()
        self._follower: asyncio.Task[None] | None = None
        self.jobs = Scheduler(
            Workplace(
                store, self.executor, clock, on_run=self.note_run, on_commit=self.live.wake, on_plan=self._note_plan
            )
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
    ) -> Deployment:
        """Opens or creates the deployment in `folder`, with the code that was last live there.

        `origin` is how clients reach it (`http://127.0.0.1:3210`); the addresses of stored files begin with it.
        `fetch_policy` says whom actions may reach; without one, the practice service alone.
        `site_origin` is where its HTTP actions answer, `environment` what its functions find in `process.env`.
        Raises LearnerError for an environment that cannot be, StoreUnavailable where the folder cannot be used.
        """
        variables = environment_of(environment or {}, origin=origin, site_origin=site_origin)
        clock = clock or SystemClock()
        store = await Store.open(folder, clock=clock)
        callers = Callers(verify_token, verify_admin_key)
        deployment = cls(folder, store, tools, callers, clock, origin=origin, fetch_policy=fetch_policy)
        deployment.site_origin = site_origin
        deployment.environment = variables
        await deployment.storage.files.recover()
        deployment.live.start(await store.head())
        deployment._follower = asyncio.create_task(deployment._follow_other_writers())
        await deployment._reload()
        return deployment

    async def end_processes(self) -> None:
        """Gives back the memory of the JavaScript processes. The next call takes a spare, or starts another."""
        await asyncio.gather(self._host.close(), self.actions.end_idle())

    async def close(self) -> None:
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)
        await self.jobs.stop()
        await self.live.stop()
        for session in list(self._sessions):
            await session.disconnect()
        await self.actions.close()
        for task in (work := list(self._work)):
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await self._host.close()
        await self.store.close()

    # ── code ────────────────────────────────────────────────────────────────

    @property
    def functions(self) -> Mapping[str, FunctionInfo]:
        return self.executor.functions

    async def deploy(self, revision: int, files: Mapping[str, str]) -> DeployResult:
        """Makes the project the live code: all of it or nothing. Learner mistakes come back as problems."""
        started = time.perf_counter()
        async with self._deploying:
            try:
                # Before the code is live: a full disk shows itself here.
                place = self.folder / "project.json"
                saved = _ready(place, json.dumps({"revision": revision, "files": dict(files)}))
                await self._go_live(files)
            except (DeployError, StoreUnavailable) as error:
                problems = error.problems if isinstance(error, DeployError) else ()
                problems = problems or (Problem(self._first_change(files), 0, 0, error.message),)
                return DeployResult(False, problems, (time.perf_counter() - started) * 1000)
            self.revision = revision
            os.replace(saved, place)
        total_ms = (time.perf_counter() - started) * 1000
        self._tell(DeployNote(revision, self.clock.now_ns() / 1_000_000, total_ms))
        self.live.expire_all(Cause("deploy"))
        return DeployResult(True, (), total_ms)

    async def set_environment(self, variables: Mapping[str, str]) -> None:
        """Other variables: modules are loaded again and every query runs again. Raises LearnerError, DeployError."""
        environment = environment_of(variables, origin=self.origin, site_origin=self.site_origin)
        async with self._deploying:
            if self._project is not None:
                project = replace(self._project, environment=environment)
                async with self.executor.changing_code:
                    self._make_current(project, await self._host.load(project))
            self.environment = environment
        self.live.expire_all(Cause("deploy"))

    async def _go_live(self, files: Mapping[str, str]) -> None:
        project = replace(await compile_project(files, self._tools), environment=self.environment)
        async with self.executor.changing_code:
            analysis = await self._host.load(project)
            try:
                crons = self._crons(analysis, files)
                await self._push_schema(analysis.schema_json, files)
                await self.jobs.push_crons(crons)
            except BaseException:
                if self._project is not None:
                    await self._host.load(self._project)
                raise
            self._files = dict(files)
            self._make_current(project, analysis)

    def _make_current(self, project: CompiledProject, analysis: Analysis) -> None:
        self._project = project
        self.executor.functions = analysis.functions
        self.executor.services.modules = frozenset(project.maps)
        self.actions.use(project)
        self.jobs.start()

    def _first_change(self, files: Mapping[str, str]) -> str:
        """Where to look when nothing more is known: the first file that differs from the live project."""
        changed = [path for path, text in files.items() if self._files.get(path) != text]
        modules = [path for path in changed if path.startswith("convex/") and not path.endswith(".map")]
        return source_of(min(modules, default="convex/schema.ts"), files)

    async def _push_schema(self, schema_json: str | None, files: Mapping[str, str]) -> None:
        try:
            schema = SchemaDefinition.EMPTY if schema_json is None else SchemaDefinition.parse(schema_json)
            await self.store.push_schema(schema, report=self._note_progress)
        except LearnerError as error:
            raise DeployError(error.message, (place_in_schema(error.message, files),), code=error.code) from error

    def _crons(self, analysis: Analysis, files: Mapping[str, str]) -> Mapping[str, CronDefinition]:
        try:
            return parse_crons(analysis.crons_json, analysis.functions)
        except CronError as error:
            raise DeployError(error.message, (place_in_crons(error, files),), code=error.code) from error

    async def _reload(self) -> None:
        """Brings back the code of an earlier process. It was live before, so a failure is ours and only logged."""
        saved = self.folder / "project.json"
        if not saved.exists():
            return
        project = json.loads(saved.read_text())
        try:
            await self._go_live(project["files"])
            self.revision = project["revision"]
        except DeployError as error:
            logger.error("Revision %s no longer loads: %s", project["revision"], error.message)

    # ── clients and calls ───────────────────────────────────────────────────

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
    ) -> Outcome:
        """One call of a function of that kind; without a kind, of whatever the function is.

        `args` is a Convex-encoded JSON object, or a list of positional arguments as clients send it. An admin reaches
        internal functions, too.
        """
        request = _request_of(Caller(identity, is_admin), path, args)
        function = self.executor.functions.get(request.path) or self.executor.system_functions.get(request.path)
        match kind or (function.kind if function is not None else "query"):
            case "query":
                return (await self.run_queries([request]))[0]
            case "mutation":
                return await self._run_mutation(request)
            case "action":
                return await self.run_action(request)

    async def http_action(
        self, request: HttpActionRequest, *, identity: Identity | None = None, metadata: RequestMetadata | None = None
    ) -> HttpActionResponse:
        """Answers a request by the routes of http.ts; what its code throws is an answer, too (500)."""
        response, note = await self.actions.serve(request, identity, metadata)
        if note is not None:
            self.note_run(note)
        return response

    async def run_action(self, request: Request) -> Outcome:
        """Runs an action once, in no transaction. It goes on when the code changes meanwhile."""
        outcome = await self.executor.action(request)
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
        async with await self.store.snapshot() as snapshot:
            outcomes = [await self.executor.query(request, snapshot, Cause("call")) for request in requests]
        for outcome in outcomes:
            self.note_run(outcome.note)
        return outcomes

    async def run_query_batch(
        self, calls: Iterable[tuple[str, Arguments]], *, caller: Caller = NOBODY
    ) -> list[Outcome]:
        """Several queries (path and arguments) at one snapshot."""
        return await self.run_queries([_request_of(caller, path, args) for path, args in calls])

    async def run_query_at(self, ts: int, path: str, args: Arguments, *, caller: Caller = NOBODY) -> Outcome:
        """A query as of `ts`, in ns: answered at the newest snapshot when no commit since then concerns it.

        Raises LearnerError: `SnapshotTooOld` when one does, or when the log no longer tells; `SnapshotInFuture`.
        """
        outcome = (await self.run_queries([_request_of(caller, path, args)]))[0]
        await self.store.check_valid_at(ts, outcome.read_set, outcome.ts)
        return outcome

    async def run_query(self, path: str, args: Arguments, *, identity: Identity | None = None) -> Outcome:
        """One query at the newest snapshot."""
        return (await self.run_queries([_request(path, args, Caller(identity), None)]))[0]

    async def run_mutation(
        self, path: str, args: Arguments, *, identity: Identity | None = None, writer: str | None = None
    ) -> Outcome:
        return await self._run_mutation(_request(path, args, Caller(identity), writer))

    async def _run_mutation(self, request: Request) -> Outcome:
        outcome = await self.executor.mutation(request)
        self.note_run(outcome.note)
        self.live.wake()
        return outcome

    async def subscribe(self, path: str, args: Arguments, *, identity: Identity | None = None) -> Watch:
        return Watch(self.live, canonical_path(path), _args_json(args), identity)

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
        pending = [values.decode(dict(row)) for row in rows]
        for start in range(0, len(pending), ROWS_PER_COMMIT):
            await self._insert_chunk(table, pending[start : start + ROWS_PER_COMMIT], writer, cause)
            self.live.wake()
            # Others of this process come first between two chunks.
            await asyncio.sleep(0)
        return len(pending)

    async def _insert_chunk(self, table: str, rows: list[Any], writer: str | None, cause: str) -> None:
        for attempt in range(limits.CONFLICT_RETRIES_MAX + 1):
            async with await self.store.snapshot() as snapshot:
                transaction = self.store.transaction(snapshot, seed=secrets.token_bytes(16), writable=True)
                for row in rows:
                    await transaction.insert(table, row)
                try:
                    await self.store.commit(transaction, run_id="", cause=cause, writer=writer)
                    return
                except Conflict:
                    if attempt == limits.CONFLICT_RETRIES_MAX:
                        raise

    async def compare(
        self, table: str, index: str | None, range_: list[dict[str, Any]], order: Order, limit: int | None = None
    ) -> Comparison:
        """The same read through the index and as a full scan, both measured (in a process apart)."""
        return await compare_plans(self.store.path, table, index, range_, order, limit)

    # ── notes for the panels ────────────────────────────────────────────────

    def add_listener(self, listener: TraceListener) -> None:
        self._listeners.append(listener)

    def remove_listener(self, listener: TraceListener) -> None:
        self._listeners.remove(listener)

    @property
    def is_idle(self) -> bool:
        return not self._listeners and not self.live.has_listeners and not self.jobs.is_busy

    def note_run(self, note: RunNote) -> None:
        self._tell(note)

    def _note_progress(self, progress: PushProgress) -> None:
        at_ms = self.clock.now_ns() / 1_000_000
        self._tell(BackfillNote(at_ms, progress.table, progress.indexes, progress.documents, progress.total))

    def _note_commit(self, commit: Commit) -> None:
        if not commit.changes:
            return  # a pushed schema, or a mutation that wrote nothing: other notes tell of those
        tables = tuple(sorted({change.table for change in commit.changes}))
        at_ms = commit.ts / 1_000_000
        documents = len(commit.changes)
        self._tell(CommitNote(commit.ts, commit.run_id, at_ms, commit.cause, commit.writer, tables, documents))

    def _tell(self, note: TraceNote) -> None:
        for listener in list(self._listeners):
            try:
                listener(note)
            except Exception:
                logger.exception("A trace listener failed")

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


def _ready(path: Path, text: str) -> Path:
    """The text beside its place, to be moved there by one rename. Raises StoreUnavailable."""
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(text)
    except OSError as error:
        raise fault_of(error) or error from error
    return fresh
