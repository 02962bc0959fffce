from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.errors import Conflict, DeployError, LearnerError
from sandbox.engine.schema import SchemaDefinition, validators
from sandbox.engine.store import PushProgress, Store, schema_push
from sandbox.engine.values import loads

from .driver import Driver, by, scan, schema
from .invariants import documents_of
from .strategies import documents

NUMBER, TEXT = {"type": "number"}, {"type": "string"}


async def refused(push) -> DeployError:
    with pytest.raises(DeployError) as caught:
        await push
    return caught.value


async def test_a_new_index_holds_the_documents_that_were_there(db: Driver):
    await db.insert("t", *({"n": float(n)} for n in (3, 1, 2)))
    await db.push({"t": {"by_n": ["n"]}})
    assert [row["n"] for row in await db.collect(by("t.by_n"))] == [1.0, 2.0, 3.0]


async def test_a_document_that_does_not_match_keeps_the_old_schema_in_force(db: Driver):
    good, bad = await db.insert("t", {"n": 1.0}, {"n": "one"})
    error = await refused(db.push({"t": {"by_n": ["n"]}}, t={"n": NUMBER}))
    assert error.message.startswith(
        f'Schema validation failed.\nDocument with ID "{bad}" in table "t" does not match the schema: '
        "Value does not match validator.\nPath: .n\n"
    )
    assert [(p.file, p.line) for p in error.problems] == [("convex/schema.ts", 0)]
    assert db.store.schema == SchemaDefinition.EMPTY
    assert db.store._connection.execute("SELECT count(*) FROM indexes WHERE state = 'building'").fetchone() == (0,)
    with pytest.raises(LearnerError, match="not found"):
        await db.collect(by("t.by_n"))
    await db.patch(bad, {"n": 2.0})
    await db.push({"t": {"by_n": ["n"]}}, t={"n": NUMBER})
    assert [row["_id"] for row in await db.collect(by("t.by_n"))] == [good, bad]
    documents_of(db.store.path)


async def test_a_dropped_index_is_gone_and_filled_again_when_it_returns(db: Driver):
    await db.push({"t": {"by_n": ["n"]}})
    await db.insert("t", {"n": 1.0})
    await db.push({"t": {}})
    with pytest.raises(LearnerError, match=r"Index t.by_n not found\."):
        await db.collect(by("t.by_n"))
    await db.insert("t", {"n": 0.0})
    await db.push({"t": {"by_n": ["n"]}})
    assert [row["n"] for row in await db.collect(by("t.by_n"))] == [0.0, 1.0]
    (left,) = db.store._connection.execute("SELECT count(DISTINCT index_id) FROM index_entries").fetchone()
    assert left == 3


async def test_an_index_with_other_fields_is_another_index(db: Driver):
    await db.push({"t": {"i": ["a"]}})
    await db.insert("t", {"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 1.0})
    await db.push({"t": {"i": ["b"]}})
    assert [row["b"] for row in await db.collect(by("t.i"))] == [1.0, 2.0]


async def test_a_table_that_leaves_the_schema_keeps_its_documents(db: Driver):
    await db.push({"t": {"by_n": ["n"]}}, t={"n": NUMBER})
    await db.insert("t", {"n": 1.0})
    await db.push({})
    await db.insert("t", {"n": "anything"})
    assert len(await db.collect(scan("t"))) == 2
    (info,) = await db.store.tables()
    assert [index.name for index in info.indexes] == ["by_id", "by_creation_time"]


async def test_a_staged_index_is_filled_and_becomes_ready_without_filling(db: Driver, monkeypatch):
    await db.insert("t", {"n": 1.0})
    staged = (
        schema({"t": {"by_n": ["n"]}}).json_text.replace('"indexes"', '"x"').replace('"stagedDbIndexes"', '"indexes"')
    )
    staged = staged.replace('"x"', '"stagedDbIndexes"')
    await db.store.push_schema(SchemaDefinition.parse(staged))
    with pytest.raises(LearnerError) as caught:
        await db.collect(by("t.by_n"))
    assert caught.value.message == ("Index t.by_n is currently staged and not available to query until it is enabled.")
    await db.insert("t", {"n": 2.0})
    with monkeypatch.context() as patched:
        patched.setattr(schema_push._Push, "_fill", None)
        await db.push({"t": {"by_n": ["n"]}})
    assert [row["n"] for row in await db.collect(by("t.by_n"))] == [1.0, 2.0]


async def test_without_schema_validation_documents_are_not_checked_and_indexes_are_filled(db: Driver):
    await db.insert("t", {"n": "text"})
    text = schema({"t": {"by_n": ["n"]}}, t={"n": NUMBER}).json_text
    unchecked = SchemaDefinition.parse(text.replace('"schemaValidation":true', '"schemaValidation":false'))
    await db.store.push_schema(unchecked)
    await db.insert("t", {"n": True, "more": 1.0})
    assert [row["n"] for row in await db.collect(by("t.by_n"))] == [True, "text"]
    error = await refused(db.store.push_schema(SchemaDefinition.parse(text)))
    assert error.code == "SchemaValidationFailed"
    assert not db.store.schema.schema_validation


async def test_the_schema_comes_back_when_the_store_is_opened_again(db: Driver, clock):
    await db.push({"t": {"by_n": ["n"]}}, t={"n": NUMBER})
    other = await Store.open(db.store.folder, clock=clock)
    assert other.schema == db.store.schema != SchemaDefinition.EMPTY
    await other.close()


async def test_pushing_the_schema_in_force_changes_nothing(db: Driver):
    await db.push({"t": {"by_n": ["n"]}})
    ts = await db.store.head()
    await db.push({"t": {"by_n": ["n"]}})
    assert await db.store.head() == ts


async def test_a_transaction_from_before_the_push_loses(db: Driver):
    async with db.begin() as old:
        await old.insert("t", {"n": "text"})
        await db.push({"t": {}}, t={"n": NUMBER})
        with pytest.raises(Conflict):
            await db.commit(old)


async def test_the_indexes_of_a_table_are_told(db: Driver):
    await db.push({"t": {"by_ab": ["a", "b.c"]}})
    (info,) = await db.store.tables()
    assert [(index.name, index.fields) for index in info.indexes] == [
        ("by_id", ("_id",)),
        ("by_creation_time", ("_creationTime",)),
        ("by_ab", ("a", "b.c")),
    ]


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(schema_push, "SLICE_DOCUMENTS", 2)


async def push_beside(db: Driver, new_schema: SchemaDefinition, *steps) -> None:
    """Pushes, and takes one step after each slice."""
    waiting = list(steps)
    real_pause = db.store.pause

    async def pause() -> None:
        if waiting and pushing.is_set():
            pushing.clear()
            await waiting.pop(0)(db)

    pushing = asyncio.Event()
    db.store.pause = pause
    try:
        await db.store.push_schema(new_schema, report=lambda _: pushing.set())
    finally:
        db.store.pause = real_pause
    assert not waiting


async def test_a_push_tells_how_far_it_is(db: Driver, small_slices):
    await db.insert("t", *({"n": float(n)} for n in range(5)))
    reports: list[PushProgress] = []
    await db.store.push_schema(schema({"t": {"by_n": ["n"], "by_m": ["m"]}}), report=reports.append)
    await db.store.push_schema(schema({"t": {"by_n": ["n"]}}, t={"n": NUMBER}), report=reports.append)
    assert reports == [
        ("t", ("by_m", "by_n"), 2, 5),
        ("t", ("by_m", "by_n"), 4, 5),
        ("t", (), 2, 5),
        ("t", (), 4, 5),
    ]


async def test_commits_during_a_push_are_in_the_new_index(db: Driver, small_slices):
    ids = await db.insert("t", *({"n": float(n)} for n in range(10)))

    async def change(db: Driver) -> None:
        await db.patch(ids[0], {"n": 77.0})
        await db.delete(ids[1])
        await db.insert("t", {"n": -1.0})
        await db.patch(ids[9], {"n": 78.0})

    await push_beside(db, schema({"t": {"by_n": ["n"]}}), change, change_again(ids))
    found = [row["n"] for row in await db.collect(by("t.by_n"))]
    assert found == [-1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 79.0, 80.0]
    documents_of(db.store.path)


def change_again(ids: list[str]):
    async def change(db: Driver) -> None:
        await db.patch(ids[0], {"n": 79.0})
        await db.patch(ids[9], {"n": 80.0})

    return change


async def test_a_commit_during_a_push_that_breaks_the_new_schema_fails_the_push(db: Driver, small_slices):
    await db.insert("t", *({"n": float(n)} for n in range(10)))

    async def break_it(db: Driver) -> None:
        await db.insert("t", {"n": "text"})

    error = await refused(push_beside(db, schema({"t": {"by_n": ["n"]}}, t={"n": NUMBER}), break_it))
    assert error.message.startswith(
        'Schema validation failed.\nNew document in table "t" does not match the schema: Value does not match'
    )
    assert db.store.schema == SchemaDefinition.EMPTY
    await db.push({"t": {}})
    documents_of(db.store.path)


async def test_a_document_that_broke_the_new_schema_for_a_moment_fails_the_push(db: Driver, small_slices):
    await db.insert("t", *({"n": float(n)} for n in range(10)))

    async def break_and_mend(db: Driver) -> None:
        (broken,) = await db.insert("t", {"n": "text"})
        await db.patch(broken, {"n": 1.0})

    error = await refused(push_beside(db, schema({"t": {}}, t={"n": NUMBER}), break_and_mend))
    assert error.message.startswith('Schema validation failed.\nNew document in table "t" does not match')
    await db.push({"t": {}}, t={"n": NUMBER})


async def test_each_document_of_a_push_may_cost_as_much_as_one(db: Driver, monkeypatch):
    union = {
        "type": "union",
        "value": [{"type": "array", "value": NUMBER}, {"type": "array", "value": {"type": "string"}}],
    }
    await db.insert("t", *({"n": ["a"]} for _ in range(10)))
    monkeypatch.setattr(validators, "UNION_MEMBERS_TRIED_MAX", 5)
    await db.push({"t": {}}, t={"n": union})


async def test_a_schema_that_takes_anything_looks_at_no_document(db: Driver, small_slices):
    await db.insert("t", *({"n": float(n)} for n in range(10)))
    reports: list[PushProgress] = []
    await db.store.push_schema(schema({"t": {}}), report=reports.append)
    assert reports == []


async def test_a_table_created_during_the_push_is_checked_too(db: Driver, small_slices):
    await db.insert("other", *({} for _ in range(10)))

    async def create(db: Driver) -> None:
        await db.insert("t", {"n": "text"})

    new = schema({"t": {}, "other": {"by_n": ["n"]}}, t={"n": NUMBER})
    assert "Document with ID" in (await refused(push_beside(db, new, create))).message


async def test_many_commits_during_a_push_are_followed(db: Driver, small_slices, monkeypatch):
    monkeypatch.setattr(schema_push, "FOLLOWED_UNDER_LOCK_MAX", 3)
    ids = await db.insert("t", *({"n": float(n)} for n in range(10)))

    async def change(db: Driver) -> None:
        for n in range(20):
            await db.patch(ids[n % 10], {"n": 100.0 + n})

    await push_beside(db, schema({"t": {"by_n": ["n"]}}), change)
    assert [row["n"] for row in await db.collect(by("t.by_n"))] == [110.0 + n for n in range(10)]
    documents_of(db.store.path)


async def test_two_pushes_at_once_come_one_after_the_other(db: Driver, clock, small_slices):
    await db.insert("t", *({"n": float(n)} for n in range(20)))
    other_store = await Store.open(db.store.folder, clock=clock)
    await asyncio.gather(
        db.store.push_schema(schema({"t": {"by_n": ["n"]}})),
        other_store.push_schema(schema({"t": {"by_n": ["n"], "by_m": ["m", "n"]}})),
    )
    assert len(await db.collect(by("t.by_n"))) == 20
    await other_store.close()
    documents_of(db.store.path)


async def test_what_a_crash_left_of_a_push_is_swept_up_by_the_next(db: Driver, small_slices, monkeypatch):
    await db.insert("t", *({"n": float(n)} for n in range(10)))

    def crash(_: PushProgress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(schema_push._Push, "abandon", lambda self: None)
    with pytest.raises(KeyboardInterrupt):
        await db.store.push_schema(schema({"t": {"by_n": ["n"]}}), report=crash)
    monkeypatch.undo()
    await db.push({"t": {"by_m": ["m"]}})
    states = db.store._connection.execute(
        "SELECT name, state FROM indexes WHERE table_number > 10000 ORDER BY id"
    ).fetchall()
    assert states == [("by_id", "ready"), ("by_creation_time", "ready"), ("by_m", "ready")]
    (entries,) = db.store._connection.execute("SELECT count(*) FROM index_entries").fetchone()
    assert entries == 30


@settings(max_examples=40, deadline=None)
@given(st.lists(documents(("a", "b")), min_size=1, max_size=6))
async def test_an_index_made_before_and_one_made_after_the_documents_are_equal(tmp_path_factory, bodies):
    from sandbox.engine.clock import FixedClock

    store = await Store.open(tmp_path_factory.mktemp("store"), clock=FixedClock())
    db = Driver(store)
    await db.push({"t": {"before": ["a", "b.x"]}})
    await db.insert("t", *bodies)
    await db.push({"t": {"before": ["a", "b.x"], "after": ["b", "a.y"]}})
    keys = {
        name: [
            index.key(loads(row))
            for row in (await store.table_page("t", index=name, order="asc", limit=99, after=None)).rows
        ]
        for name in ("before", "after")
        for index in [store._catalogs.newest.tables["t"].indexes[name]]
    }
    assert all(found == sorted(found) and len(found) == len(bodies) for found in keys.values())
    documents_of(store.path)
    await store.close()
