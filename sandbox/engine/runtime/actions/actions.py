"""Running one action whole: find it, validate, run it, note what happened.

An action is no transaction: it runs once, is never run again, and what its calls committed stays also when it fails.
Facts: docs/spec/semantics.md §6, §8; the JavaScript side is host.py.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from sandbox.engine import limits
from sandbox.engine.clock import Clock
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.actions.backend import EngineBackend
from sandbox.engine.runtime.actions.host import ActionHost
from sandbox.engine.runtime.actions.http_exchange import (
    NO_HTTP_ACTIONS,
    HttpActionRequest,
    HttpActionResponse,
    HttpAnswer,
    ResponseSink,
    error_response,
    read_response,
    text_response,
)
from sandbox.engine.runtime.actions.node_host import NodeHost
from sandbox.engine.runtime.actions.operations import ActionOperations
from sandbox.engine.runtime.actions.running import ActionCall
from sandbox.engine.runtime.call import CallResult, FunctionInfo
from sandbox.engine.runtime.compile import CompiledProject
from sandbox.engine.runtime.executor import CALLED, Executor
from sandbox.engine.runtime.fetching import Fetcher, FetchPolicy, PracticeService
from sandbox.engine.runtime.functions import TableNames
from sandbox.engine.runtime.near_limits import with_action_warnings
from sandbox.engine.runtime.request import Identity, Outcome, Request, RequestMetadata
from sandbox.engine.runtime.stepping import Stepper
from sandbox.engine.runtime.storage_calls import Storage
from sandbox.engine.runtime.toolchain import Toolchain
from sandbox.engine.store import ReadSet, Store, Timestamp
from sandbox.engine.trace import Cause, RunNote


class Actions:
    """The actions of one deployment. ACTIONS_AT_ONCE_MAX run at a time at each depth of calls; the others wait.

    `note_run` is told of every run that an action causes, `wake` is called after every commit of one.
    """

    def __init__(
        self,
        executor: Executor,
        store: Store,
        tools: Toolchain,
        clock: Clock,
        *,
        storage: Storage | None = None,
        note_run: Callable[[RunNote], None],
        wake: Callable[[], None],
        fetch_policy: FetchPolicy | None = None,
        practice: PracticeService | None = None,
        world: Clock | None = None,
    ) -> None:
        self._executor = executor
        self._store = store
        self._clock = clock
        self._world = world or clock
        self._storage = storage
        self._host = ActionHost(tools)
        self._node = NodeHost(tools)
        self._backend = EngineBackend(executor, store, self._world, self.run, note_run, wake)
        self._fetcher = Fetcher(fetch_policy, practice=practice)
        depths = range(limits.NESTED_CALL_DEPTH_MAX)
        self._places = [asyncio.Semaphore(limits.ACTIONS_AT_ONCE_MAX) for _ in depths]
        self._waiting = 0

    async def analyze(self, project: CompiledProject) -> dict[str, FunctionInfo]:
        """The functions of the project's `"use node"` files, by path. Raises DeployError."""
        return await self._node.analyze(project)

    def use(self, project: CompiledProject) -> None:
        """Makes the project the code of the actions that begin from now on."""
        self._host.use(project)
        self._node.use(project)

    async def end_idle(self) -> None:
        """Gives back the memory of processes that run nothing."""
        await asyncio.gather(self._host.end_idle(), self._node.end_idle())

    async def close(self) -> None:
        """Actions that run fail and say why."""
        await asyncio.gather(self._host.close(), self._node.close())
        self._fetcher.close()

    async def run(
        self, request: Request, cause: Cause = CALLED, depth: int = 0, stepper: Stepper | None = None
    ) -> Outcome:
        """Runs an action once. Learner mistakes come back as the outcome's error.

        `depth` counts the actions that called one another; the first has 0. The functions that it calls are steps of
        `stepper` and not held themselves.
        """
        started = time.perf_counter()
        run_id = secrets.token_hex(8)
        ts = await self._store.head()
        try:
            async with self._place(depth):
                started = time.perf_counter()
                result = await self._run(request, depth, run_id, stepper)
        except LearnerError as error:
            result = CallResult(ok=False, value_json=None, error=error, log_lines=(), total_ms=0.0)
        return self._outcome(run_id, request, result, cause, ts, (time.perf_counter() - started) * 1000)

    async def _run(self, request: Request, depth: int, run_id: str, stepper: Stepper | None) -> CallResult:
        async with self._executor.current() as snapshot:
            table = self._executor.table
            table.find(request.path, "action", internal=request.internal or request.is_admin)
            transaction = self._store.transaction(snapshot, seed=b"\0" * 16, writable=False)
            table.check_args(request.path, request.args_json, transaction)
        call = ActionCall(request.path, request.args_json, self.now_ms(), secrets.randbits(53))
        if stepper is not None:
            stepper.begin_attempt(snapshot.ts)
        operations = self._operations(request, depth, run_id, stepper=stepper)
        if self._node.has(request.path):
            result = await self._node.call(call, operations, depth)
        else:
            result = await self._host.call(call, operations)
        if result.value_json is not None:
            try:
                async with self._table_names() as names:
                    table.check_returns(request.path, result.value_json, names)
            except LearnerError as error:
                result = replace(result, ok=False, value_json=None, error=error)
        return with_action_warnings(result, request.args_json)

    async def serve(
        self,
        asked: HttpActionRequest,
        identity: Identity | None = None,
        metadata: RequestMetadata | None = None,
        sink: ResponseSink | None = None,
    ) -> tuple[HttpActionResponse | None, RunNote | None]:
        """Answers a request by http.ts; a route that throws answers 500. With the note of the run, if there was one.

        A response whose body is a stream, or large, goes to `sink` as it comes, and None is returned for it.
        """
        async with self._executor.current():
            pass  # the code that is live now; what comes after it is the next request's
        if not self._host.has_module("http"):
            return text_response(404, NO_HTTP_ACTIONS), None
        if len(asked.body) > limits.HTTP_BODY_BYTES_MAX:
            return text_response(413, "HTTP actions support requests up to 20 MiB"), None
        caller = Request("http:default", "[]", identity, metadata=metadata or RequestMetadata())
        answer = HttpAnswer(sink)
        run_id = secrets.token_hex(8)
        started = time.perf_counter()
        ts = await self._store.head()
        try:
            if self._executor.table.failure is not None:
                raise self._executor.table.failure
            async with self._place(0):
                started = time.perf_counter()
                operations = self._operations(caller, 0, run_id, answer)
                request = asked.to_json(operations.pieces)
                result = await self._host.call(
                    ActionCall(None, request, self.now_ms(), secrets.randbits(53)), operations
                )
        except LearnerError as error:
            result = CallResult(ok=False, value_json=None, error=error, log_lines=(), total_ms=0.0)
        response, result = _http_response(result, answer)
        has_gone = answer.head is not None and sink is not None
        route = response.route if answer.head is None else answer.head.route
        path = route or f"{asked.method} {urlsplit(asked.url).path}"
        args = json.dumps([{"method": asked.method, "url": asked.url}])
        caller = replace(caller, path=path, args_json=args)
        outcome = self._outcome(run_id, caller, result, Cause("http"), ts, (time.perf_counter() - started) * 1000)
        return None if has_gone else response.for_method(asked.method), outcome.note

    def _operations(
        self,
        caller: Request,
        depth: int,
        run_id: str,
        answer: HttpAnswer | None = None,
        stepper: Stepper | None = None,
    ) -> ActionOperations:
        storage = None if self._storage is None else self._storage.action_calls().operations
        return ActionOperations(self._backend, self._fetcher, caller, depth, storage, answer, stepper, run_id)

    def now_ms(self) -> float:
        return float(self._world.now_ns() // 1_000_000)

    @asynccontextmanager
    async def _table_names(self) -> AsyncIterator[TableNames]:
        async with await self._store.snapshot() as snapshot:
            yield self._store.transaction(snapshot, seed=b"\0" * 16, writable=False)

    @asynccontextmanager
    async def _place(self, depth: int) -> AsyncIterator[None]:
        """Waits for a place. Each depth has its own, so that no action waits for a place that its own caller holds."""
        if depth >= limits.NESTED_CALL_DEPTH_MAX:
            raise LearnerError(
                "Cross component call depth limit exceeded. Do you have an infinite loop in your app?",
                code="CallDepthExceeded",
            )
        if depth == 0 and self._waiting >= limits.ACTIONS_WAITING_MAX:
            raise LearnerError(
                f"Too many actions at once (limit: {limits.ACTIONS_AT_ONCE_MAX}). Try again later.",
                code="TooManyActions",
            )
        self._waiting += depth == 0
        try:
            await self._places[depth].acquire()
        finally:
            self._waiting -= depth == 0
        try:
            yield
        finally:
            self._places[depth].release()

    def _outcome(
        self, run_id: str, request: Request, result: CallResult, cause: Cause, ts: Timestamp, total_ms: float
    ) -> Outcome:
        note = RunNote(
            run_id=run_id,
            path=request.path,
            kind="action",
            args=request.args_json,
            at_ms=self._clock.now_ns() / 1_000_000,
            cause=cause,
            writer=request.writer,
            snapshot_ts=ts,
            commit_ts=None,
            reads=(),
            writes=(),
            store_ms=0.0,
            total_ms=total_ms,
            log_lines=result.log_lines,
            error=None if result.error is None else result.error.message,
            unawaited=result.unawaited,
        )
        return Outcome(result.value_json, result.error, result.log_lines, ts, ReadSet(), False, note)


def _http_response(result: CallResult, answer: HttpAnswer) -> tuple[HttpActionResponse, CallResult]:
    """The response, and the result with the error that kept the action from one (or from the end of its body)."""
    try:
        if result.error is not None:
            raise result.error
        assert result.value_json is not None
        if answer.head is not None:
            return answer.gathered() or answer.head, result
        return read_response(result.value_json), result
    except LearnerError as error:
        return error_response(error), replace(result, ok=False, value_json=None, error=error)
