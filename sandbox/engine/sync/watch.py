"""A subscription inside this process: what a check or a panel uses where a browser would open a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.executor import Identity
from sandbox.engine.store import Timestamp
from sandbox.engine.sync.callers import Caller
from sandbox.engine.sync.live_queries import LiveQueries, QueryResult, Subscription
from sandbox.engine.trace import RunNote


@dataclass(frozen=True, slots=True)
class Emission:
    """One result that a live query sent: a value (Convex-encoded JSON) or an error, as of `ts`."""

    value: Any
    error: LearnerError | None
    ts: Timestamp
    note: RunNote


class Watch:
    """Asynchronous iterator of emissions. `emissions` keeps all that came, oldest first."""

    def __init__(self, live: LiveQueries, path: str, args_json: str, identity: Identity | None) -> None:
        self._live = live
        self._subscription = Subscription(path, args_json, Caller(identity), self)
        self._fresh: asyncio.Queue[Emission] = asyncio.Queue()
        self.emissions: list[Emission] = []
        self.runs = 0
        """How many results it was given, also those that were as before and were not sent."""
        self._seen: QueryResult | None = None
        live.add(self)
        live.wake()

    @property
    def persona(self) -> str | None:
        return None

    def capture(self) -> Iterable[Subscription]:
        return [self._subscription]

    async def emit(self, ts: Timestamp) -> list[Subscription]:
        result = self._subscription.result
        if result is not self._seen:
            self._seen = result
            self.runs += result is not None
        if result is None or self._subscription.sent == result.digest:
            return []
        self._subscription.sent = result.digest
        outcome = result.outcome
        value = None if outcome.value_json is None else json.loads(outcome.value_json)
        emission = Emission(value, outcome.error, ts, outcome.note)
        self.emissions.append(emission)
        self._fresh.put_nowait(emission)
        return [self._subscription]

    def __aiter__(self) -> Watch:
        return self

    async def __anext__(self) -> Emission:
        return await self._fresh.get()

    def __len__(self) -> int:
        """How many emissions came that the iterator has not given yet."""
        return self._fresh.qsize()

    async def close(self) -> None:
        self._live.remove(self, [self._subscription])
