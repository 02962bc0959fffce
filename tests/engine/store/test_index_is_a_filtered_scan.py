"""An index range finds what `.filter` finds in a full scan, in the order of the index: for all values and ranges."""

from __future__ import annotations

from functools import cmp_to_key

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.clock import FixedClock
from sandbox.engine.store import Store
from sandbox.engine.values import compare, field_at, loads

from .driver import Driver, by, scan
from .invariants import documents_of
from .strategies import documents, maybe_values, wire

FIELDS = {"by_a": ("a",), "by_ab": ("a", "b"), "by_nested": ("b.x", "a"), "by_creation_time": ()}


@st.composite
def ranges(draw, fields: tuple[str, ...]) -> list[tuple[str, str, object]]:
    """Equalities on the first fields in any order, then up to two bounds on the next."""
    equal = draw(st.integers(0, len(fields)))
    comparisons = [("Eq", path, wire(draw(maybe_values))) for path in fields[:equal]]
    following = (*fields, "_creationTime")[equal]
    for kinds in (("Gt", "Gte"), ("Lt", "Lte")):
        if draw(st.booleans()):
            comparisons.append((draw(st.sampled_from(kinds)), following, wire(draw(maybe_values))))
    return draw(st.permutations(comparisons))


def as_filter(range_) -> dict:
    return {
        "filter": {
            "$and": [{f"${kind.lower()}": [{"$field": path}, {"$literal": value}]} for kind, path, value in range_]
        }
    }


def sign(left: dict, right: dict, paths: tuple[str, ...]) -> int:
    for path in paths:
        names = path.split(".")
        found = compare(field_at(left, names), field_at(right, names))
        if found:
            return found
    return 0


async def read(tx, plan) -> list[dict]:
    stream = tx.open_query(plan)
    found, is_done = [], False
    while not is_done:
        texts, is_done = await stream.next(3)
        found += texts
    return [loads(text) for text in found]


@settings(max_examples=120, deadline=None)
@given(st.lists(documents(), max_size=6), st.lists(documents(), max_size=4), st.data())
async def test_an_index_range_is_a_filtered_scan(tmp_path_factory, committed, written, data):
    store = await Store.open(tmp_path_factory.mktemp("store"), clock=FixedClock())
    db = Driver(store)
    await db.push({"t": {name: list(fields) for name, fields in FIELDS.items() if fields}})
    ids = await db.insert("t", *committed)
    name = data.draw(st.sampled_from(sorted(FIELDS)))
    range_ = data.draw(ranges(FIELDS[name]))
    order = data.draw(st.sampled_from(["asc", "desc"]))
    async with db.begin() as tx:
        for body in written:
            target = data.draw(st.sampled_from([None, *ids]))
            if target is None:
                await tx.insert("t", body)
            else:
                await tx.replace(target, body)
        for target in ids:
            if data.draw(st.integers(0, 4)) == 0:
                await tx.delete(target)
        found = await read(tx, by(f"t.{name}", *range_, order=order))
        expected = await read(tx, scan("t", as_filter(range_)))
        paths = (*FIELDS[name], "_creationTime", "_id")
        expected.sort(key=cmp_to_key(lambda left, right: sign(left, right, paths)), reverse=order == "desc")
        assert [document["_id"] for document in found] == [document["_id"] for document in expected]
        await db.commit(tx)
    documents_of(store.path)
    await store.close()
