from __future__ import annotations

import base64
import json
import re

import pytest

from sandbox.engine.errors import Conflict, LearnerError, LimitExceeded
from sandbox.engine.store import Interval
from sandbox.engine.store import meter as meter_module
from sandbox.engine.values import decode_id, encode_id, key_after, loads, size_of

from .driver import Driver, by, collect, scan, schema


async def refusal(awaitable) -> str:
    with pytest.raises(LearnerError) as caught:
        await awaitable
    return caught.value.message


async def test_bad_ids_are_refused_as_convex_does(db: Driver):
    (a_id,) = await db.insert("a", {})
    await db.insert("b", {})
    async with db.begin() as tx:
        bad = "Invalid argument `id` for `db.get`: "
        assert await refusal(tx.get("abcd", table=None)) == bad + "Unable to decode ID: Invalid ID length 4"
        assert await refusal(tx.get(a_id, table="b")) == bad + 'expected to be an Id<"b">, got Id<"a"> instead.'
        assert await refusal(tx.get(a_id, table=None, method="system.get")) == (
            "User tables cannot be accessed with db.system."
        )
        assert await tx.get(encode_id(5, bytes(16)), table=None) is None
        assert await tx.get(encode_id(10_055, bytes(16)), table=None, method="system.get") is None


async def test_an_id_of_no_table_is_null_to_read_and_an_error_to_write(db: Driver):
    stranger = encode_id(10_077, bytes(16))
    async with db.begin() as tx:
        assert await tx.get(stranger, table=None) is None
        assert await refusal(tx.patch(stranger, {})) == (
            f'Invalid argument `id` for `db.patch`: Table for ID "{stranger}" not found'
        )


async def test_that_a_write_found_no_table_is_part_of_the_read_set(db: Driver):
    await db.insert("a", {})
    async with db.begin() as tx:
        (early,) = await db.insert("b", {})
        await refusal(tx.patch(early, {}))
        await tx.insert("a", {})
        with pytest.raises(Conflict):
            await db.commit(tx)


async def test_writes_to_what_is_not_there_are_refused(db: Driver):
    (gone,) = await db.insert("a", {})
    await db.delete(gone)
    async with db.begin() as tx:
        assert await refusal(tx.patch(gone, {})) == f"Update on nonexistent document ID {gone}"
        assert await refusal(tx.replace(gone, {})) == f"Replace on nonexistent document ID {gone}"
        assert await refusal(tx.delete(gone)) == f"Delete on nonexistent document ID {gone}"


async def test_inserts_that_make_no_sense_are_refused(db: Driver):
    async with db.begin() as tx:
        assert await refusal(tx.insert("a", [])) == "Invalid argument `value` for `db.insert`: Value must be an Object"
        assert (await refusal(tx.insert("1x", {}))).startswith(
            "Invalid argument `table` for `db.insert`: Invalid first"
        )
        assert await refusal(tx.insert("_a", {})) == "System tables (prefixed with `_`) are read-only."
        assert "Field '_x' starts with an underscore, which is only allowed" in await refusal(
            tx.insert("a", {"_x": 1.0})
        )
        assert "doesn't match '_id' field" in await refusal(tx.insert("a", {"_id": "x"}))
        told = await refusal(tx.insert("a", {"_creationTime": 1.0}))
        assert re.fullmatch(
            r"Provided creation time [\d.]+ doesn't match '_creationTime' field in {_creationTime: 1\.0, _id: \".*\"}",
            told,
        )
        assert tx.writes == ()
        await db.commit(tx)
    assert await db.store.tables() == []


async def test_underscores_inside_texts_are_no_fields(db: Driver):
    (document_id,) = await db.insert("a", {"x": '"_y":1,"_z":2'})
    assert (await db.get(document_id))["x"] == '"_y":1,"_z":2'


async def test_a_replacement_may_carry_its_own_system_fields(db: Driver):
    (document_id,) = await db.insert("a", {"n": 1.0})
    async with db.begin() as tx:
        whole = json.loads(await tx.get(document_id, table=None))
        await tx.replace(document_id, {**whole, "n": 2.0})
        await tx.patch(document_id, {"_id": document_id, "n": 3.0})
        await db.commit(tx)
    assert (await db.get(document_id)) == {**whole, "n": 3.0}


async def test_the_schema_is_checked_at_every_write(db: Driver):
    await db.push({"t": {}}, t={"n": {"type": "number"}})
    async with db.begin() as tx:
        start = 'Failed to insert or update a document in table "t" because it does not match the schema: Object '
        assert (await refusal(tx.insert("t", {"n": 1.0, "x": 1.0}))).startswith(start + "contains extra field `x`")
        document_id = await tx.insert("t", {"n": 1.0})
        assert "does not match the schema" in await refusal(tx.patch(document_id, {"n": "one"}))
        await tx.insert("free", {"anything": "goes"})


async def test_normalize_id_knows_the_table(db: Driver):
    (document_id,) = await db.insert("a", {})
    await db.insert("b", {})
    async with db.begin() as tx:
        assert tx.normalize_id("a", document_id) == document_id
        assert tx.normalize_id("b", document_id) is None
        assert tx.normalize_id("missing", document_id) is None
        assert tx.normalize_id("a", "nonsense") is None
        old = base64.urlsafe_b64encode(decode_id(document_id)[1]).decode().rstrip("=")
        assert tx.normalize_id("a", old) == document_id
        assert decode_id(tx.normalize_id("b", old)) == (10002, decode_id(document_id)[1])
        assert tx.normalize_id("missing", old) is None
        for no_id in (old[:-1], old + "A", old[:-1] + "B", old[:-1] + "+", "é" * 22):
            assert tx.normalize_id("a", no_id) is None
        with pytest.raises(LearnerError, match=r"Invalid argument `table` for `db\.normalizeId`: Invalid first"):
            tx.normalize_id("1x", document_id)
        numbers = tx.table_numbers()
        assert {name: number for name, number in numbers.items() if name[0] != "_"} == {"a": 10001, "b": 10002}


async def test_writes_are_noted_once_a_document_with_before_and_after(db: Driver):
    kept, dropped = await db.insert("a", {"n": 1.0}, {"n": 2.0})
    async with db.begin() as tx:
        await tx.patch(kept, {"n": 5.0})
        await tx.patch(kept, {"n": 6.0})
        await tx.delete(dropped)
        passing = await tx.insert("a", {})
        await tx.delete(passing)
        notes = [(n.id, n.before and n.before["n"], n.after and n.after["n"]) for n in tx.writes]
    assert notes == [(kept, 1.0, 6.0), (dropped, 2.0, None)]


async def test_reads_are_noted_with_their_range_and_counts(db: Driver):
    await db.push({"t": {"by_n": ["n"]}})
    first, *_ = await db.insert("t", *({"n": float(n)} for n in range(5)))
    plan = by("t.by_n", ("Gte", "n", 2.0), order="desc")
    async with db.begin() as tx:
        await tx.get(first, table="t")
        await collect(tx, plan)
        await collect(tx, scan("t"))
        notes = [(n.table, n.index, n.range, n.order, n.documents) for n in tx.reads]
        assert tx.documents_read == 9
        assert tx.store_ms >= sum(note.store_ms for note in tx.reads) > 0
    assert notes == [
        ("t", "by_id", [{"type": "Eq", "fieldPath": "_id", "value": first}], "asc", 1),
        ("t", "by_n", plan["source"]["range"], "desc", 3),
        ("t", None, [], "asc", 5),
    ]


async def test_stopping_early_takes_back_what_was_only_read_ahead(db: Driver):
    await db.push({"t": {"by_n": ["n"]}})
    await db.insert("t", *({"n": float(n)} for n in range(50)))
    async with db.begin() as tx:
        stream = tx.open_query(by("t.by_n"))
        texts, done = await stream.next(256)
        assert (len(texts), done) == (50, True)
        stream.close(3)
        index = tx.catalog.tables["t"].indexes["by_n"]
        through_third = key_after(index.key(json.loads(texts[2])))
        assert tx.read_set.intervals == (Interval(index.id, b"", through_third),)
        assert (tx.documents_read, stream.note.documents) == (3, 3)
        assert stream.note.bytes == tx.bytes_read == sum(size_of(loads(text)) for text in texts[:3])


async def test_a_query_that_nobody_read_leaves_no_trace(db: Driver):
    await db.insert("t", {})
    async with db.begin() as tx:
        stream = tx.open_query(scan("t"))
        await stream.next(10)
        stream.close(0)
        assert (tx.read_set.intervals, tx.documents_read) == ((), 0)


async def test_filters_and_limits_apply_from_left_to_right(db: Driver):
    await db.insert("t", *({"n": float(n)} for n in range(10)))
    even = {"filter": {"$eq": [{"$mod": [{"$field": "n"}, {"$literal": 2}]}, {"$literal": 0}]}}
    for operators, expected in (
        ([even, {"limit": 2}], [0, 2]),
        ([{"limit": 3}, even], [0, 2]),
        ([{"limit": 5}, even, {"limit": 1}], [0]),
        ([even, {"limit": 0}], []),
    ):
        assert [row["n"] for row in await db.collect(scan("t", *operators))] == expected


async def test_a_filtered_search_reads_no_further_than_its_last_result(db: Driver):
    await db.insert("t", *({"n": float(n)} for n in range(600)))
    is_400 = {"filter": {"$eq": [{"$field": "n"}, {"$literal": 400}]}}
    async with db.begin() as tx:
        assert len(await collect(tx, scan("t", is_400, {"limit": 1}))) == 1
        assert tx.documents_read == 401


async def test_a_filter_that_fails_says_why_when_the_documents_are_read(db: Driver):
    await db.insert("t", {"n": 1.0})
    async with db.begin() as tx:
        stream = tx.open_query(scan("t", {"filter": {"$field": "n"}}))
        assert await refusal(stream.next(1)) == "Cannot use value 1.0 (type Float64) as a Boolean"
        assert len(tx.read_set) == 1


HELP = (
    "Consider using smaller limits in your queries, paginating your queries, "
    "or using indexed queries with a selective index range expressions."
)


async def test_too_many_documents_are_refused_only_once_they_are_asked_for(db: Driver, monkeypatch):
    monkeypatch.setattr(meter_module, "DOCUMENTS_READ_MAX", 5)
    await db.insert("t", *({} for _ in range(8)))
    async with db.begin() as tx:
        stream = tx.open_query(scan("t"))
        texts, done = await stream.next(256)
        assert (len(texts), done) == (5, False)
        text = f"Too many documents read in a single function execution (limit: 5). {HELP}"
        assert await refusal(stream.next(256)) == text
        stream.close(2)
        assert len((await tx.open_query(scan("t")).next(3))[0]) == 3
    async with db.begin() as tx:
        assert len(await collect(tx, scan("t", {"limit": 5}))) == 5


async def test_too_many_bytes_are_refused(db: Driver, monkeypatch):
    monkeypatch.setattr(meter_module, "BYTES_READ_MAX", 1_000)
    small, large = await db.insert("t", {"x": "s"}, {"x": "l" * 2_000})
    async with db.begin() as tx:
        assert await tx.get(small, table=None) is not None
        assert await refusal(tx.get(large, table=None)) == (
            f"Too many bytes read in a single function execution (limit: 1000 bytes). {HELP}"
        )
    async with db.begin() as tx:
        stream = tx.open_query(scan("t"))
        assert len((await stream.next(10))[0]) == 1
        with pytest.raises(LimitExceeded):
            await stream.next(10)


async def test_too_many_writes_are_refused(db: Driver, monkeypatch):
    monkeypatch.setattr(meter_module, "DOCUMENTS_WRITTEN_MAX", 2)
    monkeypatch.setattr(meter_module, "BYTES_WRITTEN_MAX", 1024 * 1024)
    async with db.begin() as tx:
        await tx.insert("t", {"x": "x" * 1_000_000})
        assert await refusal(tx.insert("t", {"x": "x" * 100_000})) == (
            "Too many bytes written in a single function execution (limit: 1 MiB)"
        )
    async with db.begin() as tx:
        await tx.insert("t", {})
        await tx.insert("t", {})
        assert await refusal(tx.insert("t", {})) == "Too many writes in a single function execution (limit: 2)"


async def test_a_missing_table_reads_as_empty_until_the_schema_names_it(db: Driver):
    assert await db.collect(scan("t")) == []
    await db.store.push_schema(schema({"t": {"by_n": ["n"]}}))
    assert await db.collect(by("t.by_n")) == []
