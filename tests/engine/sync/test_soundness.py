"""Live queries against a plain dict: nothing that changes a result is missed, and nothing runs again without need.

Two processes write; the live queries are those of one of them. Whoever tells it of a commit may forget to, say it
twice or too late: only the poll is certain.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.clock import FixedClock
from sandbox.engine.runtime.executor import Executor
from sandbox.engine.store import Store
from sandbox.engine.store.store import Timestamp
from sandbox.engine.sync.live_queries import LiveQueries
from sandbox.engine.sync.watch import Watch
from sandbox.engine.values import loads
from tests.engine.store.driver import schema
from tests.engine.store.model import Insert, LooksAt, Query, View, Write, bodies, queries, text, writes
from tests.engine.sync.fakes import PythonHost

INDEXES = {"by_a": ["a"], "by_ab": ["a", "b"]}
ON_T = queries([None, *INDEXES]).filter(lambda query: type(query) is Query and query.table == "t")
NOTICES = st.sampled_from(["lost", "once", "twice", "late"])


class Rounds:
    """A listener that only sees that a round ended, and of which moment."""

    persona = None

    def __init__(self) -> None:
        self.ts = Timestamp(0)
        self._ended = asyncio.Condition()

    def capture(self) -> list[Any]:
        return []

    async def emit(self, ts: Timestamp) -> list[Any]:
        async with self._ended:
            self.ts = ts
            self._ended.notify_all()
        return []

    async def reached(self, ts: Timestamp) -> None:
        async with asyncio.timeout(10), self._ended:
            await self._ended.wait_for(lambda: self.ts >= ts)


class Watched:
    """`queries` as live queries in one process; `state` is what a dict holds after the same writes.

    `stale` are the queries that looked at what a commit changed since they ran: these must run again, and no other.
    """

    def __init__(self, queries: list[Query]) -> None:
        self.queries = queries
        self.folder = Path(tempfile.mkdtemp(prefix="live-"))
        self.state: View = {}
        self.stale = set(range(len(queries)))
        self.needless: list[int] = []
        self._looks_at: dict[int, LooksAt] = {}
        self._written = 0

    async def open(self) -> None:
        clock = FixedClock()
        self.stores = [await Store.open(self.folder, clock=clock) for _ in range(2)]
        await self.stores[0].push_schema(schema({"t": INDEXES}))
        host = PythonHost()
        host.function("q:run", "query")(self._run)
        executor = Executor(self.stores[0], host, clock)
        executor.functions = host.functions
        self.live = LiveQueries(self.stores[0], executor, lambda note: None)
        self.live.start(await self.stores[0].head())
        arguments = [json.dumps([{"number": number}]) for number in range(len(self.queries))]
        self.watches = [Watch(self.live, "q:run", args_json, None) for args_json in arguments]
        self.rounds = Rounds()
        self.live.add(self.rounds)  # the last one: when it hears of a round, all others have

    async def close(self) -> None:
        await self.live.stop()
        for store in self.stores:
            await store.close()
        shutil.rmtree(self.folder)

    async def _run(self, syscalls: Any, args: dict[str, Any]) -> list[str]:
        number = args["number"]
        if number not in self.stale:
            self.needless.append(number)
        found = await self.queries[number].run(syscalls._tx)
        self._looks_at[number] = self.queries[number].looks_at(found)
        self.stale.discard(number)
        return [text.decode() for text in found]

    async def write(self, which: int, operation: Insert | Write) -> None:
        store = self.stores[which]
        self._written += 1
        before = dict(self.state)
        async with await store.snapshot() as snapshot:
            tx = store.transaction(snapshot, seed=b"%d" % self._written, writable=True)
            await operation.run(tx)
            operation.replay(self.state)
            await store.commit(tx, run_id="", cause="test", writer=None)
        changed = [pair for key in before.keys() | self.state.keys() if (pair := self._change(before, key)) is not None]
        documents = [version for pair in changed for version in pair if version is not None]
        self.stale |= {
            number
            for number, looks_at in self._looks_at.items()
            if any(looks_at(table, document) for table, document in documents)
        }

    def _change(self, before: View, key: str) -> tuple[Any, Any] | None:
        """What was and what is, where it is not the same to the byte."""
        old, new = before.get(key), self.state.get(key)
        return None if (old and text(old[1])) == (new and text(new[1])) else (old, new)

    async def tell(self, notice: str) -> None:
        """Of a commit, from another process or from this one."""
        for wait, wakes in {"lost": [], "once": [(0, 1)], "twice": [(0, 1), (3, 1)], "late": [(30, 1)]}[notice]:
            await turns(wait)
            for _ in range(wakes):
                self.live.wake()

    async def poll(self) -> None:
        """What every process does, again and again; afterwards everything is as it should be."""
        self.live.wake()
        await self.rounds.reached(await self.stores[0].head())
        assert not self.stale, "it should have run again"
        assert not self.needless, "it ran without need"
        for query, watch in zip(self.queries, self.watches, strict=True):
            shown = [loads(document) for document in watch.emissions[-1].value]
            assert shown == [loads(document) for document in query.replay(dict(self.state))]


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@settings(max_examples=50, deadline=None)
@given(st.lists(ON_T, min_size=1, max_size=4), st.lists(bodies, min_size=1, max_size=4), st.data())
async def test_live_queries_show_what_is_there_and_run_exactly_when_it_may_have_changed(found, documents, data):
    watched = Watched(found)
    await watched.open()
    for body in documents:
        await watched.write(0, Insert("t", body))
    await watched.poll()
    for _ in range(data.draw(st.integers(1, 8))):
        changes = [st.builds(Insert, st.just("t"), bodies), *([writes(sorted(watched.state))] if watched.state else [])]
        await watched.write(data.draw(st.integers(0, 1)), data.draw(st.one_of(changes)))
        await watched.tell(data.draw(NOTICES))
        await turns(data.draw(st.sampled_from([0, 0, 1, 5, 40])))
        if data.draw(st.booleans()):
            await watched.poll()
    await watched.poll()
    await watched.close()


async def test_who_slept_for_longer_than_the_log_reaches_back_looks_again(monkeypatch):
    monkeypatch.setattr("sandbox.engine.store.commit_log.LOG_RETENTION_COMMITS", 5)
    monkeypatch.setattr("sandbox.engine.store.commit_log.LOG_RETENTION_NS", 0)
    watched = Watched([Query("t", "by_a", [("Eq", 1.0)], "desc", 2, None, 3, None)])
    await watched.open()
    await watched.poll()
    for number in range(300):
        await watched.write(1, Insert("t", {"a": float(number % 7)}))
    await watched.poll()
    await watched.write(1, Insert("t", {"a": 1.0}))
    await watched.poll()
    await watched.close()
