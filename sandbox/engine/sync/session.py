"""One client of the sync protocol: its query set, identity, mutations in order, and the Transitions it is owed.

Rules: docs/spec/sync-protocol.md §4; the numbers in comments are theirs. Sockets are the gateway's: a session is
given two functions, one to send a text frame and one to close.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from sandbox.engine import limits
from sandbox.engine.clock import Clock
from sandbox.engine.errors import AlreadyCommitted, LearnerError, ProtocolError
from sandbox.engine.runtime.executor import Executor, Outcome
from sandbox.engine.store import Timestamp
from sandbox.engine.sync import protocol
from sandbox.engine.sync.answers import client_text, error_data, persona_of
from sandbox.engine.sync.callers import NOBODY, Caller, Callers
from sandbox.engine.sync.live_queries import LiveQueries, Subscription
from sandbox.engine.sync.protocol import (
    AddQuery,
    Authenticate,
    ClientEvent,
    Connect,
    ModifyQuerySet,
    RemoveQuery,
    RequestCall,
    StateVersion,
)
from sandbox.engine.trace import RunNote

logger = logging.getLogger(__name__)

PING_SECONDS = 15
OUTBOX_FRAMES_MAX = 1_000
# A client that has not taken so many frames yet gets its next Transition later, with everything folded into one.
FRAMES_BEHIND = 4
CLOSE_PROTOCOL_ERROR = 1008
CLOSE_TRY_AGAIN = 1013

Send = Callable[[str], Awaitable[None]]
Close = Callable[[int, str], Awaitable[None]]


class Backend(Protocol):
    """What a session needs of its deployment."""

    executor: Executor
    live: LiveQueries
    clock: Clock
    callers: Callers

    def note_run(self, note: RunNote) -> None: ...


class SyncSession:
    def __init__(self, backend: Backend, send: Send, close: Close) -> None:
        self._backend = backend
        self._send = send
        self._close = close
        self._session_id: str | None = None
        self._caller = NOBODY
        self._version = StateVersion(0, 0, 0)
        self._asked_query_set = 0
        self._asked_identity = 0
        self._asked: list[AddQuery | RemoveQuery] = []
        self._query_ids: set[int] = set()
        self._subscriptions: dict[int, Subscription] = {}
        self._removed: list[int] = []
        self._captured = (0, 0)
        self._owed_ts: Timestamp | None = None
        # Held from before a commit until its response is queued, and while a Transition is put together (rule 5).
        self._guard = asyncio.Lock()
        self._outbox: asyncio.Queue[str | None] = asyncio.Queue()
        self._unsent = 0  # characters in the outbox
        self._requests: asyncio.Queue[tuple[RequestCall, Caller, int]] = asyncio.Queue()
        self._pending = 0  # characters of the frames whose requests wait
        self._is_open = True
        self._is_behind = False
        self._tasks = [asyncio.create_task(work()) for work in (self._write_frames, self._run_requests, self._ping)]
        backend.live.add(self)

    @property
    def persona(self) -> str | None:
        return persona_of(self._caller.identity)

    @property
    def is_open(self) -> bool:
        return self._is_open

    async def receive(self, text: str) -> None:
        """One text frame of the client. A broken one ends the session with FatalError."""
        if not self._is_open:
            return
        try:
            self._handle(protocol.parse_client_message(text), len(text))
        except ProtocolError as error:
            await self._end(CLOSE_PROTOCOL_ERROR, "protocol error", protocol.fatal_error(error.message))

    async def disconnect(self) -> None:
        """The socket is gone. Running requests are not undone; they stay recorded for a replay."""
        self._is_open = False
        self._backend.live.remove(self, list(self._subscriptions.values()))
        others = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    # ── what the client says ────────────────────────────────────────────────

    def _handle(self, message: protocol.ClientMessage, size: int) -> None:
        if self._session_id is None and not isinstance(message, Connect):
            raise ProtocolError("The first message must be Connect")
        match message:
            case Connect():
                if self._session_id is not None:
                    raise ProtocolError("Received a second Connect message")
                self._session_id = message.session_id
            case ModifyQuerySet():
                self._modify(message)
            case Authenticate():
                self._authenticate(message)
            case RequestCall():
                self._request(message, size)
            case ClientEvent():
                pass

    def _request(self, message: RequestCall, size: int) -> None:
        if self._requests.qsize() >= limits.PENDING_MUTATIONS_MAX:
            raise ProtocolError(
                "Too many concurrent mutations. Only up to 1000 pending mutations allowed on a single websocket."
            )
        if self._pending and self._pending + size > limits.PENDING_MUTATION_BYTES_MAX:
            raise ProtocolError(
                "Too many concurrent mutations. "
                "The arguments of those that wait on a single websocket may have up to 32 MiB."
            )
        self._pending += size
        self._requests.put_nowait((message, self._caller, size))

    def _modify(self, message: ModifyQuerySet) -> None:
        if message.base_version != self._asked_query_set:
            raise ProtocolError(
                f"BaseVersionMismatch: Base version {message.base_version} passed up "
                f"doesn't match the current version {self._asked_query_set}"
            )
        if message.new_version != message.base_version + 1:
            raise ProtocolError("A query set version must follow the version before")
        for change in message.modifications:
            if isinstance(change, RemoveQuery):
                self._query_ids.discard(change.query_id)
            elif change.query_id in self._query_ids:
                raise ProtocolError(f"Query id {change.query_id} is already in the query set")
            else:
                self._query_ids.add(change.query_id)
        self._asked_query_set = message.new_version
        self._asked += message.modifications
        if len(self._query_ids) > limits.QUERIES_PER_SESSION_MAX:
            raise ProtocolError(f"Too many queries on one connection (limit: {limits.QUERIES_PER_SESSION_MAX})")
        self._backend.live.wake()

    def _authenticate(self, message: Authenticate) -> None:
        if message.base_version != self._asked_identity:
            raise ProtocolError(
                f"BaseVersionMismatch: Base version {message.base_version} passed up "
                f"doesn't match the current version {self._asked_identity}"
            )
        try:
            caller = self._caller_of(message)
        except LearnerError as error:
            self._queue(protocol.auth_error(error.message, self._asked_identity))
            self._close_after_outbox()
            return
        self._asked_identity += 1
        self._caller = caller
        self._backend.live.wake()

    def _caller_of(self, message: Authenticate) -> Caller:
        match message.token_type:
            case "None":
                return NOBODY
            case "User" if message.token is not None:
                return self._backend.callers.user(message.token)
            case "Admin" if message.token is not None:
                return self._backend.callers.admin(message.token, message.acting_as)
            case "User" | "Admin" as kind:
                raise ProtocolError(f"Authenticate with tokenType {kind} needs a value")
            case other:
                raise ProtocolError(f"Unknown tokenType {other!r}")

    # ── live queries (Listener) ─────────────────────────────────────────────

    def capture(self) -> Iterable[Subscription]:
        for change in self._asked:
            if isinstance(change, AddQuery):
                self._replace(change.query_id, change)
            else:
                self._replace(change.query_id, None)
                self._removed.append(change.query_id)
        self._asked.clear()
        self._captured = (self._asked_query_set, self._asked_identity)
        for subscription in self._subscriptions.values():
            self._backend.live.change_caller(subscription, self._caller)
        return list(self._subscriptions.values())

    def _replace(self, query_id: int, query: AddQuery | None) -> None:
        old = self._subscriptions.pop(query_id, None)
        if old is not None:
            self._backend.live.close(old)
        if query is not None:
            args_json = json.dumps(query.args, separators=(",", ":"), ensure_ascii=False)
            self._subscriptions[query_id] = Subscription(query.path, args_json, self._caller, self, query.journal)

    async def emit(self, ts: Timestamp) -> list[Subscription]:
        async with self._guard:
            return self._emit(ts)

    def _emit(self, ts: Timestamp) -> list[Subscription]:
        self._is_behind = self._outbox.qsize() >= FRAMES_BEHIND
        if self._is_behind:
            return []
        changed = [
            (query_id, subscription)
            for query_id, subscription in self._subscriptions.items()
            if subscription.result is not None and subscription.sent != subscription.result.digest
        ]
        query_set, identity = self._captured
        is_owed = self._owed_ts is not None and self._owed_ts <= ts
        end = StateVersion(query_set, identity, max(ts, self._version.ts))
        is_news = (query_set, identity) != (self._version.query_set, self._version.identity)
        if not (changed or self._removed or is_owed or is_news) or not self._is_open:
            return []
        modifications = [protocol.query_removed(query_id) for query_id in self._removed]
        modifications += [self._modification(query_id, subscription) for query_id, subscription in changed]
        now_ns = self._backend.clock.now_ns()
        self._queue(protocol.transition(self._version, end, modifications, now_ns, None))
        self._version = end
        self._removed.clear()
        if is_owed:
            self._owed_ts = None
        return [subscription for _, subscription in changed]

    def _modification(self, query_id: int, subscription: Subscription) -> str:
        assert subscription.result is not None
        subscription.sent = subscription.result.digest
        outcome = subscription.result.outcome
        if outcome.error is not None:
            return protocol.query_failed(
                query_id, client_text(outcome.error), outcome.log_lines, error_data(outcome.error), outcome.journal
            )
        assert outcome.value_json is not None
        return protocol.query_updated(query_id, outcome.value_json, outcome.log_lines, outcome.journal)

    # ── requests, one after the other (rule 6) ──────────────────────────────

    async def _run_requests(self) -> None:
        while True:
            request, caller, size = await self._requests.get()
            self._pending -= size
            try:
                await self._run_request(request, caller)
            except Exception:
                # Ours, not the learner's: the client reconnects and asks again, which is safe (rule 7).
                logger.exception("A request of a sync session failed")
                await self._end(CLOSE_TRY_AGAIN, "InternalServerError")

    async def _run_request(self, call: RequestCall, caller: Caller) -> None:
        if call.kind == "Action":
            error = LearnerError("This sandbox does not run actions yet. Use a mutation.", code="NotAvailable")
            self._queue(protocol.request_failed("Action", call.request_id, client_text(error), (), {}))
            return
        assert self._session_id is not None
        key = (self._session_id, call.request_id)
        args_json = json.dumps(call.args, separators=(",", ":"), ensure_ascii=False)
        request = caller.request(call.path, args_json, persona_of(caller.identity))
        try:
            outcome = await self._backend.executor.mutation(
                request, request_key=key, guard=self._guard, deliver=lambda done: self._respond(call.request_id, done)
            )
        except AlreadyCommitted as before:
            self._succeed(call.request_id, before.value_json, Timestamp(before.ts), before.log_lines)
            return
        self._backend.note_run(outcome.note)

    def _respond(self, request_id: int, outcome: Outcome) -> None:
        if outcome.error is not None:
            text = client_text(outcome.error)
            data = error_data(outcome.error)
            self._queue(protocol.request_failed("Mutation", request_id, text, outcome.log_lines, data))
            return
        assert outcome.value_json is not None
        self._succeed(request_id, outcome.value_json, outcome.ts, outcome.log_lines)

    def _succeed(self, request_id: int, value_json: str, ts: Timestamp, log_lines: tuple[str, ...]) -> None:
        self._queue(protocol.mutation_succeeded(request_id, value_json, ts, log_lines))
        # Rule 5: a Transition that reaches ts must follow, even when no query changed.
        self._owed_ts = ts if self._owed_ts is None else max(self._owed_ts, ts)
        self._backend.live.wake()

    # ── frames out ──────────────────────────────────────────────────────────

    def _queue(self, text: str) -> None:
        is_behind = self._unsent and self._unsent + len(text) > limits.UNSENT_BYTES_MAX
        if self._outbox.qsize() >= OUTBOX_FRAMES_MAX or is_behind:
            # A client that does not read: it may come back and start from a fresh Transition.
            self._is_open = False
            self._close_after_outbox()
            return
        self._unsent += len(text)
        self._outbox.put_nowait(text)

    def _close_after_outbox(self) -> None:
        self._outbox.put_nowait(None)

    async def _write_frames(self) -> None:
        while True:
            text = await self._outbox.get()
            if text is None:
                await self._close(CLOSE_TRY_AGAIN, "InternalServerError")
                return
            try:
                await self._send(text)
            except Exception as error:
                # A client that misses one frame has lost its place; it must come back, and not wait for ever.
                logger.warning("A frame of a sync session could not be sent: %r", error)
                await self._end(CLOSE_TRY_AGAIN, "InternalServerError")
                return
            self._unsent -= len(text)
            if self._is_behind and self._outbox.empty():
                self._backend.live.wake()

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            self._queue(protocol.PING)

    async def _end(self, code: int, reason: str, last_words: str | None = None) -> None:
        self._is_open = False
        if last_words is not None:
            await self._send(last_words)
        await self._close(code, reason)
