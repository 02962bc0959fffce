"""Vector search against a plain reading of all documents, its filters, texts and limits."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import LearnerError
from sandbox.engine.store import Store
from sandbox.engine.store import vectors as vectors_module
from sandbox.engine.store.vectors import vector_search

from .driver import Driver, scan
from .invariants import documents_of
from .test_search import schema

NEAR = schema(vectors=[("near", "v", 2, "kind", "by.name")])


def eq(field, value):
    return {"$eq": [{"$field": field}, {"$literal": value}]}


async def nearest(store: Store, vector, *, limit=None, expressions=None, index="notes.near"):
    query = {"indexName": index, "vector": vector, "expressions": expressions}
    if limit is not None:
        query["limit"] = limit
    async with await store.snapshot() as snapshot:
        return await vector_search(snapshot, query)


async def names(store: Store, db: Driver, vector, **more):
    return [(await db.get(hit["_id"]))["name"] for hit in await nearest(store, vector, **more)]


async def test_the_nearest_direction_comes_first_with_its_cosine(store, db):
    await store.push_schema(NEAR)
    await db.insert(
        "notes",
        {"name": "east", "v": [3.0, 0.0]},
        {"name": "north", "v": [0.0, 2.0]},
        {"name": "west", "v": [-1.0, 0.0]},
    )
    assert await names(store, db, [1.0, 0.5]) == ["east", "north", "west"]
    scores = [hit["_score"] for hit in await nearest(store, [1, 0])]
    assert scores == pytest.approx([1.0, 0.0, -1.0])


async def test_documents_without_a_fitting_vector_are_not_found(store, db):
    await store.push_schema(NEAR)
    wrong = [[1.0], [1.0, 2.0, 3.0], ["a", "b"], [1.0, math.inf], [1e300, 0.0], "v", None]
    await db.insert("notes", *({"name": "wrong", "v": vector} for vector in wrong), {"name": "none"})
    await db.insert("notes", {"name": "right", "v": [1.0, 0.0]}, {"name": "zero", "v": [0.0, 0.0]})
    assert await names(store, db, [1.0, 0.0]) == ["right", "zero"]


async def test_filters_are_alternatives(store, db):
    await store.push_schema(NEAR)
    await db.insert(
        "notes",
        {"name": "1", "v": [1.0, 0.1], "kind": "a"},
        {"name": "2", "v": [1.0, 0.2], "kind": 1.0, "by": {"name": "al"}},
        {"name": "3", "v": [1.0, 0.3], "kind": None},
        {"name": "4", "v": [1.0, 0.4]},
    )
    assert await names(store, db, [1, 0], expressions=eq("kind", "a")) == ["1"]
    either = {"$or": [eq("kind", "a"), {"$or": [eq("by.name", "al"), eq("kind", None)]}]}
    assert await names(store, db, [1, 0], expressions=either) == ["1", "2", "3"]
    assert await names(store, db, [1, 0], expressions=eq("kind", {"$undefined": None})) == ["4"]
    assert await names(store, db, [1, 0], expressions=eq("kind", {"$integer": "AQAAAAAAAAA="})) == []


async def test_ten_results_unless_asked_for_more(store, db, monkeypatch):
    monkeypatch.setattr(vectors_module, "CHUNK_BYTES", 64)
    await store.push_schema(NEAR)
    await db.insert("notes", *({"v": [1.0, n / 100]} for n in range(300)))
    assert len(await nearest(store, [1, 0])) == 10
    assert len(await nearest(store, [1, 0], limit=256)) == 256
    assert await nearest(store, [1, 0], limit=0) == []


async def test_changes_of_a_vector_and_of_the_schema(store, db):
    ids = await db.insert("notes", {"name": "a", "v": [1.0, 0.0]}, {"name": "b", "v": [0.0, 1.0]})
    await store.push_schema(NEAR)
    assert await names(store, db, [1, 0]) == ["a", "b"]
    await db.patch(ids[0], {"v": [-1.0, 0.0]})
    await db.delete(ids[1])
    assert await names(store, db, [1, 0]) == ["a"]
    documents_of(store.path)
    await store.push_schema(schema())
    with pytest.raises(LearnerError, match=r"Index notes\.near not found\."):
        await nearest(store, [1, 0])


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ({"vector": [1]}, "VectorDimensionsMismatch", "Expected a vector with dimensions 2, received 1."),
        ({"vector": "v"}, "VectorDimensionsMismatch", "Expected a vector with dimensions 2, received 0."),
        (
            {"vector": [1, None]},
            "InvalidVector",
            "`vector` must be an array of finite numbers in vectorSearch",
        ),
        (
            {"limit": 257},
            "VectorLimitTooLargeError",
            "Vector queries can fetch at most 256 results, requested 257.",
        ),
        ({"limit": -1}, "InvalidLimit", "`limit` must be a whole number that is not negative, not -1"),
        (
            {"expressions": eq("other", 1.0)},
            "IncorrectVectorFilterField",
            'Vector query against notes.near contains a filter on "other" but that field isn\'t indexed for '
            "filtering in `filterFields`.",
        ),
        (
            {"expressions": {"$eq": [{"$literal": 1.0}, {"$field": "kind"}]}},
            "InvalidVectorSearchFilter",
            "`q.eq` must take a field path as its first argument and a value as its second",
        ),
        (
            {"expressions": {"$and": [eq("kind", 1.0)]}},
            "InvalidVectorSearchFilter",
            "Filters should be a combination of `q.eq` and `q.or`.",
        ),
        (
            {"expressions": {"$or": [eq("kind", float(n)) for n in range(65)]}},
            "TooManyElementsInVectorQueryError",
            "Vector query against notes.near has too many conditions. Max: 64 Actual: 65",
        ),
        ({"indexName": "notes.body"}, "IndexNotAVectorIndex", "Index notes.body is not a vector index"),
        ({"indexName": "notes.none"}, "IndexNotFound", "Index notes.none not found."),
        ({"indexName": 5}, "InvalidVectorSearch", "Invalid vector search: this is not a vector query"),
    ],
)
async def test_a_search_that_is_refused(store, query, code, message):
    await store.push_schema(schema(("body", "body"), vectors=[("near", "v", 2, "kind")]))
    async with await store.snapshot() as snapshot:
        with pytest.raises(LearnerError) as caught:
            await vector_search(snapshot, {"indexName": "notes.near", "vector": [1, 0], "expressions": None, **query})
    assert (caught.value.code, caught.value.message) == (code, message)


numbers = st.integers(-3, 3).map(float)


@settings(max_examples=40, deadline=None)
@given(
    documents=st.lists(
        st.fixed_dictionaries(
            {"v": st.lists(numbers, min_size=2, max_size=3)}, optional={"kind": st.sampled_from(["a", None])}
        ),
        max_size=12,
    ),
    vector=st.lists(numbers, min_size=2, max_size=2),
    kinds=st.lists(st.sampled_from(["a", None]), max_size=2),
    limit=st.integers(1, 5),
)
async def test_a_search_is_what_reading_everything_gives(tmp_path_factory, documents, vector, kinds, limit):
    store = await Store.open(tmp_path_factory.mktemp("vectors") / "store", clock=FixedClock())
    try:
        await store.push_schema(NEAR)
        db = Driver(store)
        await db.insert("notes", *documents)
        everything = await db.collect(scan("notes"))
        expressions = {"$or": [eq("kind", kind) for kind in kinds]} if kinds else None
        hits = await nearest(store, vector, limit=limit, expressions=expressions)
        fitting = [d for d in everything if len(d["v"]) == 2 and (not kinds or ("kind" in d and d["kind"] in kinds))]
        scores = {d["_id"]: _cosine(d["v"], vector) for d in fitting}
        assert len(hits) == min(limit, len(fitting))
        assert [hit["_score"] for hit in hits] == pytest.approx(sorted(scores.values(), reverse=True)[:limit])
        assert all(hit["_score"] == pytest.approx(scores[hit["_id"]]) for hit in hits)
    finally:
        await store.close()


def _cosine(a, b) -> float:
    length = math.hypot(*a) * math.hypot(*b)
    return sum(x * y for x, y in zip(a, b, strict=True)) / length if length else 0.0
