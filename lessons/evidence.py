"""What a check did and saw, written down while it goes on: sentences for people, and JSON for tables and replay.

Ids of rows differ from store to store. In what is kept of a call they stand as `{"$row": [table, n]}`: the n-th row
that the table ever had, from 0. So the same call can be made again on another fork of the same seed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lessons.verdict import Step
from sandbox.engine import RunNote, TraceNote

STEPS_MAX = 60
LINE_LENGTH_MAX = 300
STEP_BYTES_MAX = 8_000
BYTES_MAX = 100_000
ROWS_NAMED_MAX = 6

# `{"$row": ["signups", 1]}` is shown as `signups #2`.
ROW_SIGN = re.compile(r'\{"\$row": \["(\w+)", (\d+)\]\}')

Row = dict[str, Any]


class RowNumbers:
    """Which row is the n-th of its table, in the order in which they were made."""

    def __init__(self) -> None:
        self._ids: dict[str, list[str]] = {}
        self._places: dict[str, tuple[str, int]] = {}

    def note(self, table: str, ids: Iterable[str]) -> None:
        for id_ in ids:
            if id_ not in self._places:
                ids_of_table = self._ids.setdefault(table, [])
                self._places[id_] = (table, len(ids_of_table))
                ids_of_table.append(id_)

    def listen(self, note: TraceNote) -> None:
        """For Deployment.add_listener: rows that functions insert."""
        if isinstance(note, RunNote):
            for write in note.writes:
                if write.before is None:
                    self.note(write.table, [write.id])

    def symbolic(self, value: Any) -> Any:
        """The value with `{"$row": …}` for every id of a known row."""
        return _mapped(value, lambda text: {"$row": list(self._places[text])} if text in self._places else text)

    def real(self, value: Any) -> Any:
        """The other way round. Raises LookupError for a row that there is not."""
        if isinstance(value, dict) and value.keys() == {"$row"}:
            table, number = value["$row"]
            return self._ids[table][number]
        if isinstance(value, dict):
            return {name: self.real(entry) for name, entry in value.items()}
        if isinstance(value, list):
            return [self.real(entry) for entry in value]
        return value


class Evidence:
    def __init__(self) -> None:
        self.rows = RowNumbers()
        self._steps: list[Step] = []
        self._bytes = 0
        self._is_quiet = False

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Until the block ends nothing is written down: many tries of the same say nothing one by one."""
        was_quiet, self._is_quiet = self._is_quiet, True
        try:
            yield
        finally:
            self._is_quiet = was_quiet

    def note(self, line: str, **about: Any) -> None:
        """A step that is too large for the record keeps its sentence alone; what comes after the 60th is dropped."""
        if self._is_quiet or len(self._steps) == STEPS_MAX:
            return
        line = " ".join(line.split())
        line = line if len(line) <= LINE_LENGTH_MAX else line[:LINE_LENGTH_MAX] + "…"
        size = len(json.dumps(about))
        if size > STEP_BYTES_MAX or self._bytes + size > BYTES_MAX:
            about = {"cut": True}
        self._bytes += size
        self._steps.append(Step(line, about))

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self._steps)


def name_of(path: str) -> str:
    return path.rpartition(":")[2]


def shown(value: Any) -> str:
    """A value in a few words: rows by their names, other values as JSON, a row in symbols as `signups #2`."""
    if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
        names = ", ".join(str(entry.get("name", entry.get("_id", "…"))) for entry in value[:ROWS_NAMED_MAX])
        more = ", …" if len(value) > ROWS_NAMED_MAX else ""
        return f"{len(value)} row{'s' if len(value) > 1 else ''}: {names}{more}"
    if value == []:
        return "no rows"
    return ROW_SIGN.sub(lambda sign: f"{sign[1]} #{int(sign[2]) + 1}", json.dumps(_whole(value), ensure_ascii=False))


def _whole(value: Any) -> Any:
    """Numbers as a learner writes them: 2, not 2.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _whole(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_whole(entry) for entry in value]
    return value


def reads_and_writes(note: RunNote) -> dict[str, Any]:
    """What the record keeps of a run."""
    reads = [
        {"table": read.table, "index": read.index, "documents": read.documents, "bytes": read.bytes}
        for read in note.reads
    ]
    writes = [
        {"table": write.table, "id": write.id, "before": write.before, "after": write.after} for write in note.writes
    ]
    return {"reads": reads, "writes": writes}


def reads_in_words(note: RunNote) -> str:
    """How much the run read, as the Runs panel says it."""
    return "".join(f" · {read.index or 'full table scan'}, {read.documents} read" for read in note.reads)


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _mapped(entry, change) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(entry, change) for entry in value]
    return value
