"""Running one function call whole: find it, validate, run it over a transaction, commit, note what happened.

The JavaScript side is lanes.py, the data side is the store. Who asks for a run, and what becomes of its result,
is decided by the callers (sync/, deployment.py). Facts: docs/spec/semantics.md §6, §9; runtime-abi.md §3.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from sandbox.engine import limits
from sandbox.engine.clock import Clock
from sandbox.engine.errors import (
    CONFLICT_CODE,
    AlreadyCommitted,
    CodeChanged,
    Conflict,
    LearnerError,
    StoreUnavailable,
)
from sandbox.engine.runtime.call import Call, CallResult, FunctionInfo
from sandbox.engine.runtime.code_gate import CodeGate
from sandbox.engine.runtime.conflicts import CONFLICT_HELP, backoff_seconds, note_of, winner_of
from sandbox.engine.runtime.functions import FunctionTable, not_found
from sandbox.engine.runtime.near_limits import with_warnings
from sandbox.engine.runtime.parties import BeforeCommit, BeforeRun, Host, RunsActions
from sandbox.engine.runtime.request import Identity, Outcome, Request, RequestMetadata
from sandbox.engine.runtime.services import Services
from sandbox.engine.runtime.stepping import HeldRuns, Stepper
from sandbox.engine.runtime.steps import StepRecorder, reach_commit
from sandbox.engine.runtime.storage_calls import Storage
from sandbox.engine.runtime.syscalls import RunContext, Syscalls
from sandbox.engine.runtime.syscalls.context import QuarantineFetch
from sandbox.engine.runtime.system_function import SYSTEM_PREFIX, SystemCall, SystemFunction
from sandbox.engine.runtime.turns import MutationTurns, RequestKey
from sandbox.engine.store import Snapshot, Store, Timestamp, Transaction
from sandbox.engine.trace import Cause, ConflictNote, FunctionKind, RunNote

__all__ = [
    "CALLED",
    "BeforeCommit",
    "BeforeRun",
    "Executor",
    "Host",
    "Identity",
    "Outcome",
    "Request",
    "RequestMetadata",
]

CALLED = Cause("call")

KILLED_CODE = "ProcessKilled"
KILLED_RETRIES_MAX = 2
"""A process that somebody else killed says nothing of the function, and its run has left nothing behind."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    transaction: Transaction
    result: CallResult
    run: RunContext
    total_ms: float

    async def settle(self) -> None:
        """To be called when it is decided whether the transaction is committed, and done."""
        if self.run.storage is not None:
            await self.run.storage.settle()


class Executor:
    """Runs functions of one deployment's current code. Not aware of sessions or subscriptions."""

    def __init__(
        self, store: Store, host: Host, clock: Clock, storage: Storage | None = None, world: Clock | None = None
    ) -> None:
        """`world` is the time that functions see, `clock` that of the notes."""
        self._store = store
        self._storage = storage
        self._host = host
        self._clock = clock
        self._world = world or clock
        self._gate = CodeGate()
        self.held = HeldRuns()
        self._gate.before_change = lambda: self.held.end_all("The code changed, so this run was ended.")
        self._turns = MutationTurns()
        self.table = FunctionTable({})
        self.code_ts = Timestamp(0)
        """The commit that made the loaded code live. Belongs to `functions`."""
        self.load_code: Callable[[], Awaitable[None]] | None = None
        """Loads the code that is live in the store; where code lives elsewhere (tests), there is none."""
        self.services = Services(secret=store.secret)
        self.actions: RunsActions | None = None
        self.quarantine_fetch: QuarantineFetch | None = None
        self.system_functions: Mapping[str, SystemFunction] = {}
        """By path ("_system/frontend/getSchemas"); called only by those who hold the admin key."""

    @property
    def functions(self) -> Mapping[str, FunctionInfo]:
        """The current code's functions by path. Setting them belongs into `changing_code`."""
        return self.table.functions

    @functions.setter
    def functions(self, functions: Mapping[str, FunctionInfo]) -> None:
        self.table = FunctionTable(functions)

    @property
    def changing_code(self) -> AbstractAsyncContextManager[None]:
        """Waits until no call runs, then keeps all calls waiting: code and schema change as one."""
        return self._gate.exclusive()

    @property
    def can_run(self) -> bool:
        """Whether there is code: its load may have failed for good."""
        return self.table.failure is None

    @asynccontextmanager
    async def current(self) -> AsyncIterator[Snapshot]:
        """A snapshot, the newest, and the code that belongs to it: no other is loaded until the block ends.

        Another process may have deployed: then its code is loaded first. A block must not ask for another one. Raises
        what keeps the code from loading now (EngineError).
        """
        while True:
            # First the code and then the snapshot: a change of code waits for snapshots, too.
            async with self._gate.shared(), await self._store.snapshot() as snapshot:
                if self.load_code is None or snapshot.catalog.code_ts == self.code_ts:
                    yield snapshot
                    return
            await self.load_code()

    async def queries(self, requests: Sequence[Request], cause: Cause) -> list[Outcome]:
        """Runs queries on one snapshot, the newest."""
        async with self.current() as snapshot:
            return [await self.query(request, snapshot, cause) for request in requests]

    async def query(self, request: Request, snapshot: Snapshot, cause: Cause) -> Outcome:
        """Runs a query on a snapshot that comes from `current`. Learner mistakes come back as the outcome's error.

        So does damage in the store that the query meets: others may read what is whole.
        """
        attempt = await self._attempt(request, "query", snapshot)
        return self._outcome(request, "query", attempt, attempt.result, cause, snapshot.ts, commit_ts=None)

    async def query_at(self, ts: int, request: Request, cause: Cause) -> Outcome:
        """Runs a query on the data as it was at `ts`, in ns. Raises LearnerError where that cannot be known."""

        async def rewind(transaction: Transaction) -> None:
            await self._store.rewind(transaction, ts)

        async with self.current() as snapshot:
            attempt = await self._attempt(request, "query", snapshot, rewind)
        return self._outcome(request, "query", attempt, attempt.result, cause, Timestamp(ts), commit_ts=None)

    async def action(self, request: Request, cause: Cause = CALLED, stepper: Stepper | None = None) -> Outcome:
        """Runs an action once, outside of any transaction. Learner mistakes come back as the outcome's error."""
        assert self.actions is not None, "this executor was given no actions"
        return await self.actions.run(request, cause, stepper=stepper)

    async def run(self, request: Request, *, kind: FunctionKind | None = None) -> Outcome:
        """Runs a function, of whichever kind it is, at the newest snapshot. `kind` is what the caller takes it for."""
        kind = kind or self._kind_of(request)
        if kind == "action":
            return await self.action(request)
        if kind == "mutation":
            return await self.mutation(request)
        return (await self.queries([request], CALLED))[0]

    def _kind_of(self, request: Request) -> FunctionKind | None:
        known = self.system_functions.get(request.path) or self.functions.get(request.path)
        return None if known is None else known.kind

    async def mutation(
        self,
        request: Request,
        *,
        request_key: RequestKey | None = None,
        guard: AbstractAsyncContextManager[Any] | None = None,
        deliver: Callable[[Outcome], None] | None = None,
        before_run: BeforeRun | None = None,
        before_commit: BeforeCommit | None = None,
        cause: Cause = CALLED,
        stepper: Stepper | None = None,
    ) -> Outcome:
        """Runs a mutation and commits it, again after a conflict (at most 4 times).

        `before_run` and `before_commit` (which is given the result's JSON) read and write in the mutation's own
        transaction, in every attempt; what they raise ends the whole. The latter is for successful attempts alone.

        `deliver` is called with the outcome while `guard` is held, and the guard is taken before the commit: whoever
        else takes the guard sees the response before any effect of the commit (sync-protocol.md §4 rule 5).
        When the code changes before its commit, it runs again on the new code; that is no retry.
        Raises AlreadyCommitted for a `request_key` that has an answer by the time its turn comes.
        With a `stepper` that holds the run it takes no turn, so that others may commit meanwhile.
        """
        outcome: Outcome | None = None
        conflicts: tuple[ConflictNote, ...] = ()
        while outcome is None:
            async with (
                nullcontext() if stepper is not None and stepper.holds else self._turns.take(request_key),
                self.current() as snapshot,
                AsyncExitStack() as last,
            ):
                await self._refuse_if_committed(request_key)
                attempt = await self._attempt(request, "mutation", snapshot, before_run, stepper)
                last.push_async_callback(attempt.settle)
                if before_commit is not None and attempt.result.value_json is not None:
                    await before_commit(attempt.transaction, attempt.result.value_json)
                try:
                    async with guard or nullcontext():
                        outcome = await self._commit(request, attempt, conflicts, request_key, cause)
                        if deliver is not None:
                            deliver(outcome)
                except CodeChanged:
                    continue
                except Conflict as conflict:
                    conflicts += (note_of(conflict),)
                    if stepper is not None:
                        stepper.lose_attempt(conflicts[-1])
                    if len(conflicts) > limits.CONFLICT_RETRIES_MAX:
                        outcome = self._lost(request, attempt, conflict, conflicts)
                        if deliver is not None:
                            deliver(outcome)
            if outcome is None:
                await asyncio.sleep(backoff_seconds(len(conflicts) - 1))
        return outcome

    async def _refuse_if_committed(self, request_key: RequestKey | None) -> None:
        """Looked up in the request's own turn: it may have been committed while it waited, or by another process."""
        record = None if request_key is None else await self._store.recorded_request(*request_key)
        if record is not None:
            ts, text = record
            answer = json.loads(text)
            raise AlreadyCommitted(ts, answer["value"], tuple(answer["logLines"]))

    async def _commit(
        self,
        request: Request,
        attempt: _Attempt,
        conflicts: tuple[ConflictNote, ...],
        request_key: RequestKey | None,
        cause: Cause,
    ) -> Outcome:
        """Commits a successful attempt; a failed one leaves nothing behind. Raises Conflict."""
        transaction, result = attempt.transaction, attempt.result
        if conflicts and cause == CALLED:
            cause = Cause("retry")
        if result.error is not None:
            return self._outcome(request, "mutation", attempt, result, cause, transaction.begin_ts, None, conflicts)
        run_id = secrets.token_hex(8)
        recorded = json.dumps({"value": result.value_json, "logLines": result.log_lines}) if request_key else ""
        ts = await self._store.commit(
            transaction, run_id=run_id, cause=request.path, writer=request.writer, request=request_key, result=recorded
        )
        return self._outcome(request, "mutation", attempt, result, cause, ts, ts, conflicts, run_id)

    def _lost(
        self, request: Request, attempt: _Attempt, conflict: Conflict, conflicts: tuple[ConflictNote, ...]
    ) -> Outcome:
        message = (
            f"{conflict.message} and on every subsequent retry. {winner_of(conflict, request.path)}{CONFLICT_HELP}"
        )
        result = replace(attempt.result, value_json=None, error=LearnerError(message, code=CONFLICT_CODE))
        return self._outcome(
            request, "mutation", attempt, result, Cause("retry"), attempt.transaction.begin_ts, None, conflicts
        )

    async def _attempt(
        self,
        request: Request,
        kind: FunctionKind,
        snapshot: Snapshot,
        before_run: BeforeRun | None = None,
        stepper: Stepper | None = None,
    ) -> _Attempt:
        for killed in range(KILLED_RETRIES_MAX + 1):
            transaction = self._store.transaction(snapshot, seed=secrets.token_bytes(16), writable=kind == "mutation")
            if before_run is not None:
                await before_run(transaction)
            attempt = await self._run(request, kind, transaction, stepper)
            if attempt.result.error is None or attempt.result.error.code != KILLED_CODE:
                break
            if killed < KILLED_RETRIES_MAX:
                await attempt.settle()
        return attempt

    async def _run(
        self, request: Request, kind: FunctionKind, transaction: Transaction, stepper: Stepper | None
    ) -> _Attempt:
        started = time.perf_counter()
        held = 0.0 if stepper is None else stepper.held_seconds
        transaction.journal_in = request.journal
        storage = None if self._storage is None else self._storage.calls(transaction, kind)
        now_ms, seed = float(self._world.now_ns() // 1_000_000), secrets.randbits(53)
        run = RunContext(request, self.table, self.services, now_ms, seed, storage, fetch=self.quarantine_fetch)
        if stepper is not None:
            stepper.begin_attempt(transaction.begin_ts)
            run.stepper, run.recorder = stepper, StepRecorder(stepper, transaction)
        syscalls = Syscalls(transaction, kind=kind, path=request.path, run=run)
        try:
            if request.is_admin and request.path.startswith(SYSTEM_PREFIX):
                result = await self._run_system_function(request, kind, transaction)
                return _Attempt(transaction, result, run, (time.perf_counter() - started) * 1000)
            self.table.find(request.path, kind, internal=request.internal or request.is_admin)
            self.table.check_args(request.path, request.args_json, transaction)
            call = Call(
                kind=kind,
                path=request.path,
                args_json=request.args_json,
                now_ms=now_ms,
                seed=seed,
                table_numbers=transaction.table_numbers(),
                snapshot_ts=transaction.begin_ts,
                steps=stepper is not None and stepper.describes,
            )
            asked = time.perf_counter()
            result = await self._host.call(call, syscalls)
            # Waiting for another call to end is no part of this run.
            started += time.perf_counter() - asked - result.total_ms / 1000
            result = with_warnings(self._checked(request.path, result, transaction), request.args_json, transaction)
        except LearnerError as error:
            result = CallResult(ok=False, value_json=None, error=error, log_lines=(), total_ms=0.0)
        except StoreUnavailable as fault:
            if kind != "query":
                raise
            told = LearnerError(fault.message, code=fault.code)
            result = CallResult(ok=False, value_json=None, error=told, log_lines=(), total_ms=0.0)
        if stepper is not None:
            result = await reach_commit(stepper, run.recorder, request.path, result)
            held = stepper.held_seconds - held
        total_ms = (time.perf_counter() - started - held) * 1000
        return _Attempt(transaction, result, run, total_ms)

    def _checked(self, path: str, result: CallResult, transaction: Transaction) -> CallResult:
        """The result, or the error of its value; what the function printed stays."""
        try:
            if result.value_json is not None:
                self.table.check_returns(path, result.value_json, transaction)
        except LearnerError as error:
            return replace(result, ok=False, value_json=None, error=error)
        return result

    async def _run_system_function(self, request: Request, kind: FunctionKind, transaction: Transaction) -> CallResult:
        """Raises LearnerError."""
        function = self.system_functions.get(request.path)
        if function is None or function.kind != kind:
            raise not_found(request.path)
        arguments = json.loads(request.args_json)
        if not isinstance(arguments, list) or len(arguments) != 1 or not isinstance(arguments[0], dict):
            raise LearnerError("The arguments must be one object.", code="InvalidArguments")
        call = SystemCall(transaction, arguments[0], self.functions, self.services, request.journal)
        value = await function.run(call)
        return CallResult(ok=True, value_json=json.dumps(value), error=None, log_lines=(), total_ms=0.0)

    def _outcome(
        self,
        request: Request,
        kind: FunctionKind,
        attempt: _Attempt,
        result: CallResult,
        cause: Cause,
        ts: Timestamp,
        commit_ts: Timestamp | None,
        conflicts: tuple[ConflictNote, ...] = (),
        run_id: str | None = None,
    ) -> Outcome:
        transaction = attempt.transaction
        note = RunNote(
            run_id=run_id or secrets.token_hex(8),
            path=request.path,
            kind=kind,
            args=request.args_json,
            at_ms=self._clock.now_ns() / 1_000_000,
            cause=cause,
            writer=request.writer,
            snapshot_ts=transaction.begin_ts,
            commit_ts=commit_ts,
            reads=tuple(transaction.reads),
            writes=transaction.writes if commit_ts is not None else (),
            store_ms=transaction.store_ms,
            total_ms=attempt.total_ms,
            log_lines=result.log_lines,
            error=None if result.error is None else result.error.message,
            # What was lost last is no retry when it was the end.
            retries=min(len(conflicts), limits.CONFLICT_RETRIES_MAX),
            unawaited=result.unawaited,
            conflicts=conflicts,
            result=result.value_json,
        )
        return Outcome(
            result.value_json,
            result.error,
            result.log_lines,
            ts,
            transaction.read_set,
            attempt.run.identity_was_read,
            note,
            transaction.journal_out,
            attempt.run.time_was_read,
        )
