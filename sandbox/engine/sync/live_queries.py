"""Live queries of one deployment: results with read sets, woken by commits, run again in rounds.

A round opens one snapshot, replays the commit log up to it, runs whatever is stale on that snapshot, then lets every
listener send. So one Transition shows one moment, and all clients of a deployment move along together. Equal queries
share one run. What a listener sends is session.py's business.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from sandbox.engine.errors import LogTruncated, StoreUnavailable
from sandbox.engine.runtime.executor import Executor, Outcome
from sandbox.engine.store import Commit, ReadIndex, Snapshot, Store, Timestamp
from sandbox.engine.sync.callers import Caller
from sandbox.engine.sync.protocol import query_result
from sandbox.engine.trace import Cause, RunNote

logger = logging.getLogger(__name__)

PAUSE_SECONDS, PAUSE_SECONDS_MAX = 0.5, 60.0
"""After a round that failed the next one comes by itself, each time after twice as long."""

TIMED_SECONDS_MAX = 5.0
"""For how long a new subscription may be given a result that depends on the time of day (cache/mod.rs `MAX_CACHE_AGE`).
Who has it keeps it until a commit overlaps what it read."""

ResultKey = tuple[str, str, str | None, bool, str | None]
"""Function path, arguments, journal, whether an admin asks, and the identity where the run read it (else None)."""


@dataclass(eq=False)
class QueryResult:
    """The newest result of one query. Valid at every timestamp from its run until a commit overlaps its read set."""

    key: ResultKey
    outcome: Outcome
    digest: bytes
    subscriptions: set[Subscription] = field(default_factory=set)
    cause: Cause | None = None
    """Set when the result is stale: why it must run again."""
    made_at: float = field(default_factory=time.monotonic)

    @property
    def may_be_shared(self) -> bool:
        is_new = not self.outcome.time_was_read or time.monotonic() - self.made_at <= TIMED_SECONDS_MAX
        return is_new and self.cause is None

    @cached_property
    def text(self) -> str:
        """What every client is told of a value: made once, however many there are."""
        assert self.outcome.value_json is not None
        return query_result(self.outcome.value_json, self.outcome.log_lines, self.outcome.journal)


@dataclass(eq=False, slots=True)
class Subscription:
    """One query of one listener. `sent` is the digest that the listener has seen last.

    `journal` is what the client brought back or the last run decided: the next run keeps to it.
    """

    path: str
    args_json: str
    caller: Caller
    listener: Listener
    journal: str | None = None
    result: QueryResult | None = None
    sent: bytes | None = None
    is_closed: bool = False

    @property
    def own_key(self) -> ResultKey:
        return *self.shared_key[:-1], json.dumps(self.caller.identity, sort_keys=True)

    @property
    def shared_key(self) -> ResultKey:
        return self.path, self.args_json, self.journal, self.caller.is_admin, None


class Listener(Protocol):
    """Whoever holds subscriptions: a sync session, or a watch inside this process."""

    @property
    def persona(self) -> str | None:
        """The client's name in the panels."""
        ...

    def capture(self) -> Iterable[Subscription]:
        """Start of a round: take in what the client asked since, and name all subscriptions."""
        ...

    async def emit(self, ts: Timestamp) -> list[Subscription]:
        """End of a round: send what is new. Returns the subscriptions whose new result went out."""
        ...


class LiveQueries:
    def __init__(self, store: Store, executor: Executor, on_run: Callable[[RunNote], None]) -> None:
        self._store = store
        self._executor = executor
        self._on_run = on_run
        self._on_commit: list[Callable[[Commit], None]] = []
        self._listeners: list[Listener] = []
        self._results: dict[ResultKey, QueryResult] = {}
        self._read_index: ReadIndex[QueryResult] = ReadIndex()
        self._followed: Timestamp | None = None
        self._wake = asyncio.Event()
        self._settling: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None

    def start(self, followed: Timestamp) -> None:
        self._followed = followed
        self._task = asyncio.create_task(self._run_rounds())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def on_commit(self, follower: Callable[[Commit], None]) -> None:
        self._on_commit.append(follower)

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    def add(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def remove(self, listener: Listener, subscriptions: Iterable[Subscription]) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)
        for subscription in subscriptions:
            self.close(subscription)

    def close(self, subscription: Subscription) -> None:
        """Ends the subscription; a result that nobody holds any more is dropped."""
        subscription.is_closed = True
        self._detach(subscription)

    def change_caller(self, subscription: Subscription, caller: Caller) -> None:
        """Perhaps another person now asks: a result that did not depend on who asks is kept."""
        old, subscription.caller = subscription.caller, caller
        result = subscription.result
        if result is None or (old.identity == caller.identity and old.is_admin == caller.is_admin):
            return
        if result.key[-1] is not None or old.is_admin != caller.is_admin:
            self._detach(subscription)

    def _detach(self, subscription: Subscription) -> None:
        result, subscription.result = subscription.result, None
        if result is not None:
            result.subscriptions.discard(subscription)
            self._drop_unheld(result)

    def _drop_unheld(self, result: QueryResult) -> None:
        if not result.subscriptions:
            self._read_index.remove(result)
            if self._results.get(result.key) is result:
                del self._results[result.key]

    def wake(self) -> None:
        """Something changed (a commit, a client's wish, new code): a round will follow soon."""
        self._wake.set()

    async def settled(self) -> None:
        """Returns when every listener has what follows from all commits so far.

        It waits for a round that begins from now on; one that fails is followed by another.
        """
        settled = asyncio.get_running_loop().create_future()
        self._settling.append(settled)
        self.wake()
        await settled

    def expire_all(self, cause: Cause) -> None:
        """New code: every result must be computed again."""
        for result in self._results.values():
            result.cause = cause
        self.wake()

    async def _run_rounds(self) -> None:
        failures = 0
        while True:
            try:
                async with asyncio.timeout(min(PAUSE_SECONDS * 2**failures, PAUSE_SECONDS_MAX) if failures else None):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            settling = list(self._settling)
            try:
                await self._round()
                failures = 0
                self._tell_settled(settling)
            except StoreUnavailable as error:
                failures += 1
                logger.error("Live queries wait: %s (%s)", error.message, error.__cause__)
            except Exception:
                # A broken round must not end all later ones; clients keep their last state until one succeeds.
                failures += 1
                logger.exception("A round of live queries failed")

    def _tell_settled(self, settling: list[asyncio.Future[None]]) -> None:
        for settled in settling:
            self._settling.remove(settled)
            if not settled.done():
                settled.set_result(None)

    async def _round(self) -> None:
        async with self._executor.current() as snapshot:
            await self._follow(snapshot.ts)
            listeners = list(self._listeners)
            runs: list[tuple[QueryResult, bool]] = []
            for listener in listeners:
                for subscription in listener.capture():
                    run = await self._refresh(subscription, snapshot)
                    if run is not None:
                        runs.append(run)
            # Emitting needs no snapshot, but a snapshot costs nothing while it is short.
            sent: dict[QueryResult, list[str]] = {}
            for listener in listeners:
                if listener not in self._listeners:
                    continue
                for subscription in await listener.emit(snapshot.ts):
                    if subscription.result is not None and listener.persona is not None:
                        sent.setdefault(subscription.result, []).append(listener.persona)
        for result, changed in runs:
            self._on_run(
                replace(result.outcome.note, result_changed=changed, sent_to=tuple(sorted(set(sent.get(result, ())))))
            )

    async def _follow(self, ts: Timestamp) -> None:
        """Replays the log up to `ts`. Validity moves forward by this alone, so it stops where the snapshot stands."""
        assert self._followed is not None
        if ts <= self._followed:
            return
        try:
            commits = [commit for commit in await self._store.log_since(self._followed) if commit.ts <= ts]
        except LogTruncated:
            commits = []
            self.expire_all(Cause("commit", ts))
        for commit in commits:
            for result in self._read_index.hit(key for change in commit.changes for key in change.keys):
                if result.cause is None:
                    result.cause = Cause("commit", commit.ts)
            for follower in self._on_commit:
                follower(commit)
        self._followed = ts

    async def _refresh(self, subscription: Subscription, snapshot: Snapshot) -> tuple[QueryResult, bool] | None:
        """Gives the subscription a result valid at the snapshot; runs the query only where no equal one just ran."""
        old = subscription.result
        if old is not None and old.cause is None:
            return None
        for key in (subscription.shared_key, subscription.own_key):
            shared = self._results.get(key)
            if shared is not None and shared.may_be_shared:
                self._attach(subscription, shared)
                return None
        cause = old.cause if old is not None and old.cause is not None else Cause("first")
        request = subscription.caller.request(
            subscription.path, subscription.args_json, subscription.listener.persona, subscription.journal
        )
        outcome = await self._executor.query(request, snapshot, cause)
        key = subscription.own_key if outcome.identity_was_read else subscription.shared_key
        result = QueryResult(key, outcome, _digest(outcome))
        self._results[key] = result
        self._read_index.add(result, outcome.read_set)
        self._attach(subscription, result)
        return result, old is None or old.digest != result.digest

    def _attach(self, subscription: Subscription, result: QueryResult) -> None:
        # The listener may have gone while the query ran.
        if subscription.is_closed:
            self._drop_unheld(result)
        elif subscription.result is not result:
            self._detach(subscription)
            subscription.result = result
            result.subscriptions.add(subscription)
            subscription.journal = result.outcome.journal


def _digest(outcome: Outcome) -> bytes:
    """Equal digests mean that the client would see no difference: same value or error, same log lines."""
    error = None if outcome.error is None else [outcome.error.message, outcome.error.has_data, outcome.error.data]
    shown = json.dumps([outcome.value_json, error, outcome.log_lines])
    return hashlib.blake2b(shown.encode(), digest_size=16).digest()
