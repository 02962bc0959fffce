from __future__ import annotations

import asyncio

import pytest

from sandbox.engine.errors import LearnerError
from sandbox.engine.tables import editing
from sandbox.engine.values import UNDEFINED

from .conftest import rows_of

WRITER = "data panel"
MIA = {"ownerId": "alice", "name": "Mia", "bus": 1.0}


async def refusal(work) -> LearnerError:
    with pytest.raises(LearnerError) as caught:
        await work
    return caught.value


async def test_a_row_is_added_changed_and_deleted(store, editor):
    row_id = await editor.add("signups", MIA, writer=WRITER)
    await editor.change("signups", row_id, "bus", 2.0, was=1.0, writer=WRITER)
    await editor.change("signups", row_id, "archivedAt", 5.0, was=UNDEFINED, writer=WRITER)
    (row,) = await rows_of(store)
    assert (row["name"], row["bus"], row["archivedAt"]) == ("Mia", 2, 5)
    await editor.change("signups", row_id, "archivedAt", UNDEFINED, was=5.0, writer=WRITER)
    assert "archivedAt" not in (await rows_of(store))[0]
    assert await editor.delete("signups", [row_id, row_id], writer=WRITER) == 1
    assert await rows_of(store) == []


async def test_the_validator_refuses_and_nothing_is_written(store, editor, notes):
    row_id = await editor.add("signups", MIA, writer=WRITER)
    error = await refusal(editor.change("signups", row_id, "bus", "two", was=1.0, writer=WRITER))
    assert error.code == "SchemaEnforcementError"
    assert "Path: .bus" in error.message
    assert (await refusal(editor.add("signups", {"name": "Bo"}, writer=WRITER))).code == "SchemaEnforcementError"
    assert [row["bus"] for row in await rows_of(store)] == [1]
    assert len(notes) == 1


async def test_a_cell_that_somebody_else_changed_is_not_written_over(store, editor):
    row_id = await editor.add("signups", MIA, writer=WRITER)
    await editor.change("signups", row_id, "name", "Mia Chen", was="Mia", writer="bob")
    error = await refusal(editor.change("signups", row_id, "name", "Maja", was="Mia", writer=WRITER))
    assert (error.code, error.data) == ("ChangedMeanwhile", "Mia Chen")
    await editor.change("signups", row_id, "name", "Maja", was="Mia Chen", writer=WRITER)
    assert (await rows_of(store))[0]["name"] == "Maja"


async def test_a_row_that_is_gone_is_said_to_be(editor):
    row_id = await editor.add("signups", MIA, writer=WRITER)
    await editor.delete("signups", [row_id], writer=WRITER)
    error = await refusal(editor.change("signups", row_id, "bus", 2.0, was=1.0, writer=WRITER))
    assert error.code == "NonexistentDocument"


async def test_ids_of_another_table_are_refused(store, editor):
    row_id = await editor.add("other", {"x": 1.0}, writer=WRITER)
    assert (await refusal(editor.delete("signups", [row_id], writer=WRITER))).code == "InvalidId"
    assert len(await rows_of(store, "other")) == 1


async def test_a_change_is_told_as_a_run_with_its_writer(editor, notes):
    row_id = await editor.add("signups", MIA, writer=WRITER)
    await editor.change("signups", row_id, "bus", 2.0, was=1.0, writer=WRITER)
    note = notes[-1]
    assert (note.path, note.kind, note.writer) == ("data panel", "mutation", WRITER)
    assert note.commit_ts is not None
    assert [(write.before["bus"], write.after["bus"]) for write in note.writes] == [(1, 2)]


async def test_clearing_takes_every_row_in_several_commits(store, editor, monkeypatch):
    monkeypatch.setattr(editing, "ROWS_PER_CLEARING", 2)
    for number in range(5):
        await editor.add("signups", MIA | {"bus": float(number)}, writer=WRITER)
    assert [gone async for gone in editor.clear("signups", writer=WRITER)] == [2, 4, 5]
    assert await rows_of(store) == []
    commits = await store.log_since(0)
    assert [len(commit.changes) for commit in commits if commit.cause == "clear"] == [2, 2, 1]


async def test_clearing_lets_others_come_in_between(store, editor, monkeypatch):
    monkeypatch.setattr(editing, "ROWS_PER_CLEARING", 1)
    for number in range(20):
        await editor.add("signups", MIA | {"bus": float(number)}, writer=WRITER)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    others = asyncio.create_task(other())
    async for _ in editor.clear("signups", writer=WRITER):
        pass
    others.cancel()
    assert turns >= 19
