"""The store against a plain dict: several transactions at once, on two Store objects over one folder."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import Conflict
from sandbox.engine.store import Store
from sandbox.engine.values import loads

from .driver import schema
from .invariants import documents_of
from .model import Committed, Get, Insert, Nested, Query, Run, View, Write, bodies, operations, queries, text, writes

BOTH_INDEXES = {"by_a": ["a"], "by_ab": ["a", "b"]}


class Model:
    """The dict, the log as it should be, and transactions in progress."""

    def __init__(self, store_class: type[Store] = Store) -> None:
        self.store_class = store_class
        self.folder = Path(tempfile.mkdtemp(prefix="store-"))
        self.clock = FixedClock()
        self.state: View = {}
        self.log: list[Committed] = []
        self.pushed_ts = 0
        self.begun = 0

    async def open(self) -> None:
        self.stores = [await self.store_class.open(self.folder, clock=self.clock) for _ in range(2)]
        await self.push(BOTH_INDEXES)

    async def close(self) -> None:
        assert documents_of(self.folder / "store.db") == {key: text(new) for key, (_, new) in self.state.items()}
        for store in self.stores:
            await store.close()
        shutil.rmtree(self.folder)

    async def push(self, indexes: dict[str, list[str]]) -> None:
        self.indexes: list[str | None] = [None, *indexes]
        store = self.stores[len(self.log) % 2]
        await store.push_schema(schema({"t": indexes}))
        self.pushed_ts = await store.head()

    async def begin(self, which: int) -> Run:
        store = self.stores[which]
        snapshot = await store.snapshot()
        self.begun += 1
        tx = store.transaction(snapshot, seed=b"%d" % self.begun, writable=True)
        view: View = {}
        for commit in self.log:
            if commit.ts <= snapshot.ts:
                commit.apply(view)
        return Run(snapshot, tx, store, view, set(tx.table_numbers()))

    async def commit(self, run: Run) -> None:
        """Commits; a conflict must come exactly when a commit since touched what the run looked at or wrote."""
        changes = run.changes
        since = [commit for commit in self.log if commit.ts > run.tx.begin_ts]
        is_overtaken = self.pushed_ts > run.tx.begin_ts or any(map(run.is_overtaken_by, since))
        created = {new[0] for _, new in changes if new} - {"t"}.union(*(commit.created for commit in self.log))
        try:
            ts = await run.store.commit(run.tx, run_id="", cause="", writer=None)
        except Conflict:
            assert changes
            assert is_overtaken
        else:
            assert not (changes and is_overtaken)
            self.log.append(Committed(ts, changes, created))
            self.log[-1].apply(self.state)
        finally:
            await run.snapshot.close()

    async def fill(self, documents: list[dict]) -> list[str]:
        run = await self.begin(0)
        for body in documents:
            await run.do(Insert("t", body))
        await self.commit(run)
        return sorted(self.state)


class StoreMachine(RuleBasedStateMachine):
    """Three transactions are open at any time; every step is one operation of one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.model = Model()
        self.wait(self.model.open())
        self.both = True
        self.commits_at_push = 0

    def wait(self, awaitable):
        return self.loop.run_until_complete(awaitable)

    @initialize(documents=st.lists(bodies, min_size=2, max_size=4))
    def start(self, documents):
        self.wait(self.model.fill(documents))
        self.runs = [self.wait(self.model.begin(which)) for which in (0, 1, 1)]

    @rule(data=st.data(), which=st.integers(0, 2))
    def operate(self, data, which):
        run = self.runs[which]
        ids = sorted(run.view.keys() | self.model.state.keys())
        indexes = [None, *run.tx.catalog.tables["t"].indexes.keys() & BOTH_INDEXES.keys()]
        self.wait(run.do(data.draw(operations(ids, sorted(indexes, key=str)))))

    @rule(which=st.integers(0, 2), commits=st.sampled_from([True, True, True, False]))
    def finish(self, which, commits):
        """Commits or abandons a transaction; another begins in its place."""
        run = self.runs[which]
        self.model.clock.advance(seconds=0.001 * which)
        if commits:
            self.wait(self.commit(run))
        else:
            self.wait(run.snapshot.close())
        self.runs[which] = self.wait(self.model.begin(which % 2))

    async def commit(self, run: Run) -> None:
        if not run.changes:
            await run.do(Insert("t", {"a": "outside of most ranges"}))
        await self.model.commit(run)

    @precondition(lambda self: len(self.model.log) > self.commits_at_push + 3)
    @rule()
    def push_schema(self):
        """By turns with one index and with two; a new one must hold whatever is there."""
        self.both = not self.both
        self.commits_at_push = len(self.model.log)
        self.wait(self.model.push(BOTH_INDEXES if self.both else {"by_a": ["a"]}))

    def teardown(self):
        for run in getattr(self, "runs", []):
            self.wait(run.snapshot.close())
        self.wait(self.model.close())
        self.loop.close()


TestStoreAgainstADict = StoreMachine.TestCase
TestStoreAgainstADict.settings = settings(max_examples=12, stateful_step_count=40, deadline=None)


class LongStoreMachine(StoreMachine):
    pass


TestStoreAgainstADictForLong = pytest.mark.slow(LongStoreMachine.TestCase)
TestStoreAgainstADictForLong.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)


@settings(max_examples=60, deadline=None)
@given(st.lists(bodies, min_size=1, max_size=5), st.data())
async def test_a_read_conflicts_exactly_with_writes_that_change_its_result(documents, data):
    model = Model()
    await model.open()
    ids = await model.fill(documents)
    reader, writer = await model.begin(0), await model.begin(1)
    await reader.do(data.draw(queries(model.indexes)))
    await writer.do(data.draw(st.one_of(writes(ids), writes(ids), st.builds(Insert, st.sampled_from("ttu"), bodies))))
    await reader.do(Insert("t", {"a": "outside of most ranges"}))
    await model.commit(writer)
    await model.commit(reader)
    await model.close()


# --- a backend that waits


class WaitingStore(Store):
    """Stands for a backend whose every step may wait: others run in between, as chance will have it."""

    chance = random.Random(0)

    async def pause(self) -> None:
        for _ in range(self.chance.choice((0, 0, 1, 2, 5))):
            await asyncio.sleep(0)


async def one_client(model: Model, ids: list[str], chance: random.Random, done: list[tuple[int | None, Run]]) -> None:
    for _ in range(6):
        run = await model.begin(chance.randrange(2))
        for _ in range(chance.randrange(1, 5)):
            await run.do(chance_operation(sorted({*ids, *run.view}), chance))
        try:
            ts = await run.store.commit(run.tx, run_id="", cause="", writer=None)
        except Conflict:
            ts = None
        done.append((ts, run))
        await run.snapshot.close()


def chance_operation(ids: list[str], chance: random.Random):
    """As `operations`, from a seed: Hypothesis cannot draw while many tasks run."""
    value = lambda: chance.choice([None, 1.0, 2.0])  # noqa: E731
    match chance.randrange(5):
        case 4:
            inner = [chance_operation(ids, chance) for _ in range(chance.randrange(1, 3))]
            return Nested(inner, chance.choice((True, False)))
        case 0:
            return Insert(chance.choice("ttu"), {"a": value()})
        case 1:
            return Get(chance.choice(ids))
        case 2:
            return Write(
                chance.choice(ids), chance.choice(["patch", "replace", "delete"]), {"a": value(), "b": value()}
            )
        case _:
            bounds = [(chance.choice(["Eq", "Gt", "Lte"]), value())]
            stop_after = chance.choice([None, 1])
            return Query(
                "t", chance.choice([None, "by_a"]), bounds, chance.choice(["asc", "desc"]), None, None, 2, stop_after
            )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
async def test_on_a_backend_that_waits_commits_are_as_if_one_after_the_other(seed):
    """The committed runs, again one after the other in timestamp order on the dict, read and leave the same."""
    WaitingStore.chance = random.Random(seed)
    model = Model(WaitingStore)
    await model.open()
    ids = await model.fill([{"a": 1.0}, {"a": 2.0}, {}])
    model.begin = begin_without_model(model)
    done: list[tuple[int | None, Run]] = []
    await asyncio.gather(*(one_client(model, ids, random.Random(seed + n), done) for n in range(5)))
    for ts, run in sorted(((ts, run) for ts, run in done if ts is not None), key=lambda pair: pair[0]):
        # A run that wrote nothing is as of its snapshot; its timestamp only says when it was answered.
        if run.changes:
            for operation, result in run.operations:
                assert operation.replay(model.state) == result, (ts, operation)
    assert len(done) == 30
    await model.close()


def begin_without_model(model: Model):
    """The dict as of a snapshot comes from the store's own log: the model learns of commits only at the end."""

    async def begin(which: int) -> Run:
        run = await Model.begin(model, which)
        run.view.clear()
        for commit in await run.store.log_since(0):
            if commit.ts <= run.tx.begin_ts:
                replay_log(commit, run.view)
        return run

    return begin


def replay_log(commit, view: View) -> None:
    for change in commit.changes:
        if change.new is None:
            del view[change.id]
        else:
            view[change.id] = (change.table, loads(change.new))
