"""The requests of one session: its mutations one after the other, its actions at the same time (rule 6).

What has begun runs to its end, also when the client goes: a mutation's answer is recorded and waits for the client to
ask again. What has not begun by then is forgotten; the client asks again. Rules: docs/spec/sync-protocol.md §4.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from sandbox.engine import limits
from sandbox.engine.errors import AlreadyCommitted, LearnerError, RetriableError, StoreUnavailable
from sandbox.engine.runtime.executor import Executor, Outcome, Request
from sandbox.engine.store import Timestamp
from sandbox.engine.sync import protocol
from sandbox.engine.sync.answers import client_text, error_data, is_retriable, persona_of
from sandbox.engine.sync.callers import Caller
from sandbox.engine.sync.outbox import CLOSE_INTERNAL_ERROR, CLOSE_TRY_AGAIN, INTERNAL_ERROR, Outbox
from sandbox.engine.sync.protocol import RequestCall
from sandbox.engine.trace import RunNote

logger = logging.getLogger(__name__)

NOTHING_WRITTEN_CODES = frozenset(("StoreFull", "StoreReadOnly", "StoreCorrupt"))
"""Faults that stay for a while and have certainly kept the commit away. Others send the client round again."""


class RunsCalls(Protocol):
    """What requests need of the deployment."""

    executor: Executor

    def note_run(self, note: RunNote) -> None: ...

    async def run_action(self, request: Request) -> Outcome: ...

    def run_to_end(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that outlives the session; closing the deployment ends it."""
        ...


class Requests:
    """`guard` is held from before a commit until its response is queued.

    `on_answer` hears of every answer: of the timestamp that a Transition must reach, 0 where nothing was committed.
    """

    def __init__(
        self, backend: RunsCalls, outbox: Outbox, guard: asyncio.Lock, on_answer: Callable[[Timestamp], None]
    ) -> None:
        self._backend = backend
        self._outbox = outbox
        self._guard = guard
        self._on_answer = on_answer
        self._mutations: asyncio.Queue[tuple[RequestCall, Caller, str, int]] = asyncio.Queue()
        self._pending = 0  # characters of the frames whose requests wait or run
        self._actions: set[asyncio.Task[None]] = set()
        self._worker = asyncio.create_task(self._run_mutations())

    def submit(self, call: RequestCall, caller: Caller, session_id: str, size: int) -> None:
        """`size` is that of the frame. Raises RetriableError for a client that is too far ahead."""
        # Those beside the newest are counted: Convex looks before it adds.
        if call.kind == "Action" and len(self._actions) > limits.PENDING_ACTIONS_MAX:
            raise RetriableError(
                "Inflight actions overloaded for a single client, max concurrency: 1000",
                code="TooManyInflightActionsForSingleClient",
            )
        if call.kind == "Mutation" and self._mutations.qsize() >= limits.PENDING_MUTATIONS_MAX:
            raise RetriableError(
                "Too many concurrent mutations. Only up to 1000 pending mutations allowed on a single websocket.",
                code="TooManyConcurrentMutations",
            )
        if self._pending and self._pending + size > limits.PENDING_MUTATION_BYTES_MAX:
            raise RetriableError(
                "Too many concurrent mutations. "
                "The arguments of those that wait on a single websocket may have up to 32 MiB.",
                code="TooManyConcurrentMutations",
            )
        self._pending += size
        if call.kind == "Action":
            task = self._backend.run_to_end(self._run(self._act(call, caller), size))
            self._actions.add(task)
            task.add_done_callback(self._actions.discard)
        else:
            self._mutations.put_nowait((call, caller, session_id, size))

    def stop(self) -> None:
        self._worker.cancel()

    async def _run_mutations(self) -> None:
        while True:
            call, caller, session_id, size = await self._mutations.get()
            mutation = self._backend.run_to_end(self._run(self._mutate(call, caller, session_id), size))
            await asyncio.shield(mutation)

    async def _run(self, work: Coroutine[Any, Any, None], size: int) -> None:
        try:
            await work
        except Exception:
            # Ours, not the learner's: the client reconnects and asks again, which is safe (rule 7).
            logger.exception("A request of a sync session failed")
            self._send_away(CLOSE_INTERNAL_ERROR, INTERNAL_ERROR)
        finally:
            self._pending -= size

    async def _act(self, call: RequestCall, caller: Caller) -> None:
        try:
            outcome = await self._backend.run_action(_request(call, caller))
        except LearnerError as error:
            self._fail(call, error, ())
            return
        if outcome.error is not None:
            self._fail(call, outcome.error, outcome.log_lines)
        else:
            assert outcome.value_json is not None
            self._outbox.put(protocol.action_succeeded(call.request_id, outcome.value_json, outcome.log_lines))
            self._on_answer(Timestamp(0))

    async def _mutate(self, call: RequestCall, caller: Caller, session_id: str) -> None:
        def respond(outcome: Outcome) -> None:
            if outcome.error is not None and is_retriable(outcome.error):
                self._send_away(CLOSE_TRY_AGAIN, outcome.error.code)
            elif outcome.error is not None:
                self._fail(call, outcome.error, outcome.log_lines)
            else:
                assert outcome.value_json is not None
                self._succeed(call, outcome.value_json, outcome.ts, outcome.log_lines)

        try:
            outcome = await self._backend.executor.mutation(
                _request(call, caller), request_key=(session_id, call.request_id), guard=self._guard, deliver=respond
            )
        except AlreadyCommitted as before:
            self._succeed(call, before.value_json, Timestamp(before.ts), before.log_lines)
            return
        except StoreUnavailable as fault:
            if fault.code not in NOTHING_WRITTEN_CODES:
                raise
            logger.error("A mutation could not be stored: %s (%s)", fault.message, fault.__cause__)
            self._fail(call, LearnerError(fault.message, code=fault.code), ())
            return
        self._backend.note_run(outcome.note)

    def _send_away(self, code: int, reason: str) -> None:
        """The client will come back and ask again for this and what follows: nothing of that may run before."""
        self.stop()
        self._outbox.end(code, reason)

    def _fail(self, call: RequestCall, error: LearnerError, log_lines: tuple[str, ...]) -> None:
        text, data = client_text(error), error_data(error)
        self._outbox.put(protocol.request_failed(call.kind, call.request_id, text, log_lines, data))
        self._on_answer(Timestamp(0))

    def _succeed(self, call: RequestCall, value_json: str, ts: Timestamp, log_lines: tuple[str, ...]) -> None:
        self._outbox.put(protocol.mutation_succeeded(call.request_id, value_json, ts, log_lines))
        self._on_answer(ts)


def _request(call: RequestCall, caller: Caller) -> Request:
    args_json = json.dumps(call.args, separators=(",", ":"), ensure_ascii=False)
    return caller.request(call.path, args_json, persona_of(caller.identity))
