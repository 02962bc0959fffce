"""Running one function call whole: find it, validate, run it over a transaction, commit, note what happened.

The JavaScript side is lanes.py, the data side is the store. Who asks for a run, and what becomes of its result,
is decided by the callers (sync/, deployment.py). Facts: docs/spec/semantics.md §6, §9; runtime-abi.md §3.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sandbox.engine import limits, schema, values
from sandbox.engine.clock import Clock
from sandbox.engine.errors import AlreadyCommitted, Conflict, LearnerError, LimitExceeded
from sandbox.engine.runtime.call import Call, CallResult, FunctionInfo
from sandbox.engine.runtime.code_gate import CodeGate
from sandbox.engine.runtime.syscalls import Syscalls
from sandbox.engine.store import ReadSet, Snapshot, Store, Timestamp, Transaction
from sandbox.engine.trace import Cause, FunctionKind, RunNote

Identity = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks. `identity` is what `ctx.auth.getUserIdentity()` returns; `writer` names the client in the panels."""

    path: str
    args_json: str
    """JSON text of an array with one object."""
    identity: Identity | None = None
    writer: str | None = None
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call came to. Exactly one of `value_json` and `error` is set."""

    value_json: str | None
    error: LearnerError | None
    log_lines: tuple[str, ...]
    ts: Timestamp
    read_set: ReadSet
    identity_was_read: bool
    note: RunNote = field(repr=False)

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def value(self) -> Any:
        """The returned value as parsed JSON (Convex-encoded)."""
        return None if self.value_json is None else json.loads(self.value_json)


@dataclass(frozen=True, slots=True)
class _Attempt:
    transaction: Transaction
    result: CallResult
    identity_was_read: bool
    total_ms: float


class Host(Protocol):
    """The JavaScript side of a deployment: lanes.py, or Python functions in tests."""

    async def call(self, call: Call, syscalls: Syscalls) -> CallResult: ...


class Executor:
    """Runs functions of one deployment's current code. Not aware of sessions or subscriptions."""

    def __init__(self, store: Store, host: Host, clock: Clock) -> None:
        self._store = store
        self._host = host
        self._clock = clock
        self._gate = CodeGate()
        # The JS process runs one call at a time. A mutation that took its snapshot before its turn would lose to the
        # one before it for nothing; other processes and the host itself can still win (and then it runs again).
        self._mutating = asyncio.Lock()
        self._functions: Mapping[str, FunctionInfo] = {}
        self._validators: dict[str, tuple[schema.Validator, schema.Validator | None]] = {}

    @property
    def functions(self) -> Mapping[str, FunctionInfo]:
        """The current code's functions by path. Setting them belongs into `changing_code`."""
        return self._functions

    @functions.setter
    def functions(self, functions: Mapping[str, FunctionInfo]) -> None:
        self._functions = functions
        self._validators = {path: _validators(function) for path, function in functions.items()}

    @property
    def changing_code(self) -> AbstractAsyncContextManager[None]:
        """Waits until no call runs, then keeps all calls waiting: code and schema change as one."""
        return self._gate.exclusive()

    async def query(self, request: Request, snapshot: Snapshot, cause: Cause) -> Outcome:
        """Runs a query on the given snapshot. Learner mistakes come back as the outcome's error."""
        attempt = await self._attempt(request, "query", snapshot)
        return self._outcome(request, "query", attempt, attempt.result, cause, snapshot.ts, commit_ts=None)

    async def mutation(
        self,
        request: Request,
        *,
        request_key: tuple[str, int] | None = None,
        guard: AbstractAsyncContextManager[Any] | None = None,
        deliver: Callable[[Outcome], None] | None = None,
    ) -> Outcome:
        """Runs a mutation and commits it, again after a conflict (at most 4 times).

        `deliver` is called with the outcome while `guard` is held, and the guard is taken before the commit: whoever
        else takes the guard sees the response before any effect of the commit (sync-protocol.md §4 rule 5).
        Raises AlreadyCommitted for a `request_key` that has an answer by the time its turn comes.
        """
        outcome: Outcome | None = None
        retries = 0
        while outcome is None:
            async with self._mutating, await self._store.snapshot() as snapshot:
                await self._refuse_if_committed(request_key)
                attempt = await self._attempt(request, "mutation", snapshot)
                try:
                    async with guard or nullcontext():
                        outcome = await self._commit(request, attempt, retries, request_key)
                        if deliver is not None:
                            deliver(outcome)
                except Conflict as conflict:
                    if retries == limits.CONFLICT_RETRIES_MAX:
                        outcome = self._lost(request, attempt, conflict, retries)
                        if deliver is not None:
                            deliver(outcome)
            if outcome is None:
                await asyncio.sleep(_backoff_seconds(retries))
                retries += 1
        return outcome

    async def _refuse_if_committed(self, request_key: tuple[str, int] | None) -> None:
        """Looked up in the request's own turn: it may have been committed while it waited, or by another process."""
        record = None if request_key is None else await self._store.recorded_request(*request_key)
        if record is not None:
            ts, text = record
            answer = json.loads(text)
            raise AlreadyCommitted(ts, answer["value"], tuple(answer["logLines"]))

    async def _commit(
        self, request: Request, attempt: _Attempt, retries: int, request_key: tuple[str, int] | None
    ) -> Outcome:
        """Commits a successful attempt; a failed one leaves nothing behind. Raises Conflict."""
        transaction, result = attempt.transaction, attempt.result
        cause = Cause("call") if retries == 0 else Cause("retry")
        if result.error is not None:
            return self._outcome(request, "mutation", attempt, result, cause, transaction.begin_ts, None, retries)
        run_id = secrets.token_hex(8)
        recorded = json.dumps({"value": result.value_json, "logLines": result.log_lines}) if request_key else ""
        ts = await self._store.commit(
            transaction, run_id=run_id, cause=request.path, writer=request.writer, request=request_key, result=recorded
        )
        return self._outcome(request, "mutation", attempt, result, cause, ts, ts, retries, run_id)

    def _lost(self, request: Request, attempt: _Attempt, conflict: Conflict, retries: int) -> Outcome:
        message = f"{conflict.message} and on every subsequent retry. See https://docs.convex.dev/error#1"
        result = replace(
            attempt.result, value_json=None, error=LearnerError(message, code="OptimisticConcurrencyControlFailure")
        )
        return self._outcome(
            request, "mutation", attempt, result, Cause("retry"), attempt.transaction.begin_ts, None, retries
        )

    async def _attempt(self, request: Request, kind: FunctionKind, snapshot: Snapshot) -> _Attempt:
        async with self._gate.shared():
            return await self._run(request, kind, snapshot)

    async def _run(self, request: Request, kind: FunctionKind, snapshot: Snapshot) -> _Attempt:
        started = time.perf_counter()
        transaction = self._store.transaction(snapshot, seed=secrets.token_bytes(16), writable=kind == "mutation")
        syscalls = Syscalls(transaction, kind=kind, identity=request.identity, path=request.path)
        try:
            self._refuse_unless_callable(request, kind)
            self._check_args(request, transaction)
            call = Call(
                kind=kind,
                path=request.path,
                args_json=request.args_json,
                now_ms=float(self._clock.now_ns() // 1_000_000),
                seed=secrets.randbits(31),
                table_numbers=transaction.table_numbers(),
            )
            asked = time.perf_counter()
            result = await self._host.call(call, syscalls)
            # Waiting for another call to end is no part of this run.
            started += time.perf_counter() - asked - result.total_ms / 1000
            if result.error is None:
                self._check_returns(request, result, transaction)
        except LearnerError as error:
            result = CallResult(ok=False, value_json=None, error=error, log_lines=(), total_ms=0.0)
        return _Attempt(transaction, result, syscalls.identity_was_read, (time.perf_counter() - started) * 1000)

    def _refuse_unless_callable(self, request: Request, kind: FunctionKind) -> None:
        function = self._functions.get(request.path)
        if function is None or (function.visibility != "public" and not request.internal):
            shown = request.path.removesuffix(":default")
            raise LearnerError(
                f"Could not find public function for '{shown}'. "
                "Did you forget to run `npx convex dev` or `npx convex deploy`?",
                code="FunctionNotFound",
            )
        if function.kind != kind:
            module, _, name = request.path.partition(":")
            raise LearnerError(
                f"Trying to execute {module}.js:{name} as {kind.capitalize()}, "
                f"but it is defined as {function.kind.capitalize()}.",
                code="WrongFunctionKind",
            )

    def _check_args(self, request: Request, transaction: Transaction) -> None:
        if len(request.args_json) > limits.ARGUMENT_BYTES_MAX:
            raise LimitExceeded(_too_large("Arguments for", request.path, len(request.args_json), "are"))
        arguments = values.loads(request.args_json)
        assert isinstance(arguments, list)
        schema.check_args(self._validators[request.path][0], arguments, transaction)

    def _check_returns(self, request: Request, result: CallResult, transaction: Transaction) -> None:
        """The result is text made by learner code: whatever was promised, it is read as a value before it goes on."""
        assert result.value_json is not None
        if len(result.value_json) > limits.RETURN_BYTES_MAX:
            raise LimitExceeded(_too_large("Function", request.path, len(result.value_json), "return value is"))
        try:
            returned = values.loads(result.value_json)
        except ValueError as error:
            raise LearnerError("The function returned what is not a Convex value", code="BadResult") from error
        validator = self._validators[request.path][1]
        if validator is not None:
            schema.check_returns(validator, returned, transaction)

    def _outcome(
        self,
        request: Request,
        kind: FunctionKind,
        attempt: _Attempt,
        result: CallResult,
        cause: Cause,
        ts: Timestamp,
        commit_ts: Timestamp | None,
        retries: int = 0,
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
            retries=retries,
            unawaited=result.unawaited,
        )
        return Outcome(
            result.value_json, result.error, result.log_lines, ts, transaction.read_set, attempt.identity_was_read, note
        )


def _validators(function: FunctionInfo) -> tuple[schema.Validator, schema.Validator | None]:
    returns = None if function.returns is None else schema.parse_validator(function.returns)
    return schema.parse_validator(function.args), returns


def _backoff_seconds(retries: int) -> float:
    """100 ms doubling to 2 s, each between half and whole (semantics.md §6)."""
    return min(0.1 * 2.0**retries, 2.0) * random.uniform(0.5, 1.0)  # noqa: S311 – jitter, no secret


def _too_large(subject: str, path: str, size: int, verb: str) -> str:
    module, _, name = path.partition(":")
    return f"{subject} {module}.js:{name} {verb} too large (actual: {size / limits.MIB:.2f} MiB, limit: 16 MiB)"
