"""Reading the store as it was: what was committed since is taken back in the eyes of one transaction."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sandbox.engine.errors import LearnerError
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import Transaction, rewinding
from tests.engine.store.driver import Driver, by, collect, scan


@asynccontextmanager
async def at(db: Driver, ts: int) -> AsyncIterator[Transaction]:
    async with db.begin(writable=False) as tx:
        await db.store.rewind(tx, ts)
        yield tx


async def test_every_index_shows_the_documents_of_that_moment(db: Driver):
    await db.push({"t": {"by_n": ["n"]}})
    changed, deleted, same = await db.insert("t", {"n": 1.0}, {"n": 2.0}, {"n": 3.0})
    ts, before = await db.store.head(), await db.collect(by("t.by_n"))
    await db.patch(changed, {"n": 9.0})
    await db.patch(changed, {"n": 8.0})
    await db.delete(deleted)
    await db.patch(same, {"n": 4.0})
    await db.patch(same, {"n": 3.0})
    (added,) = await db.insert("t", {"n": 2.5})
    async with at(db, ts) as tx:
        assert await collect(tx, by("t.by_n")) == before
        assert await collect(tx, by("t.by_n", order="desc")) == before[::-1]
        assert await collect(tx, scan("t")) == before
        assert await collect(tx, by("t.by_n", ("Gte", "n", 8.0))) == []
        assert json.loads(await tx.get(deleted, table=None) or b"null") == before[1]
        assert await tx.get(added, table=None) is None
        assert tx.begin_ts == ts
    assert [row["n"] for row in await db.collect(by("t.by_n"))] == [2.5, 3.0, 8.0]


async def test_it_can_be_paged_through(db: Driver):
    ids = await db.insert("t", *({"n": float(n)} for n in range(5)))
    ts = await db.store.head()
    for document_id in ids[1:4]:
        await db.delete(document_id)
    await db.insert("t", {"n": 9.0})
    seen: list[float] = []
    cursor: str | None = None
    is_done = False
    while not is_done:
        async with at(db, ts) as tx:
            page = await tx.paginate(scan("t"), cursor=cursor, end_cursor=None, page_size=2)
        seen += [json.loads(text)["n"] for text in page.documents]
        cursor, is_done = page.continue_cursor, page.is_done
    assert seen == [0.0, 1.0, 2.0, 3.0, 4.0]


async def test_a_search_finds_what_it_would_have_found(db: Driver):
    search = {"indexDescriptor": "search_text", "searchField": "text", "filterFields": []}
    table: dict[str, Any] = {"tableName": "t", "indexes": [], "vectorIndexes": [], "documentType": {"type": "any"}}
    await db.store.push_schema(
        SchemaDefinition.parse(json.dumps({"tables": [{**table, "searchIndexes": [search]}], "schemaValidation": True}))
    )
    (document_id,) = await db.insert("t", {"text": "a green boat"})
    ts = await db.store.head()
    await db.patch(document_id, {"text": "a red boat"})
    filters = [{"type": "Search", "fieldPath": "text", "value": "green"}]
    plan = {"source": {"type": "Search", "indexName": "t.search_text", "filters": filters}, "operators": []}
    assert await db.collect(plan) == []
    async with at(db, ts) as tx:
        assert [row["text"] for row in await collect(tx, plan)] == ["a green boat"]


async def test_a_table_that_came_later_is_empty(db: Driver):
    await db.insert("t", {})
    ts = await db.store.head()
    await db.insert("later", {})
    async with at(db, ts) as tx:
        assert await collect(tx, scan("later")) == []


async def test_a_moment_that_has_not_come_is_refused(db: Driver):
    await db.insert("t", {})
    with pytest.raises(LearnerError, match="ahead of the latest known timestamp"):
        async with at(db, await db.store.head() + 1):
            pass


async def test_nothing_is_known_of_a_moment_before_the_log(db: Driver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sandbox.engine.store.commit_log.LOG_RETENTION_COMMITS", 1)
    monkeypatch.setattr("sandbox.engine.store.commit_log.LOG_CACHED_BYTES_MAX", 0)
    monkeypatch.setattr("sandbox.engine.store.commit_log.LOG_RETENTION_NS", 0)
    for _ in range(300):
        await db.insert("t", {})
    await assert_too_old(db, 1)


async def test_too_much_is_not_taken_back(db: Driver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rewinding, "DOCUMENTS_MAX", 3)
    ts = await db.store.head()
    ids = await db.insert("t", {}, {}, {})
    await db.patch(ids[0], {"n": 1.0})
    async with at(db, ts) as tx:
        assert await collect(tx, scan("t")) == []
    await db.insert("t", {})
    await assert_too_old(db, ts)


async def assert_too_old(db: Driver, ts: int) -> None:
    with pytest.raises(LearnerError) as caught:
        async with at(db, ts):
            pass
    assert caught.value.code == "SnapshotTooOld"
