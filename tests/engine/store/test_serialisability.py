"""The store against a plain dict: several transactions at once, on two Store objects over one folder."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cmp_to_key
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import Conflict, LearnerError
from sandbox.engine.store import Snapshot, Store, Transaction
from sandbox.engine.values import UNDEFINED, compare, dumps, loads

from .driver import by, scan, schema
from .invariants import documents_of
from .strategies import documents, maybe_values, scalars, wire

Stored = tuple[str, dict[str, Any]]
"""Table and document."""

INDEXES = {"by_a": ("a",), "by_ab": ("a", "b")}
SIGNS = {"Eq": (0,), "Gt": (1,), "Gte": (0, 1), "Lt": (-1,), "Lte": (-1, 0)}


def text(document: dict[str, Any]) -> bytes:
    return dumps(document).encode()


def ordered(stored: list[dict[str, Any]], fields: tuple[str, ...], order: str) -> list[dict[str, Any]]:
    def sign(left: dict[str, Any], right: dict[str, Any]) -> int:
        for name in (*fields, "_creationTime", "_id"):
            found = compare(left.get(name, UNDEFINED), right.get(name, UNDEFINED))
            if found:
                return found
        return 0

    return sorted(stored, key=cmp_to_key(sign), reverse=order == "desc")


@dataclass
class Run:
    """One open transaction and what the model knows of it."""

    snapshot: Snapshot
    tx: Transaction
    store: Store
    view: dict[str, Stored]
    tables: set[str]
    reads: list[Callable[[str, dict[str, Any]], bool]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    before: dict[str, Stored | None] = field(default_factory=dict)

    def note_write(self, document_id: str) -> None:
        self.before.setdefault(document_id, self.view.get(document_id))


class StoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="store-"))
        self.clock = FixedClock()
        self.stores = [self.wait(Store.open(self.folder, clock=self.clock)) for _ in range(2)]
        self.state: dict[str, Stored] = {}
        self.tables = {"t"}
        self.log: list[tuple[int, list[tuple[Stored | None, Stored | None]], set[str]]] = []
        self.pushed_ts = 0
        self.staged = False
        self.runs: list[Run] = []
        self.seed = 0

    def wait(self, awaitable):
        return self.loop.run_until_complete(awaitable)

    @initialize()
    def push_first(self):
        self.push_schema()

    @rule()
    def push_schema(self):
        """By turns with one index and with two; it must be filled by whatever is there."""
        self.indexes = {"by_a": ["a"], "by_ab": ["a", "b"]} if not self.staged else {"by_a": ["a"]}
        self.staged = not self.staged
        store = self.stores[len(self.log) % 2]
        self.wait(store.push_schema(schema({"t": self.indexes})))
        self.pushed_ts = self.wait(store.head())

    @precondition(lambda self: len(self.runs) < 3)
    @rule(which=st.integers(0, 1), milliseconds=st.integers(0, 1))
    def begin(self, which, milliseconds):
        self.clock.advance(seconds=milliseconds / 1000)
        store = self.stores[which]
        snapshot = self.wait(store.snapshot())
        self.seed += 1
        tx = store.transaction(snapshot, seed=b"%d" % self.seed, writable=True)
        run = Run(snapshot, tx, store, dict(self.state), set(self.tables))
        run.indexes = dict(self.indexes)
        self.runs.append(run)

    has_run = precondition(lambda self: self.runs)

    def pick(self, data) -> Run:
        return data.draw(st.sampled_from(self.runs))

    def pick_id(self, data, run: Run) -> str | None:
        known = sorted(set(run.view) | set(self.state))
        return data.draw(st.sampled_from(known)) if known else None

    @has_run
    @rule(data=st.data(), table=st.sampled_from(["t", "t", "u", "v"]), body=documents())
    def insert(self, data, table, body):
        run = self.pick(data)
        document_id = self.wait(run.tx.insert(table, body))
        document = loads(run.tx.pending.get(document_id).new)
        assert {name: document[name] for name in body}.keys() == body.keys()
        run.note_write(document_id)
        run.view[document_id] = (table, document)
        run.tables.add(table)

    @has_run
    @rule(data=st.data())
    def get(self, data):
        run = self.pick(data)
        document_id = self.pick_id(data, run)
        if document_id is not None:
            found = self.wait(run.tx.get(document_id, table=None))
            stored = run.view.get(document_id)
            assert found == (None if stored is None else text(stored[1]))
            self.read_id(run, document_id)

    def read_id(self, run: Run, document_id: str) -> None:
        if run.tx.name_of(self.number_of(document_id)) is None:
            run.missing |= {"u", "v"}
        run.reads.append(lambda _, document: document["_id"] == document_id)

    def number_of(self, document_id: str) -> int:
        from sandbox.engine.values import decode_id

        return decode_id(document_id)[0]

    @has_run
    @rule(
        data=st.data(),
        kind=st.sampled_from(["patch", "replace", "delete"]),
        fields=st.dictionaries(st.sampled_from(["a", "b"]), maybe_values, max_size=2),
    )
    def write(self, data, kind, fields):
        run = self.pick(data)
        document_id = self.pick_id(data, run)
        if document_id is None:
            return
        self.read_id(run, document_id)
        plain = {name: value for name, value in fields.items() if value is not UNDEFINED}
        arguments = {"patch": (fields,), "replace": (plain,), "delete": ()}[kind]
        operation = getattr(run.tx, kind)(document_id, *arguments)
        if document_id not in run.view:
            with pytest.raises(LearnerError):
                self.wait(operation)
            return
        self.wait(operation)
        run.note_write(document_id)
        table, old = run.view[document_id]
        system = {name: old[name] for name in ("_id", "_creationTime")}
        if kind == "delete":
            del run.view[document_id]
        elif kind == "replace":
            run.view[document_id] = (table, {**plain, **system})
        else:
            run.view[document_id] = (table, {**{n: v for n, v in old.items() if n not in fields}, **plain})

    @has_run
    @rule(
        data=st.data(),
        table=st.sampled_from(["t", "t", "t", "u"]),
        index=st.sampled_from([None, "by_a", "by_ab"]),
        bounds=st.lists(st.tuples(st.sampled_from(list(SIGNS)), maybe_values), max_size=1),
        order=st.sampled_from(["asc", "desc"]),
        limit=st.sampled_from([None, None, 0, 1, 2, 3]),
        batch=st.integers(1, 4),
        only_a=st.one_of(st.none(), scalars),
        stop_after=st.one_of(st.none(), st.none(), st.integers(0, 3)),
    )
    def query(self, data, table, index, bounds, order, limit, batch, only_a, stop_after):
        run = self.pick(data)
        if table == "u":
            index, bounds = None, []
        if index is not None and index not in run.indexes:
            index = "by_a"
        if index is None:
            bounds = []
        plan = (
            scan(table, order=order)
            if index is None
            else by(f"t.{index}", *((k, "a", wire(v)) for k, v in bounds), order=order)
        )
        if only_a is not None:
            plan["operators"].append({"filter": {"$eq": [{"$field": "a"}, {"$literal": wire(only_a)}]}})
        if limit is not None:
            plan["operators"].append({"limit": limit})
        in_range = self.rows_of(run, table, index, bounds, order)
        passing = [row for row in in_range if only_a is None or compare(row.get("a", UNDEFINED), only_a) == 0]
        expected = passing if limit is None else passing[:limit]
        taken, done = self.wait(self.read(run.tx, plan, batch, stop_after))
        assert taken == [text(row) for row in expected[: len(taken)]]
        assert not done or len(taken) == len(expected)
        self.note_query(
            run,
            table,
            index,
            bounds,
            order,
            in_range,
            taken,
            reached_end=done and (limit is None or len(taken) < limit),
        )

    async def read(self, tx: Transaction, plan, batch: int, stop_after: int | None) -> tuple[list[bytes], bool]:
        stream = tx.open_query(plan)
        found: list[bytes] = []
        done = False
        while not done and (stop_after is None or len(found) < stop_after):
            more, done = await stream.next(batch)
            found += more
        if stop_after is None or (done and len(found) <= stop_after):
            stream.close(None)
            return found, done
        stream.close(min(stop_after, len(found)))
        whole = stop_after >= len(found)
        return found[:stop_after], done and whole

    def rows_of(self, run, table, index, bounds, order):
        rows = [document for name, document in run.view.values() if name == table]
        for kind, value in bounds:
            rows = [row for row in rows if compare(row.get("a", UNDEFINED), value) in SIGNS[kind]]
        return ordered(rows, INDEXES.get(index, ()), order)

    def note_query(self, run, table, index, bounds, order, in_range, taken, reached_end):
        if table not in run.tables:
            run.missing.add(table)
            return
        fields = INDEXES.get(index, ())
        if not taken and not reached_end:
            return
        last = None if reached_end else loads(taken[-1])

        def looked_at(name: str, document: dict[str, Any]) -> bool:
            if name != table:
                return False
            if any(compare(document.get("a", UNDEFINED), value) not in SIGNS[kind] for kind, value in bounds):
                return False
            if last is None:
                return True
            if last["_id"] == document["_id"] and text(last) == text(document):
                return True
            first, _ = ordered([document, last], fields, order)
            return first is document

        run.reads.append(looked_at)

    @has_run
    @rule(data=st.data())
    def abandon(self, data):
        run = self.pick(data)
        self.runs.remove(run)
        self.wait(run.snapshot.close())

    @has_run
    @rule(data=st.data())
    def commit(self, data):
        run = self.pick(data)
        self.runs.remove(run)
        changes = self.changes_of(run)
        expects_conflict = bool(changes) and self.is_overtaken(run, changes)
        try:
            ts = self.wait(run.store.commit(run.tx, run_id="", cause="", writer=None))
        except Conflict:
            assert expects_conflict
        else:
            assert not expects_conflict
            created = {new[0] for _, new in changes if new} - self.tables
            self.log.append((ts, changes, created))
            self.tables |= created
            for old, new in changes:
                if new is None:
                    del self.state[old[1]["_id"]]
                else:
                    self.state[new[1]["_id"]] = new
        finally:
            self.wait(run.snapshot.close())

    def changes_of(self, run: Run) -> list[tuple[Stored | None, Stored | None]]:
        pairs = [(old, run.view.get(document_id)) for document_id, old in run.before.items()]
        return [
            (old, new) for old, new in pairs if old is not new and not (old and new and text(old[1]) == text(new[1]))
        ]

    def is_overtaken(self, run: Run, changes) -> bool:
        if self.pushed_ts > run.tx.begin_ts:
            return True
        creates = bool(run.tx.created_tables)
        written = {stored[1]["_id"] for pair in changes for stored in pair if stored}
        for ts, others, created in self.log:
            if ts <= run.tx.begin_ts:
                continue
            if created & run.missing or (created and creates):
                return True
            for table, document in (stored for pair in others for stored in pair if stored):
                if document["_id"] in written or any(read(table, document) for read in run.reads):
                    return True
        return False

    def teardown(self):
        for run in self.runs:
            self.wait(run.snapshot.close())
        stored = documents_of(self.folder / "store.db")
        assert stored == {document_id: text(document) for document_id, (_, document) in self.state.items()}
        for store in self.stores:
            self.wait(store.close())
        self.loop.close()
        shutil.rmtree(self.folder)


TestStoreAgainstADict = StoreMachine.TestCase
TestStoreAgainstADict.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
