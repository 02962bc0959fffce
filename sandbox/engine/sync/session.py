"""One client of the sync protocol: its query set, its identity, and the Transitions that it is owed.

Rules: docs/spec/sync-protocol.md §4; the numbers in comments are theirs. Sockets are the gateway's: a session is
given two functions, one to send a text frame and one to close. Requests are run in requests.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Protocol

from sandbox.engine import limits
from sandbox.engine.clock import Clock
from sandbox.engine.errors import LearnerError, ProtocolError, RetriableError
from sandbox.engine.store import Store, Timestamp
from sandbox.engine.sync import protocol
from sandbox.engine.sync.answers import client_text, error_data, persona_of
from sandbox.engine.sync.callers import NOBODY, Caller, Callers
from sandbox.engine.sync.live_queries import LiveQueries, Subscription
from sandbox.engine.sync.outbox import (
    CLOSE_INTERNAL_ERROR,
    CLOSE_TRY_AGAIN,
    CLOSE_WITHOUT_STATUS,
    INTERNAL_ERROR,
    Close,
    Outbox,
    Send,
)
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
from sandbox.engine.sync.requests import Requests, RunsCalls


class Backend(RunsCalls, Protocol):
    """What a session needs of its deployment."""

    store: Store
    live: LiveQueries
    clock: Clock
    callers: Callers


class TokenExpired(Exception):
    """The caller's token was good when it came and is no longer."""


class SyncSession:
    def __init__(self, backend: Backend, send: Send, close: Close) -> None:
        self._backend = backend
        self._send = send
        self._close = close
        self._session_id: str | None = None
        self._clock_skew_ms: int | None = None
        self._caller = NOBODY
        self._expiry: asyncio.TimerHandle | None = None
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
        self._outbox = Outbox(send, close, backend.live.wake)
        self._requests = Requests(backend, self._outbox, self._guard, self._owe)
        backend.live.add(self)

    @property
    def persona(self) -> str | None:
        return persona_of(self._caller.identity)

    @property
    def is_open(self) -> bool:
        return self._outbox.is_open

    async def receive(self, text: str) -> None:
        """One text frame of the client. A broken one ends the session with FatalError."""
        if not self.is_open:
            return
        try:
            await self._handle(protocol.parse_client_message(text), len(text))
        except ProtocolError as error:
            self._outbox.is_open = False
            await self._send(protocol.fatal_error(error.message))
            await self._close(CLOSE_WITHOUT_STATUS, "")
        except RetriableError as error:
            code = CLOSE_INTERNAL_ERROR if error.code == INTERNAL_ERROR else CLOSE_TRY_AGAIN
            self._outbox.end(code, error.code)
        except TokenExpired:
            self._refuse_expired_token()

    async def disconnect(self) -> None:
        """The socket is gone. What runs is not undone; it stays recorded for a replay."""
        if self._expiry is not None:
            self._expiry.cancel()
        self._requests.stop()
        self._backend.live.remove(self, list(self._subscriptions.values()))
        await self._outbox.stop()

    # ── what the client says ────────────────────────────────────────────────

    async def _handle(self, message: protocol.ClientMessage, size: int) -> None:
        if self._session_id is None and not isinstance(message, Connect):
            raise ProtocolError("The first message must be Connect")
        match message:
            case Connect():
                await self._connect(message)
            case ModifyQuerySet():
                self._modify(message)
            case Authenticate():
                self._authenticate(message)
            case RequestCall():
                assert self._session_id is not None
                self._requests.submit(message, self._current_caller(), self._session_id, size)
            case ClientEvent():
                pass

    async def _connect(self, message: Connect) -> None:
        if self._session_id is not None:
            raise ProtocolError("Received a second Connect message")
        self._session_id = message.session_id
        if message.client_ms:  # clients in Python send 0
            self._clock_skew_ms = message.client_ms - self._backend.clock.now_ns() // 1_000_000
        seen = message.max_observed_ts
        # Rule 8: it has seen more than this store knows. To show it an older state would undo what it has seen.
        if seen is not None and seen > await self._backend.store.head():
            raise RetriableError("The client has observed a timestamp ahead of the store", code=INTERNAL_ERROR)

    def _modify(self, message: ModifyQuerySet) -> None:
        if message.base_version != self._asked_query_set:
            raise ProtocolError(
                f"Base version {message.base_version} passed up doesn't match the current version "
                f"{self._asked_query_set}"
            )
        if message.new_version <= message.base_version:
            raise ProtocolError("A query set version must be above the version before")
        for change in message.modifications:
            if isinstance(change, RemoveQuery):
                if change.query_id not in self._query_ids:
                    raise ProtocolError(f"Nonexistent query id: {change.query_id}")
                self._query_ids.remove(change.query_id)
            elif change.query_id in self._query_ids:
                raise ProtocolError(f"Duplicate query ID: {change.query_id}")
            else:
                self._query_ids.add(change.query_id)
        self._asked_query_set = message.new_version
        self._asked += message.modifications
        if len(self._query_ids) > limits.QUERIES_PER_SESSION_MAX:
            raise ProtocolError(f"Too many queries on one connection (limit: {limits.QUERIES_PER_SESSION_MAX})")
        self._backend.live.wake()

    # ── who the client is ───────────────────────────────────────────────────

    def _authenticate(self, message: Authenticate) -> None:
        if message.base_version != self._asked_identity:
            raise ProtocolError(
                f"Base version {message.base_version} passed up doesn't match the current version "
                f"{self._asked_identity}"
            )
        try:
            caller = self._caller_of(message)
        except LearnerError as error:
            refusal = protocol.auth_error(error.message, self._asked_identity, was_attempted=True)
            self._outbox.end(CLOSE_WITHOUT_STATUS, "", refusal)
            return
        self._asked_identity += 1
        self._caller = caller
        self._watch_expiry()
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

    def _current_caller(self) -> Caller:
        """Raises TokenExpired."""
        expires_at = self._caller.expires_at
        if expires_at is not None and expires_at * 1e9 <= self._backend.clock.now_ns():
            raise TokenExpired
        return self._caller

    def _watch_expiry(self) -> None:
        """Nobody keeps seeing what only the bearer of a good token may see."""
        if self._expiry is not None:
            self._expiry.cancel()
        if self._caller.expires_at is None:
            return
        seconds = self._caller.expires_at - self._backend.clock.now_ns() / 1e9
        self._expiry = asyncio.get_running_loop().call_later(max(seconds, 0), self._look_at_token)

    def _look_at_token(self) -> None:
        try:
            self._current_caller()
        except TokenExpired:
            self._refuse_expired_token()
        else:
            # The timer was early, or the clock was set back.
            self._expiry = asyncio.get_running_loop().call_later(1, self._look_at_token)

    def _refuse_expired_token(self) -> None:
        text = protocol.auth_error("Convex token identity expired", self._asked_identity, was_attempted=False)
        self._outbox.end(CLOSE_WITHOUT_STATUS, "", text)

    # ── live queries (Listener) ─────────────────────────────────────────────

    def capture(self) -> Iterable[Subscription]:
        try:
            caller = self._current_caller()
        except TokenExpired:
            self._refuse_expired_token()
            return []
        for change in self._asked:
            if isinstance(change, AddQuery):
                self._replace(change.query_id, change)
            else:
                self._replace(change.query_id, None)
                self._removed.append(change.query_id)
        self._asked.clear()
        self._captured = (self._asked_query_set, self._asked_identity)
        for subscription in self._subscriptions.values():
            self._backend.live.change_caller(subscription, caller)
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
        if self._outbox.is_behind or not self.is_open:
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
        if not (changed or self._removed or is_owed or is_news):
            return []
        modifications = {query_id: protocol.query_removed(query_id) for query_id in self._removed}
        modifications |= {query_id: self._modification(query_id, subscription) for query_id, subscription in changed}
        in_order = [modifications[query_id] for query_id in sorted(modifications)]
        now_ns = self._backend.clock.now_ns()
        self._outbox.put(protocol.transition(self._version, end, in_order, now_ns, self._clock_skew_ms))
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
        return protocol.query_updated(query_id, subscription.result.text)

    def _owe(self, ts: Timestamp) -> None:
        """Rule 5: a Transition that reaches ts must follow, even when no query changed or the request failed."""
        self._owed_ts = ts if self._owed_ts is None else max(self._owed_ts, ts)
        self._backend.live.wake()
