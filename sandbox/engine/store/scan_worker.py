"""The process behind compare.py: reads one JSON task from stdin, writes one JSON answer to stdout.

Opens the store for reading only, and measures on one snapshot. The scan does what `.filter` does: it decodes every
document of the table and tests the comparisons of the range on it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, cast

from sandbox.engine.errors import LearnerError
from sandbox.engine.store.catalog import CatalogCache, Table
from sandbox.engine.store.commit_log import head_of
from sandbox.engine.store.documents import Document
from sandbox.engine.store.filter_expressions import compile_filter
from sandbox.engine.store.layout import connect_reader
from sandbox.engine.store.plan import Range, parse_plan
from sandbox.engine.store.query_stream import read_span
from sandbox.engine.store.read_set import Interval
from sandbox.engine.values import key_after, loads

NICENESS = 5
INDEX_REPEATS = 15
SCAN_REPEATS = 5
SECONDS_ENOUGH = 3.0
SCAN_CHUNK = 1_000
_ALL = (1 << 62) - 1

Read = Callable[[], tuple[list[bytes], int]]
"""Returns the rows, and how many documents were looked at."""


def main() -> None:
    os.nice(NICENESS)
    task = json.load(sys.stdin)
    try:
        answer = _compare(task)
    except LearnerError as error:
        answer = {"error": error.message, "code": error.code}
    json.dump(answer, sys.stdout)


def _compare(task: dict[str, Any]) -> dict[str, Any]:
    connection = connect_reader(Path(task["path"]))
    connection.execute("BEGIN")
    catalog = CatalogCache().at(connection, head_of(connection)[1])
    table = catalog.tables.get(task["table"])
    if table is None:
        raise LearnerError(f'There is no table "{task["table"]}"', code="TableNotFound")
    count = _ALL if task["limit"] is None else task["limit"]
    rows, index_ms, index_documents = _measure(_index_read(connection, table, task, count), INDEX_REPEATS)
    same_rows, scan_ms, scan_documents = _measure(_scan_read(connection, table, task, count), SCAN_REPEATS)
    return {
        "index_ms": index_ms,
        "index_documents": index_documents,
        "scan_ms": scan_ms,
        "scan_documents": scan_documents,
        "same": rows == same_rows,
        "rows": len(rows),
    }


def _measure(read: Read, repeats: int) -> tuple[list[bytes], float, int]:
    """The rows, the median time of several runs in milliseconds, and the documents looked at."""
    times_ms: list[float] = []
    began = time.perf_counter()
    while len(times_ms) < repeats and (not times_ms or time.perf_counter() - began < SECONDS_ENOUGH):
        started = time.perf_counter()
        rows, documents = read()
        times_ms.append((time.perf_counter() - started) * 1000)
    return rows, median(times_ms), documents


def _index_read(connection: sqlite3.Connection, table: Table, task: dict[str, Any], count: int) -> Read:
    source: dict[str, Any] = {"type": "FullTableScan", "tableName": table.name}
    if task["index"] is not None:
        source = {"type": "IndexRange", "indexName": f"{table.name}.{task['index']}", "range": task["range"]}
    plan = {"source": {**source, "order": task["order"]}}

    def read() -> tuple[list[bytes], int]:
        span = parse_plan(plan, lambda _: table).interval
        assert span is not None
        rows = [text for _, text, _ in read_span(connection, span, task["order"] == "desc", count)]
        return rows, len(rows)

    return read


def _scan_read(connection: sqlite3.Connection, table: Table, task: dict[str, Any], count: int) -> Read:
    index = table.by_creation_time if task["index"] is None else table.indexes[task["index"]]
    matches = compile_filter(_as_filter(task["range"]))

    def read() -> tuple[list[bytes], int]:
        found: list[tuple[bytes, bytes]] = []
        documents = 0
        span = Interval(table.by_creation_time.id, b"", None)
        while rows := read_span(connection, span, False, SCAN_CHUNK):
            for _, text, _ in rows:
                document = cast(Document, loads(text))
                if matches(document):
                    found.append((index.key(document), text))
            documents += len(rows)
            span = Interval(span.index_id, key_after(rows[-1][0]) or b"", None)
        found.sort(reverse=task["order"] == "desc")
        return [text for _, text in found[:count]], documents

    return read


def _as_filter(range_: Range) -> dict[str, Any]:
    """The same condition as a filter expression."""
    comparisons = [
        {f"${comparison['type'].lower()}": [{"$field": comparison["fieldPath"]}, {"$literal": comparison["value"]}]}
        for comparison in range_
    ]
    return {"$and": comparisons}


if __name__ == "__main__":
    main()
