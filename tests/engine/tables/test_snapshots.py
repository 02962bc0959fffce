"""Snapshots: what was there comes back with its ids, as commits; the present is kept first; there is a bound."""

from __future__ import annotations

import json

import pytest

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import LearnerError
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import Files, restoring
from sandbox.engine.tables import Snapshots, snapshots

from .conftest import SIGNUPS, rows_of

WRITER = "data panel"


def row(number: int) -> dict:
    return {"ownerId": "alice", "name": f"Rider {number}", "bus": float(number)}


@pytest.fixture
def kept(store) -> Snapshots:
    return Snapshots(store, FixedClock(), lambda: None)


@pytest.fixture
async def ids(store, editor) -> list[str]:
    return [await editor.add("signups", row(number), writer=WRITER) for number in range(5)]


async def restored(kept: Snapshots, snapshot_id: str) -> list[tuple[int, int]]:
    return [step async for step in kept.restore(snapshot_id)]


async def test_deleted_changed_and_added_rows_are_as_they_were(store, editor, kept, ids):
    before = await rows_of(store)
    taken = await kept.take("  five   riders ")
    assert (taken.name, taken.rows) == ("five riders", 5)
    await editor.delete("signups", ids[:1], writer=WRITER)
    await editor.change("signups", ids[1], "bus", 9.0, was=1.0, writer=WRITER)
    await editor.add("signups", row(7), writer=WRITER)
    assert await restored(kept, taken.id) == [(3, 3)]
    assert await rows_of(store) == before
    (commit,) = [commit for commit in await store.log_since(0) if commit.cause == "restore"]
    assert (commit.writer, len(commit.changes)) == (WRITER, 3)


async def test_indexes_follow(store, editor, kept, ids):
    taken = await kept.take("x")
    await editor.delete("signups", ids, writer=WRITER)
    await restored(kept, taken.id)
    page = await store.table_page("signups", index="by_owner", order="desc", limit=9, after=None)
    assert [json.loads(text)["bus"] for text in page.rows] == [4, 3, 2, 1, 0]
    assert page.count == 5


async def test_the_present_is_kept_first_and_can_be_gone_back_to(store, editor, kept, ids):
    taken = await kept.take("five")
    await editor.delete("signups", ids[:2], writer=WRITER)
    present = await rows_of(store)
    await restored(kept, taken.id)
    newest = next(one for one in await kept.known() if one.id != taken.id)
    assert newest.name == "before “five”"
    await restored(kept, newest.id)
    assert await rows_of(store) == present


async def test_what_has_not_changed_is_not_written(kept, ids):
    taken = await kept.take("x")
    assert await restored(kept, taken.id) == [(0, 0)]
    assert len(await kept.known()) == 1


async def test_a_schema_that_refuses_a_row_keeps_everything_as_it_is(store, editor, kept, ids):
    taken = await kept.take("x")
    async for _ in editor.clear("signups", writer=WRITER):
        pass
    fields = SIGNUPS["documentType"]["value"] | {"seat": {"fieldType": {"type": "number"}, "optional": False}}
    table = SIGNUPS | {"documentType": {"type": "object", "value": fields}}
    await store.push_schema(SchemaDefinition.parse(json.dumps({"tables": [table], "schemaValidation": True})))
    with pytest.raises(LearnerError) as caught:
        await restored(kept, taken.id)
    assert caught.value.code == "SnapshotDoesNotFit"
    assert "seat" in caught.value.message
    assert await rows_of(store) == []
    assert len(await kept.known()) == 1


async def test_many_changes_are_several_commits(store, editor, kept, ids, monkeypatch):
    monkeypatch.setattr(restoring, "CHANGES_PER_COMMIT", 2)
    taken = await kept.take("x")
    await editor.delete("signups", ids, writer=WRITER)
    assert await restored(kept, taken.id) == [(2, 5), (4, 5), (5, 5)]
    assert len(await rows_of(store)) == 5


async def test_a_stored_file_comes_back_with_its_bytes(store, kept):
    files = Files(store)
    storage_id = await files.add(await files.receive_whole(b"hello"), "text/plain")
    taken = await kept.take("with a file")
    stored = await files.look_up(storage_id)
    await files.transact(lambda transaction, changes: files.delete(transaction, storage_id, changes))
    assert not files.path_of(stored).exists()
    await restored(kept, taken.id)
    assert await files.look_up(storage_id) == stored
    with files.open_bytes(stored) as content:
        assert content.read() == b"hello"


async def test_number_and_size_are_bounded(kept, ids, monkeypatch):
    monkeypatch.setattr(snapshots, "SNAPSHOTS_MAX", 2)
    first = await kept.take("one")
    await kept.take("two")
    with pytest.raises(LearnerError) as caught:
        await kept.take("three")
    assert caught.value.code == "SnapshotsFull"
    await kept.delete(first.id)
    monkeypatch.setattr(snapshots, "BYTES_MAX", 10)
    with pytest.raises(LearnerError) as caught:
        await kept.take("three")
    assert caught.value.code == "SnapshotsFull"
    assert [one.name for one in await kept.known()] == ["two"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b"])
async def test_a_name_is_short_and_readable(kept, name):
    with pytest.raises(LearnerError) as caught:
        await kept.take(name)
    assert caught.value.code == "BadName"


@pytest.mark.parametrize("snapshot_id", ["..", "../../etc", "", "a" * 24])
async def test_only_snapshots_of_this_store_are_restored(kept, snapshot_id):
    with pytest.raises(LearnerError) as caught:
        await restored(kept, snapshot_id)
    assert caught.value.code == "NoSuchSnapshot"
