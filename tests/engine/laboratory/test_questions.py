"""What a function asked, the lines of the chart, and that every line gives what the ordinary query gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.clock import SystemClock
from sandbox.engine.errors import LearnerError
from sandbox.engine.laboratory import Line, Question, Shelf, copy_file, indexes, lines_of, question_of
from sandbox.engine.laboratory.timing import LineReader, disk_bytes_read, measure, read_through
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import Store
from sandbox.engine.store.layout import connect_reader
from sandbox.engine.trace import ReadNote

from .conftest import SIZES

INDEXES = {"by_owner": ("ownerId",), "by_owner_archived": ("ownerId", "archivedAt"), "by_row": ("place.row", "bus")}
OTHER = ("bus", "place.row")


def eq(path: str, value: Any) -> dict[str, Any]:
    return {"type": "Eq", "fieldPath": path, "value": value}


def filtered(path: str, value: Any, operator: str = "$eq") -> dict[str, Any]:
    return {"filter": {operator: [{"$field": path}, {"$literal": value}]}}


ALICE = eq("ownerId", "alice")
MISSING = {"$undefined": None}
FROM_ROW_FIVE = {"type": "Gte", "fieldPath": "place.row", "value": 5.0}
QUESTIONS = {
    "one owner": Question("signups", "by_owner", ("ownerId",), [ALICE], "asc", []),
    "the last two": Question("signups", "by_owner", ("ownerId",), [ALICE], "desc", [{"limit": 2}]),
    "compound": Question(
        "signups", "by_owner_archived", INDEXES["by_owner_archived"], [ALICE, eq("archivedAt", MISSING)], "asc", []
    ),
    "archived, newest first": Question(
        "signups",
        "by_owner_archived",
        INDEXES["by_owner_archived"],
        [ALICE, {"type": "Gt", "fieldPath": "archivedAt", "value": 100.0}],
        "desc",
        [{"limit": 3}],
    ),
    "bounded, in another order": Question(
        "signups", "by_row", INDEXES["by_row"], [FROM_ROW_FIVE], "asc", [filtered("bus", 1.0), {"limit": 7}]
    ),
    "scan with filter": Question("signups", None, (), [], "asc", [filtered("ownerId", "alice"), {"limit": 4}]),
    "scan of everything": Question("signups", None, (), [], "desc", []),
    "scan, not equal": Question("signups", None, (), [], "desc", [filtered("ownerId", "alice", "$neq")]),
    "limit, then filter": Question("signups", None, (), [], "asc", [{"limit": 50}, filtered("ownerId", "alice")]),
}


async def ordinary(source: Path, folder: Path, question: Question) -> tuple[list[bytes], int]:
    """The rows, and how many were read, as a function's query has them."""
    copy_file(source, folder)
    store = await Store.open(folder, clock=SystemClock())
    declared = [{"indexDescriptor": name, "fields": list(fields)} for name, fields in INDEXES.items()]
    others = ("stagedDbIndexes", "searchIndexes", "stagedSearchIndexes", "vectorIndexes", "stagedVectorIndexes")
    table = {"tableName": "signups", "indexes": declared, "documentType": {"type": "any"}} | {k: [] for k in others}
    await store.push_schema(SchemaDefinition.parse(json.dumps({"tables": [table], "schemaValidation": True})))
    source_: dict[str, Any] = {"type": "FullTableScan", "tableName": "signups"}
    if question.index is not None:
        source_ = {"type": "IndexRange", "indexName": f"signups.{question.index}", "range": question.range}
    plan = {"source": {**source_, "order": question.order}, "operators": question.operators}
    async with await store.snapshot() as snapshot:
        stream = store.transaction(snapshot, seed=b"", writable=False).open_query(plan)
        rows, has_ended = [], False
        while not has_ended:
            found, has_ended = await stream.next(256)
            rows += found
    await store.close()
    return rows, stream.note.documents


@pytest.mark.parametrize("name", QUESTIONS)
async def test_every_line_gives_what_the_ordinary_query_gives(shelf: Shelf, tmp_path: Path, name: str) -> None:
    question = QUESTIONS[name]
    for size in SIZES:
        expected, documents = await ordinary(shelf.path(size), tmp_path / str(size), question)
        for line in lines_of(question, INDEXES, OTHER):
            indexes.add(shelf.path(size), line.fields, lambda documents: None)
            connection = connect_reader(shelf.path(size))
            answer = LineReader(connection, question, line).read()
            connection.close()
            assert sorted(answer.rows) == sorted(expected), (size, line.key)
            if line.key == "own":
                assert (answer.rows, answer.documents) == (expected, documents)


def test_lines_of_a_question_by_index() -> None:
    lines = {line.key: line for line in lines_of(QUESTIONS["one owner"], INDEXES, OTHER)}
    assert list(lines) == ["own", "scan", "wrong", "prefix"]
    assert (lines["own"].name, lines["scan"].fields, lines["scan"].rest) == ("by_owner", (), [ALICE])
    assert lines["wrong"] == Line("wrong", "by_row", ("place.row", "bus"), [], [ALICE], "the wrong index")
    assert (lines["prefix"].name, lines["prefix"].fields) == ("by_ownerId_bus", ("ownerId", "bus"))


def test_a_compound_question_is_asked_by_its_first_field_only() -> None:
    prefix = lines_of(QUESTIONS["compound"], INDEXES, OTHER)[-1]
    assert (prefix.name, prefix.range, prefix.rest) == ("by_owner_archived", [ALICE], [eq("archivedAt", MISSING)])


def test_a_scan_is_shown_the_index_that_it_needs() -> None:
    lines = {line.key: line for line in lines_of(QUESTIONS["scan with filter"], {}, OTHER)}
    assert (lines["own"].name, lines["index"].name, lines["index"].range) == ("full scan", "by_ownerId", [ALICE])
    assert lines["wrong"].fields == ("bus",)
    assert "index" not in {line.key for line in lines_of(QUESTIONS["scan, not equal"], {}, OTHER)}


def test_the_question_is_the_first_query_over_the_table() -> None:
    reads = [
        ReadNote("signups", "by_id", [eq("_id", "x")], "asc"),
        ReadNote("buses", None, [], "asc"),
        ReadNote("signups", "by_owner", [ALICE], "desc", 5, operators=[filtered("bus", 1.0)]),
        ReadNote("signups", None, [], "asc"),
    ]
    question = question_of(reads, "signups", INDEXES)
    assert (question.index, question.fields, question.order) == ("by_owner", ("ownerId",), "desc")
    assert question.operators == [filtered("bus", 1.0), {"limit": 5}]
    assert Question.from_json(json.loads(json.dumps(question.to_json()))) == question


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (ReadNote("signups", "by_id", [], "asc"), "NoQuery"),
        (ReadNote("signups", "found", [], "asc"), "NotADatabaseIndex"),
    ],
)
def test_what_cannot_be_timed_is_said(read: ReadNote, code: str) -> None:
    with pytest.raises(LearnerError) as caught:
        question_of([read], "signups", INDEXES)
    assert caught.value.code == code


def test_runs_are_counted_and_documents_too(shelf: Shelf) -> None:
    question = QUESTIONS["one owner"]
    own, scan = lines_of(question, INDEXES, OTHER)[:2]
    indexes.add(shelf.path(500), own.fields, lambda documents: None)
    timed = {line.key: measure(shelf.path(500), question, line, "warm", 4) for line in (own, scan)}
    assert [len(runs) for runs in timed.values()] == [4, 4]
    assert [runs[0].documents for runs in timed.values()] == [10, 500]
    assert len({run.digest for runs in timed.values() for run in runs}) == 1


def test_cold_runs_read_from_the_disk_where_the_system_can_tell(shelf: Shelf) -> None:
    path = shelf.path(500)
    scan = lines_of(QUESTIONS["one owner"], INDEXES, OTHER)[1]
    read_through(path)
    if disk_bytes_read() is None:
        pytest.skip("this system does not tell what came from the disk")
    cold = measure(path, QUESTIONS["one owner"], scan, "cold", 3)
    if not any(run.disk_bytes for run in cold):
        pytest.skip("this file system keeps files in memory")
    assert all(run.disk_bytes > 50_000 for run in cold)
    warm = measure(path, QUESTIONS["one owner"], scan, "warm", 3)
    assert [run.disk_bytes for run in warm] == [0, 0, 0]
