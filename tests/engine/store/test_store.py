from __future__ import annotations

import asyncio
import json

import pytest

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import Conflict, LogTruncated
from sandbox.engine.store import TABLES_INDEX, Store
from sandbox.engine.values import UNDEFINED, Int64, encode_key

from .driver import Driver, by, collect, scan


async def test_an_inserted_document_comes_back_with_system_fields(db: Driver):
    (document_id,) = await db.insert("tasks", {"text": "hello", "n": 1.0})
    document = await db.get(document_id)
    assert document == {"_id": document_id, "_creationTime": pytest.approx(1.7e12), "n": 1.0, "text": "hello"}


async def test_documents_are_canonical_json_text(db: Driver):
    (document_id,) = await db.insert("tasks", {"b": Int64(1), "a": "é"})
    async with db.begin() as tx:
        text = await tx.get(document_id, table="tasks")
    time = json.loads(text)["_creationTime"]
    expected = f'{{"_creationTime":{time!r},"_id":"{document_id}","a":"é","b":{{"$integer":"AQAAAAAAAAA="}}}}'
    assert text.decode() == expected


async def test_patch_merges_and_undefined_removes(db: Driver):
    (document_id,) = await db.insert("tasks", {"a": 1.0, "b": 2.0})
    await db.patch(document_id, {"a": UNDEFINED, "c": 3.0})
    document = await db.get(document_id)
    assert {name: document[name] for name in document if name[0] != "_"} == {"b": 2.0, "c": 3.0}


async def test_a_deleted_document_is_gone_from_every_index(db: Driver):
    await db.push({"tasks": {"by_a": ["a"]}})
    first, second = await db.insert("tasks", {"a": 1.0}, {"a": 2.0})
    await db.delete(first)
    assert await db.get(first) is None
    assert [row["_id"] for row in await db.collect(scan("tasks"))] == [second]
    assert [row["_id"] for row in await db.collect(by("tasks.by_a"))] == [second]


async def test_a_snapshot_stands_still_while_others_commit(db: Driver):
    (document_id,) = await db.insert("tasks", {"a": 1.0})
    async with db.begin() as tx:
        await db.patch(document_id, {"a": 2.0})
        assert json.loads(await tx.get(document_id, table=None))["a"] == 1.0


async def test_commit_rejects_a_transaction_whose_read_was_overwritten(db: Driver):
    (document_id,) = await db.insert("scores", {"points": 0.0})
    async with db.begin() as slow:
        await slow.get(document_id, table=None)
        await db.patch(document_id, {"points": 1.0})
        await slow.insert("other", {})
        with pytest.raises(Conflict) as caught:
            await db.commit(slow)
    assert caught.value.table == "scores"


async def test_two_inserts_do_not_conflict(db: Driver):
    await db.insert("scores", {})
    async with db.begin() as one, db.begin() as two:
        await one.insert("scores", {"n": 1.0})
        await two.insert("scores", {"n": 2.0})
        await db.commit(one)
        await db.commit(two)
    assert len(await db.collect(scan("scores"))) == 3


async def test_an_insert_into_a_read_range_conflicts_and_one_beside_it_does_not(db: Driver):
    await db.push({"scores": {"by_game": ["game"]}})
    for game, conflicts in (("chess", True), ("go", False)):
        async with db.begin() as slow:
            await collect(slow, by("scores.by_game", ("Eq", "game", "chess")))
            await slow.insert("summaries", {})
            await db.insert("scores", {"game": game})
            if conflicts:
                with pytest.raises(Conflict):
                    await db.commit(slow)
            else:
                await db.commit(slow)


async def test_writing_the_same_document_twice_at_once_conflicts(db: Driver):
    (document_id,) = await db.insert("scores", {"n": 0.0})
    async with db.begin() as one, db.begin() as two:
        await one.replace(document_id, {"n": 1.0})
        await two.delete(document_id)
        await db.commit(one)
        with pytest.raises(Conflict):
            await db.commit(two)


async def test_both_creators_of_a_table_cannot_win(db: Driver):
    async with db.begin() as one, db.begin() as two:
        await one.insert("a", {})
        await two.insert("b", {})
        await db.commit(one)
        with pytest.raises(Conflict):
            await db.commit(two)


async def test_a_table_gets_the_next_number_from_10001_at_first_insert(db: Driver):
    await db.insert("a", {})
    await db.insert("b", {})
    assert [(info.name, info.number, info.count) for info in await db.store.tables()] == [
        ("a", 10001, 1),
        ("b", 10002, 1),
    ]


async def test_reading_a_missing_table_is_woken_by_its_creation(db: Driver):
    async with db.begin() as tx:
        assert await collect(tx, scan("tasks")) == []
    ts = await db.store.head()
    await db.insert("tasks", {})
    (commit,) = await db.store.log_since(ts)
    assert (TABLES_INDEX, encode_key(["tasks"])) in commit.changes[0].keys
    assert tx.read_set.overlaps(commit.changes)


async def test_an_identical_patch_is_no_change(db: Driver):
    (document_id,) = await db.insert("scores", {"n": 1.0})
    ts = await db.store.head()
    await db.patch(document_id, {"n": 1.0})
    (commit,) = await db.store.log_since(ts)
    assert commit.changes == ()


async def test_a_transaction_without_writes_still_gets_a_timestamp(db: Driver):
    before = await db.store.head()
    async with db.begin() as tx:
        assert await db.commit(tx) > before


async def test_timestamps_ascend_even_when_the_clock_stands_still(db: Driver, clock: FixedClock):
    await db.insert("a", {})
    first = await db.store.head()
    await db.insert("a", {})
    assert await db.store.head() == first + 1 == clock.now_ns() + 1


async def test_inserts_of_one_transaction_have_ascending_creation_times(db: Driver):
    ids = await db.insert("a", *({"n": float(n)} for n in range(20)))
    rows = await db.collect(scan("a"))
    assert [row["_id"] for row in rows] == ids
    assert len({row["_creationTime"] for row in rows}) == 20


async def test_the_log_tells_old_and_new_versions_and_their_keys(db: Driver):
    await db.push({"t": {"by_a": ["a"]}})
    (document_id,) = await db.insert("t", {"a": 1.0})
    ts = await db.store.head()
    await db.patch(document_id, {"a": 2.0})
    (commit,) = await db.store.log_since(ts)
    (change,) = commit.changes
    assert (change.id, json.loads(change.old)["a"], json.loads(change.new)["a"]) == (document_id, 1.0, 2.0)
    assert len(change.keys) == 4  # by_id, by_creation_time, by_a twice


async def test_a_request_is_recorded_with_its_commit(db: Driver):
    async with db.begin() as tx:
        await tx.insert("a", {})
        ts = await db.commit(tx, request=("session", 7), result="done")
    assert await db.store.recorded_request("session", 7) == (ts, "done")
    assert await db.store.recorded_request("session", 8) is None


async def test_the_same_request_commits_once(db: Driver):
    async with db.begin() as one, db.begin() as two:
        await db.commit(one, request=("session", 1))
        await two.insert("a", {})
        with pytest.raises(Conflict):
            await db.commit(two, request=("session", 1))
    assert await db.store.tables() == []


async def test_only_four_snapshots_are_out_at_a_time(store: Store):
    snapshots = [await store.snapshot() for _ in range(4)]
    fifth = asyncio.create_task(store.snapshot())
    await asyncio.sleep(0)
    assert not fifth.done()
    await snapshots[0].close()
    snapshots[0] = await fifth
    for snapshot in snapshots:
        await snapshot.close()


async def test_the_log_does_not_answer_for_what_was_trimmed(db: Driver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sandbox.engine.store.commit_log.LOG_RETENTION_COMMITS", 5)
    monkeypatch.setattr("sandbox.engine.store.commit_log.LOG_CACHED_BYTES_MAX", 0)
    monkeypatch.setattr("sandbox.engine.store.commit_log.LOG_RETENTION_NS", 0)
    first = await db.store.head()
    for _ in range(300):
        async with db.begin() as tx:
            await tx.insert("t", {})
            await db.commit(tx, request=("s", tx.begin_ts))
    with pytest.raises(LogTruncated):
        await db.store.log_since(first)
    head = await db.store.head()
    assert len(await db.store.log_since(head - 3)) == 3
    assert await db.store.recorded_request("s", first) is None


async def test_a_store_that_slept_while_the_log_was_trimmed_goes_on(
    db: Driver, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sandbox.engine.store.commit_log.LOG_RETENTION_COMMITS", 5)
    monkeypatch.setattr("sandbox.engine.store.commit_log.LOG_RETENTION_NS", 0)
    other = Driver(await Store.open(db.store.folder, clock=clock))
    (mine,) = await db.insert("mine", {"n": 1.0})
    await other.get(mine)
    for _ in range(300):
        await db.insert("t", {})
    for _ in range(2):
        async with other.begin() as tx:
            await tx.patch(mine, {"n": 2.0})
            await db.insert("t", {})  # so that there is a log to look at
            await other.commit(tx)
    async with other.begin() as tx:
        await tx.patch(mine, {"n": 3.0})
        await db.patch(mine, {"n": 4.0})
        with pytest.raises(Conflict):
            await other.commit(tx)
    await other.store.close()


async def test_another_store_object_on_the_folder_sees_everything(db: Driver, clock: FixedClock):
    await db.insert("t", {"n": 1.0})
    other_store = await Store.open(db.store.folder, clock=clock)
    other = Driver(other_store)
    version = await db.store.data_version()
    await other.push({"t": {"by_n": ["n"]}})
    await other.insert("t", {"n": 2.0})
    assert await db.store.data_version() != version
    assert len(await db.collect(by("t.by_n", ("Gte", "n", 1.0)))) == 2
    assert [commit.cause for commit in await db.store.log_since(0)] == ["test", "push", "test"]
    await other_store.close()


async def test_a_fork_is_a_copy_of_its_own(db: Driver, tmp_path, clock: FixedClock):
    (document_id,) = await db.insert("t", {"n": 1.0})
    await db.store.fork_to(tmp_path / "fork")
    fork_store = await Store.open(tmp_path / "fork", clock=clock)
    fork = Driver(fork_store)
    await fork.patch(document_id, {"n": 2.0})
    assert (await fork.get(document_id))["n"] == 2.0
    assert (await db.get(document_id))["n"] == 1.0
    await fork_store.close()


async def test_pages_of_a_table_follow_each_other(db: Driver):
    await db.push({"t": {"by_n": ["n"]}})
    await db.insert("t", *({"n": float(n)} for n in (3, 1, 2)))
    first = await db.store.table_page("t", index="by_n", order="desc", limit=2, after=None)
    second = await db.store.table_page("t", index="by_n", order="desc", limit=2, after=first.next)
    assert [json.loads(text)["n"] for text in first.rows + second.rows] == [3.0, 2.0, 1.0]
    assert (first.count, second.next) == (3, None)


async def test_the_write_ahead_log_starts_anew_though_every_mutation_holds_a_snapshot(db: Driver):
    for _ in range(150):
        await db.insert("t", {"text": "x" * 50_000})
    assert (db.store.folder / "store.db").stat().st_size > 5_000_000
    assert (db.store.folder / "store.db-wal").stat().st_size < 6_000_000


async def test_a_fork_shares_the_stored_files(db: Driver, tmp_path):
    (db.store.folder / "files").mkdir()
    (db.store.folder / "files" / ("a" * 64)).write_text("picture")
    await db.store.fork_to(tmp_path / "fork")
    assert (tmp_path / "fork" / "files" / ("a" * 64)).read_text() == "picture"
