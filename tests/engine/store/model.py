"""A store as a plain dict, with the operations of transactions on both, and what each of them looked at.

An operation runs on a real transaction, and `replay`s on a dict: the results must be the same. What it looked at
says which documents would have changed its result, and so which commits must make its transaction conflict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cmp_to_key
from typing import Any

from hypothesis import strategies as st

from sandbox.engine.errors import LearnerError
from sandbox.engine.store import Snapshot, Store, Transaction
from sandbox.engine.values import UNDEFINED, Int64, compare, decode_id, dumps, loads

from .driver import by, scan
from .strategies import wire

Document = dict[str, Any]
View = dict[str, tuple[str, Document]]
"""Table and document by id."""
LooksAt = Callable[[str, Document], bool]

INDEXES = {None: (), "by_a": ("a",), "by_ab": ("a", "b")}
SIGNS = {"Eq": (0,), "Gt": (1,), "Gte": (0, 1), "Lt": (-1,), "Lte": (-1, 0)}
FAILED = "failed"


def text(document: Document) -> bytes:
    return dumps(document).encode()


def nothing(table: str, document: Document) -> bool:
    return False


@dataclass
class Insert:
    table: str
    body: Document
    made: Document = field(default_factory=dict)

    async def run(self, tx: Transaction) -> str:
        document_id = await tx.insert(self.table, self.body)
        self.made = loads(tx.pending.get(document_id).new)
        return document_id

    def replay(self, view: View) -> str:
        assert text(self.made) == text({**self.body, **system_fields(self.made)})
        view[self.made["_id"]] = (self.table, self.made)
        return self.made["_id"]

    def looks_at(self, result: Any) -> LooksAt:
        return nothing


@dataclass
class Get:
    id: str

    async def run(self, tx: Transaction) -> bytes | None:
        return await tx.get(self.id, table=None)

    def replay(self, view: View) -> bytes | None:
        return text(view[self.id][1]) if self.id in view else None

    def looks_at(self, result: Any) -> LooksAt:
        return lambda _, document: document["_id"] == self.id


@dataclass
class Write(Get):
    kind: str
    fields: dict[str, Any]

    @property
    def plain(self) -> Document:
        return {name: value for name, value in self.fields.items() if value is not UNDEFINED}

    async def run(self, tx: Transaction) -> str | None:
        arguments = {"patch": (self.fields,), "replace": (self.plain,), "delete": ()}[self.kind]
        try:
            return await getattr(tx, self.kind)(self.id, *arguments)
        except LearnerError:
            return FAILED

    def replay(self, view: View) -> str | None:
        if self.id not in view:
            return FAILED
        table, old = view[self.id]
        if self.kind == "delete":
            del view[self.id]
        elif self.kind == "replace":
            view[self.id] = (table, {**self.plain, **system_fields(old)})
        else:
            kept = {name: value for name, value in old.items() if name not in self.fields}
            view[self.id] = (table, {**kept, **self.plain})
        return None


@dataclass
class Query:
    """`stop_after`: the function stops after so many documents, whatever was read ahead."""

    table: str
    index: str | None
    bounds: list[tuple[str, Any]]
    order: str
    limit: int | None
    only_a: Any
    batch: int
    stop_after: int | None
    reached_end: bool = False

    @property
    def plan(self) -> dict[str, Any]:
        operators: list[dict[str, Any]] = []
        if self.only_a is not None:
            operators.append({"filter": {"$eq": [{"$field": "a"}, {"$literal": wire(self.only_a)}]}})
        if self.limit is not None:
            operators.append({"limit": self.limit})
        if self.index is None:
            return scan(self.table, *operators, order=self.order)
        range_ = [(kind, "a", wire(value)) for kind, value in self.bounds]
        return by(f"t.{self.index}", *range_, order=self.order, operators=tuple(operators))

    async def run(self, tx: Transaction) -> list[bytes]:
        stream = tx.open_query(self.plan)
        found: list[bytes] = []
        done = False
        while not done and (self.stop_after is None or len(found) < self.stop_after):
            more, done = await stream.next(self.batch)
            found += more
        took_all = self.stop_after is None or (done and len(found) <= self.stop_after)
        stream.close(None if took_all else self.stop_after)
        taken = found if took_all else found[: self.stop_after]
        self.reached_end = done and took_all and (self.limit is None or len(found) < self.limit)
        return taken

    def replay(self, view: View) -> list[bytes]:
        rows = [document for table, document in view.values() if self.holds(table, document)]
        rows = [row for row in in_order(rows, INDEXES[self.index], self.order) if self.passes(row)]
        expected = [text(row) for row in rows][: self.limit]
        return expected if self.stop_after is None else expected[: self.stop_after]

    def holds(self, table: str, document: Document) -> bool:
        bounds = [] if self.index is None else self.bounds
        return table == self.table and all(
            compare(document.get("a", UNDEFINED), value) in SIGNS[kind] for kind, value in bounds
        )

    def passes(self, document: Document) -> bool:
        return self.only_a is None or compare(document.get("a", UNDEFINED), self.only_a) == 0

    def looks_at(self, result: list[bytes]) -> LooksAt:
        if self.reached_end:
            return self.holds
        if not result:
            return nothing
        last = loads(result[-1])

        def is_up_to_last(table: str, document: Document) -> bool:
            if not self.holds(table, document):
                return False
            return in_order([last, document], INDEXES[self.index], self.order)[1] is last or same_key(
                document, last, INDEXES[self.index]
            )

        return is_up_to_last


@dataclass
class Page(Query):
    """The first page of a query; `stop_after` is the size of the page, and there is no limit."""

    async def run(self, tx: Transaction) -> list[bytes]:
        tx.journal_out = None
        page = await tx.paginate(self.plan, cursor=None, end_cursor=None, page_size=self.stop_after)
        self.reached_end = page.is_done
        assert page.is_done or len(page.documents) == self.stop_after
        return page.documents


@dataclass
class Nested:
    """A nested mutation; what it wrote goes back when it fails, what it read stays read."""

    operations: list[Operation]
    fails: bool

    async def run(self, tx: Transaction) -> list[Any]:
        mark = tx.savepoint()
        results = [await operation.run(tx) for operation in self.operations]
        if self.fails:
            tx.rollback_to(mark)
        return results

    def replay(self, view: View) -> list[Any]:
        before = dict(view)
        results = [operation.replay(view) for operation in self.operations]
        if self.fails:
            view.clear()
            view.update(before)
        return results


Operation = Insert | Get | Write | Query | Nested


def system_fields(document: Document) -> Document:
    return {name: document[name] for name in ("_id", "_creationTime")}


def sign_of(left: Document, right: Document, fields: tuple[str, ...]) -> int:
    for name in (*fields, "_creationTime", "_id"):
        found = compare(left.get(name, UNDEFINED), right.get(name, UNDEFINED))
        if found:
            return found
    return 0


def same_key(left: Document, right: Document, fields: tuple[str, ...]) -> bool:
    return sign_of(left, right, fields) == 0


def in_order(documents: list[Document], fields: tuple[str, ...], order: str) -> list[Document]:
    by_fields = cmp_to_key(lambda left, right: sign_of(left, right, fields))
    return sorted(documents, key=by_fields, reverse=order == "desc")


@dataclass
class Run:
    """One transaction, and what the model knows of it."""

    snapshot: Snapshot
    tx: Transaction
    store: Store
    view: View
    tables: set[str]
    operations: list[tuple[Operation, Any]] = field(default_factory=list)
    looked_at: list[LooksAt] = field(default_factory=list)
    missed_tables: set[str] = field(default_factory=set)
    made_a_table: bool = False
    touched: dict[str, tuple[str, Document] | None] = field(default_factory=dict)

    async def do(self, operation: Operation) -> None:
        """Runs it on both sides and compares."""
        result = await operation.run(self.tx)
        before = dict(self.view)
        assert result == operation.replay(self.view)
        for document_id in before.keys() | self.view.keys():
            if before.get(document_id) is not self.view.get(document_id):
                self.touched.setdefault(document_id, before.get(document_id))
        self.operations.append((operation, result))
        self._note_reads(operation, result)

    def _note_reads(self, operation: Operation, result: Any) -> None:
        if isinstance(operation, Nested):
            tables = set(self.tables)
            for inner, inner_result in zip(operation.operations, result, strict=True):
                self._note_reads(inner, inner_result)
            if operation.fails:
                self.tables = tables
        elif isinstance(operation, Insert):
            self.made_a_table |= operation.table not in self.tables
            self.tables.add(operation.table)
        elif isinstance(operation, Query) and operation.table not in self.tables:
            self.missed_tables.add(operation.table)
        elif isinstance(operation, Get) and self.tx.name_of(decode_id(operation.id)[0]) is None:
            self.missed_tables |= {"u", "v"}
        else:
            self.looked_at.append(operation.looks_at(result))

    @property
    def changes(self) -> list[tuple[tuple[str, Document] | None, tuple[str, Document] | None]]:
        """(old, new) of the documents that a commit would change."""
        pairs = [(old, self.view.get(document_id)) for document_id, old in self.touched.items()]
        return [(old, new) for old, new in pairs if (old and text(old[1])) != (new and text(new[1]))]

    def is_overtaken_by(self, commit: Committed) -> bool:
        if commit.created & self.missed_tables or (commit.created and self.made_a_table):
            return True
        own = {stored[1]["_id"] for pair in self.changes for stored in pair if stored}
        return any(
            document["_id"] in own or any(looks_at(table, document) for looks_at in self.looked_at)
            for table, document in (stored for pair in commit.changes for stored in pair if stored)
        )


@dataclass
class Committed:
    ts: int
    changes: list[tuple[tuple[str, Document] | None, tuple[str, Document] | None]]
    created: set[str]

    def apply(self, view: View) -> None:
        for old, new in self.changes:
            if new is None:
                del view[old[1]["_id"]]
            else:
                view[new[1]["_id"]] = new


# --- strategies: few values, so that transactions get into each other's way

values = st.sampled_from([None, Int64(1), 1.0, 2.0])
maybe_values = st.one_of(values, st.just(UNDEFINED))
bodies = st.fixed_dictionaries({}, optional={"a": values, "b": values})
inserts = st.builds(Insert, st.sampled_from(["t", "t", "t", "u", "v"]), bodies)


def gets(ids: list[str]) -> st.SearchStrategy[Get]:
    return st.builds(Get, st.sampled_from(ids))


def writes(ids: list[str]) -> st.SearchStrategy[Write]:
    fields = st.dictionaries(st.sampled_from(["a", "b"]), maybe_values, max_size=2)
    return st.builds(Write, st.sampled_from(ids), st.sampled_from(["patch", "replace", "delete"]), fields)


def queries(indexes: list[str | None]) -> st.SearchStrategy[Query]:
    on_t = st.builds(
        Query,
        st.just("t"),
        st.sampled_from(indexes),
        st.lists(st.tuples(st.sampled_from(list(SIGNS)), maybe_values), max_size=1),
        st.sampled_from(["asc", "desc"]),
        st.sampled_from([None, None, 0, 1, 2, 3]),
        st.one_of(st.none(), st.none(), values),
        st.integers(1, 4),
        st.one_of(st.none(), st.none(), st.integers(0, 3)),
    )
    on_u = st.builds(Query, *map(st.just, ("u", None, [], "asc", None, None, 3, None)))
    pages = st.builds(
        Page,
        st.just("t"),
        st.sampled_from(indexes),
        st.lists(st.tuples(st.sampled_from(list(SIGNS)), maybe_values), max_size=1),
        st.sampled_from(["asc", "desc"]),
        st.none(),
        st.one_of(st.none(), values),
        st.none(),
        st.integers(1, 3),
    )
    return st.one_of(on_t, on_t, on_t, on_u, pages)


def operations(ids: list[str], indexes: list[str | None]) -> st.SearchStrategy[Operation]:
    if not ids:
        return st.one_of(inserts, queries(indexes))
    plain = st.one_of(inserts, gets(ids), writes(ids), writes(ids), queries(indexes), queries(indexes))
    nested = st.builds(Nested, st.lists(plain, min_size=1, max_size=3), st.booleans())
    deeper = st.builds(Nested, st.lists(st.one_of(plain, nested), min_size=1, max_size=3), st.booleans())
    return st.one_of(plain, plain, plain, plain, nested, deeper)
