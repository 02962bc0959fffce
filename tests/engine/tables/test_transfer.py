"""Files in and out of a table: all of a good file, nothing of a broken one."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.engine.errors import LearnerError
from sandbox.engine.store import Quota, Store
from sandbox.engine.tables import TableEditor, transfer
from sandbox.engine.tables.row_files import BrokenLine

from .conftest import rows_of

WRITER = "data panel"
GOOD = b'ownerId,name,bus,archivedAt\r\nalice,"Mia, Chen",1,\r\nbob,"Two\nlines",2.5,1700000000000\r\n'


async def take(editor: TableEditor, data: bytes, file_format, table="signups") -> list[tuple[int, int]]:
    progress = editor.import_file(table, io.BytesIO(data), file_format, writer=WRITER)
    return [(step.checked, step.written) async for step in progress]


async def give(editor: TableEditor, file_format, table="signups") -> bytes:
    return b"".join([part async for part in editor.export(table, file_format)])


async def test_csv_is_read_by_the_types_of_the_schema(store, editor):
    assert (await take(editor, b"\xef\xbb\xbf" + GOOD, "csv"))[-1] == (2, 2)
    mia, two = await rows_of(store)
    assert (mia["name"], mia["bus"], "archivedAt" in mia) == ("Mia, Chen", 1, False)
    assert (two["name"], two["bus"], two["archivedAt"]) == ("Two\nlines", 2.5, 1700000000000)


async def test_json_lines_come_back_as_new_rows(store, editor):
    await take(editor, GOOD, "csv")
    before = await rows_of(store)
    exported = await give(editor, "jsonl")
    assert [json.loads(line) for line in exported.splitlines()] == before
    await take(editor, b"\n" + exported, "jsonl")
    after = await rows_of(store)
    own = [json.dumps({name: row[name] for name in row if not name.startswith("_")}) for row in after]
    assert sorted(own) == sorted([own[0], own[0], *({*own} - {own[0]}), *({*own} - {own[0]})])
    assert len({row["_id"] for row in after}) == 4


async def test_csv_goes_round(store, editor):
    await take(editor, GOOD, "csv")
    exported = await give(editor, "csv")
    assert exported.startswith(b"_id,ownerId,name,bus,archivedAt,_creationTime\r\n")
    await take(editor, exported, "csv")
    names = [(row["name"], row["bus"], row.get("archivedAt")) for row in await rows_of(store)]
    assert sorted(map(str, names)) == sorted(map(str, [*{*names}, *{*names}]))


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=6), max_size=2), max_size=5))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_of_a_table_without_a_schema_goes_round_by_csv(store, editor, documents):
    async for _ in editor.clear("free", writer=WRITER):
        pass
    for document in documents:
        await editor.add("free", document, writer=WRITER)
    exported = await give(editor, "csv", "free")
    async for _ in editor.clear("free", writer=WRITER):
        pass
    await take(editor, exported, "csv", "free")
    found = [{name: row[name] for name in row if not name.startswith("_")} for row in await rows_of(store, "free")]
    assert sorted(map(json.dumps, found)) == sorted(json.dumps(dict(sorted(one.items()))) for one in documents)


@pytest.mark.parametrize(
    ("data", "file_format", "line"),
    [
        (GOOD + b"alice,Bo\r\n", "csv", 5),
        (GOOD + b"alice,Bo,seven,\r\n", "csv", 5),
        (GOOD + b'alice,"Bo,1,\r\nmore', "csv", 5),
        (GOOD + b"alice,Bo,,\r\n", "csv", 5),
        (b"ownerId,ownerId\r\n", "csv", 1),
        (b"ownerId,name,bus\r\na,b,1\r\na,\xff,2\r\n", "csv", 3),
        (b'{"ownerId":"a","name":"b","bus":1}\n{"ownerId":"a"\n', "jsonl", 2),
        (b'{"ownerId":"a","name":"b","bus":1}\n\n{"ownerId":"a","name":"b"}\n', "jsonl", 3),
        (b'{"ownerId":"a","name":"b","bus":1}\n[1]\n', "jsonl", 2),
        (b'{"ownerId":"a","name":"b","bus":1,"extra":1}\n', "jsonl", 1),
    ],
)
async def test_a_broken_line_is_named_and_nothing_is_written(store, editor, data, file_format, line):
    with pytest.raises(BrokenLine) as caught:
        await take(editor, data, file_format)
    assert caught.value.line == line
    assert caught.value.message.startswith(f"Line {line}: ")
    assert await rows_of(store) == []


async def test_a_long_file_is_checked_first_and_written_in_several_commits(store, editor):
    data = b"ownerId,name,bus\r\n" + b"alice,Mia,1\r\n" * 1_030
    steps = await take(editor, data, "csv")
    checked = [step for step in steps if step[1] == 0]
    assert checked[-1] == (1_030, 0)
    assert steps[len(checked) :] == [(1_030, 250), (1_030, 500), (1_030, 750), (1_030, 1_000), (1_030, 1_030)]
    commits = [commit for commit in await store.log_since(0) if commit.cause == "import"]
    assert {commit.writer for commit in commits} == {WRITER}
    assert len(commits) == 5


async def test_too_many_rows_are_refused_with_the_limit(store, editor, monkeypatch):
    monkeypatch.setattr(transfer, "ROWS_IMPORTED_MAX", 300)
    with pytest.raises(LearnerError) as caught:
        await take(editor, b"ownerId,name,bus\r\n" + b"alice,Mia,1\r\n" * 301, "csv")
    assert "300" in caught.value.message
    assert await rows_of(store) == []


@pytest.mark.parametrize("table", ["_storage", "no table", ""])
async def test_only_tables_of_the_learner_are_imported_into(editor, table):
    with pytest.raises(LearnerError) as caught:
        await take(editor, b"{}\n", "jsonl", table)
    assert caught.value.code == "InvalidTableName"


async def test_a_full_deployment_says_what_was_written(tmp_path, store):
    full = await Store.open(store.folder, clock=store._clock, quota=Quota(document_bytes=1))
    try:
        with pytest.raises(LearnerError) as caught:
            await take(TableEditor(full, store._clock, lambda _: None, lambda: None), GOOD, "csv")
        assert caught.value.code == "DeploymentFull"
        assert "0 of 2 rows" in caught.value.message
    finally:
        await full.close()
