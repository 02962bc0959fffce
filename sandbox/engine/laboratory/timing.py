"""Measuring one line on one file of a shelf: several runs on one snapshot, warm or cold.

Warm: the file was read before, so the system has it in memory. Cold: before every run the system is asked to forget
the file, and a new connection is opened; how many bytes then came from the disk is measured, too, because a system may
keep what it likes.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, cast

from sandbox.engine.errors import LearnerError
from sandbox.engine.laboratory import indexes
from sandbox.engine.laboratory.question import Comparison, Line, Question
from sandbox.engine.store import layout
from sandbox.engine.store.catalog import Index, Table
from sandbox.engine.store.documents import Document
from sandbox.engine.store.filter_expressions import compile_filter
from sandbox.engine.store.plan import Filter, Limit, Operator, compile_range, parse_range
from sandbox.engine.store.query_stream import Pipeline, Row, read_span
from sandbox.engine.store.read_set import Interval
from sandbox.engine.values import key_after, loads

Cache = Literal["warm", "cold"]

CHUNK = 1_000
RUNS_AT_LEAST = 3
SECONDS_ENOUGH = 8.0
"""A point with that much behind it, and three runs, is not run again."""
_WARM_UP_DOCUMENTS_MAX = 10_000
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """The documents as JSON texts, and how many were looked at to find them."""

    rows: list[bytes]
    documents: int


@dataclass(frozen=True, slots=True)
class Timed:
    """One run. `disk_bytes` came from the disk; None where the system does not tell.

    `digest` is that of the rows, whatever their order: an index without the question's order is not made to sort.
    """

    ms: float
    documents: int
    rows: int
    digest: bytes
    disk_bytes: int | None


class LineReader:
    """A line of a question over one open file."""

    def __init__(self, connection: sqlite3.Connection, question: Question, line: Line) -> None:
        index = indexes.find(connection, line.fields)
        if index is None:
            raise LearnerError(
                f"The index over {', '.join(line.fields)} gave way to newer ones before it was read. Measure again.",
                code="IndexGaveWay",
            )
        self._connection = connection
        self._question = question
        self._line = line
        self._index = index
        self._sort_key = (
            None if _is_in_order(question, line) else Index.make(0, "", indexes.whole_fields(question.fields)).key
        )

    def read(self) -> Answer:
        """Plans and reads, as a query does every time."""
        table = Table(self._question.table, 0, {})
        line, question = self._line, self._question
        span = compile_range(table, self._index, parse_range(f"{table.name}.{self._index.name}", line.range))
        own = [_operator(operator) for operator in question.operators]
        rest = [Filter(compile_filter(as_filter(line.rest)))] if line.rest else []
        is_descending = question.order == "desc"
        if self._sort_key is None or not any(isinstance(operator, Limit) for operator in own):
            return _stream(self._connection, span, is_descending, [*rest, *own])
        return self._collect(span, [*rest], own)

    def _collect(self, span: Interval, rest: list[Operator], own: list[Operator]) -> Answer:
        """A limit wants the first ones in an order that this index does not have: find all that match, then sort."""
        assert self._sort_key is not None
        key_of = self._sort_key
        found = _stream(self._connection, span, False, rest)
        keyed = [(key_of(cast(Document, loads(text))), text) for text in found.rows]
        keyed.sort(reverse=self._question.order == "desc")
        pipeline = Pipeline(own)
        rows = []
        for _, text in keyed:
            if pipeline.left == 0:
                break
            if pipeline.passes(text):
                rows.append(text)
        return Answer(rows, found.documents)


def _stream(connection: sqlite3.Connection, span: Interval, is_descending: bool, operators: list[Operator]) -> Answer:
    """Reads in index order until the operators have enough."""
    pipeline = Pipeline(operators)
    rows: list[bytes] = []
    documents = 0
    for chunk in _chunks(connection, span, is_descending, pipeline):
        if not pipeline.has_filter:
            pipeline.take(len(chunk))
            documents += len(chunk)
            rows += [text for _, text, _ in chunk]
            continue
        for _, text, _ in chunk:
            documents += 1
            if pipeline.passes(text):
                rows.append(text)
            if pipeline.left == 0:
                break
    return Answer(rows, documents)


def _chunks(
    connection: sqlite3.Connection, span: Interval, is_descending: bool, pipeline: Pipeline
) -> Iterator[list[Row]]:
    index_id, low, high = span
    while pipeline.left != 0 and (high is None or low < high):
        count = CHUNK if pipeline.has_filter or pipeline.left is None else min(CHUNK, pipeline.left)
        chunk = read_span(connection, Interval(index_id, low, high), is_descending, count)
        if chunk:
            yield chunk
        if len(chunk) < count:
            return
        if is_descending:
            high = chunk[-1][0]
        else:
            low = key_after(chunk[-1][0]) or b""


def _operator(operator: Comparison) -> Operator:
    if "limit" in operator:
        return Limit(int(operator["limit"]))
    return Filter(compile_filter(operator["filter"]))


def as_filter(steps: list[Comparison]) -> dict[str, Any]:
    """The same conditions as a filter expression."""
    comparisons = [
        {f"${step['type'].lower()}": [{"$field": step["fieldPath"]}, {"$literal": step["value"]}]} for step in steps
    ]
    return {"$and": comparisons}


def _is_in_order(question: Question, line: Line) -> bool:
    """Whether the line's index brings the documents that match in the question's order: what is held at one value does
    not order."""
    equal = set(question.equal_fields)

    def ordering(fields: tuple[str, ...]) -> list[str]:
        return [name for name in indexes.whole_fields(fields) if name not in equal]

    return ordering(line.fields) == ordering(question.fields)


# --- time


def measure(path: Path, question: Question, line: Line, cache: Cache, runs: int) -> list[Timed]:
    """`runs` runs, or as many as fit into some seconds, but three."""
    if cache == "cold":
        return list(_enough(_cold_run(path, question, line) for _ in range(runs)))
    read_through(path)
    connection = _open(path)
    try:
        reader = LineReader(connection, question, line)
        if _documents_in(connection) <= _WARM_UP_DOCUMENTS_MAX:
            reader.read()  # a first run also pays for statements that SQLite prepares
        return list(_enough(_timed(reader) for _ in range(runs)))
    finally:
        connection.close()


def _enough(runs: Iterator[Timed]) -> Iterator[Timed]:
    began = time.monotonic()
    for count, run in enumerate(runs, 1):
        yield run
        if count >= RUNS_AT_LEAST and time.monotonic() - began > SECONDS_ENOUGH:
            return


def _cold_run(path: Path, question: Question, line: Line) -> Timed:
    forget(path)
    connection = _open(path)
    try:
        return _timed(LineReader(connection, question, line))
    finally:
        connection.close()


def _timed(reader: LineReader) -> Timed:
    before = disk_bytes_read()
    started = time.perf_counter()
    answer = reader.read()
    ms = (time.perf_counter() - started) * 1000
    after = disk_bytes_read()
    digest = blake2b(b"\n".join(sorted(answer.rows)), digest_size=16).digest()
    disk_bytes = None if before is None or after is None else after - before
    return Timed(ms, answer.documents, len(answer.rows), digest, disk_bytes)


def _open(path: Path) -> sqlite3.Connection:
    connection = layout.connect_reader(path)
    connection.execute("BEGIN")
    return connection


def _documents_in(connection: sqlite3.Connection) -> int:
    count: int = connection.execute("SELECT max(documents) FROM tables").fetchone()[0]
    return count


# --- the system's memory of a file


def read_through(path: Path) -> None:
    """Reads the whole file once, so that the system has it in memory as far as it fits."""
    with path.open("rb", buffering=0) as file:
        while file.read(_PIECE):
            pass


def forget(path: Path) -> None:
    """Asks the system to forget what it has of the file in memory. Only what is on the disk can be forgotten."""
    for part in (path, path.with_name(path.name + "-wal")):
        if not part.exists():
            continue
        descriptor = os.open(part, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def disk_bytes_read() -> int | None:
    """What this process made the system read from disks so far."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("read_bytes:")), None)
