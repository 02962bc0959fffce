"""What the workspace page is told of a deployment: the engine's notes and tables as JSON. Pure functions.

The shapes are those of static/src/workspace/messages.ts. Timestamps cross as strings: a JavaScript number cannot hold
nanoseconds. A run may hold megabytes of arguments, documents and log; a page gets as much of them as a person reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.engine import (
    AttemptBegan,
    AttemptLost,
    BackfillNote,
    CommitNote,
    ConflictNote,
    DeployNote,
    ReadNote,
    RunNote,
    Step,
    StepDone,
    StepEvent,
    StepReached,
    WriteNote,
)

if TYPE_CHECKING:
    from sandbox.engine import Column, Comparison, TableInfo, TableWindow, WindowAsk

Message = dict[str, Any]

_BOUNDS = {"Gt": "> ", "Gte": "≥ ", "Lt": "< ", "Lte": "≤ "}
_TEXT_LENGTH_MAX = 60
ARGS_LENGTH_MAX = 4_000
LINE_LENGTH_MAX = 4_000
LINES_MAX = 256
READS_MAX = 500
UNAWAITED_MAX = 100
RANGE_LENGTH_MAX = 4_000
DOCUMENT_LENGTH_MAX = 16_000
FIELD_LENGTH_MAX = 1_000
WRITES_LENGTH_MAX = 256_000
FILTERED_FIELDS_MAX = 15
_COMPARISONS = ("$eq", "$lt", "$lte", "$gt", "$gte")
RESULT_LENGTH_MAX = 16_000


def run_message(note: RunNote, run_of_commit: Mapping[int, str]) -> Message:
    """`run_of_commit` names the run that made a commit, as far as this page has seen it."""
    cause_ts = note.cause.commit_ts
    return {
        "type": "run",
        "run": {
            "id": note.run_id,
            "path": note.path,
            "kind": note.kind,
            "args": _cut(note.args, ARGS_LENGTH_MAX),
            "at_ms": note.at_ms,
            "cause": {
                "kind": note.cause.kind,
                "commit_ts": _timestamp(cause_ts),
                "run_id": None if cause_ts is None else run_of_commit.get(cause_ts),
            },
            "writer": note.writer,
            "snapshot_ts": str(note.snapshot_ts),
            "commit_ts": _timestamp(note.commit_ts),
            "reads": [_read(read) for read in note.reads[:READS_MAX]],
            "writes": list(_writes(note.writes)),
            "store_ms": note.store_ms,
            "total_ms": note.total_ms,
            "log_lines": [_cut(line, LINE_LENGTH_MAX) for line in note.log_lines[:LINES_MAX]],
            "error": None if note.error is None else _cut(note.error, LINE_LENGTH_MAX),
            "retries": note.retries,
            "conflicts": [_conflict(conflict) for conflict in note.conflicts],
            "result": None if note.result is None else _cut(note.result, RESULT_LENGTH_MAX),
            "unawaited": list(note.unawaited[:UNAWAITED_MAX]),
            "result_changed": note.result_changed,
            "sent_to": list(note.sent_to),
        },
    }


def step_event(event: StepEvent) -> Message:
    """What a run that is stepped through tells of itself. Documents and values are cut as those of a run are."""
    match event:
        case AttemptBegan():
            return {"kind": "began", "attempt": event.attempt, "snapshot_ts": str(event.snapshot_ts)}
        case StepReached():
            return {"kind": "reached", "step": _step(event.step)}
        case StepDone():
            return {
                "kind": "done",
                "step": _step(event.step),
                "reads": [_read(read) for read in event.reads],
                "writes": list(_writes(event.writes)),
                "values": [_cut(value, ARGS_LENGTH_MAX) for value in event.values],
                "refused": None if event.refused is None else _cut(event.refused, LINE_LENGTH_MAX),
            }
        case AttemptLost():
            return {"kind": "lost", "attempt": event.attempt, "conflict": _conflict(event.conflict)}


def _step(step: Step) -> Message:
    return {
        "attempt": step.attempt,
        "number": step.number,
        "path": step.path,
        "operation": step.operation,
        "subject": step.subject,
        "arguments": step.arguments,
        "file": step.file,
        "line": step.line,
    }


def _conflict(note: ConflictNote) -> Message:
    return {"table": note.table, "id": note.document_id, "commit_ts": str(note.commit_ts), "by": note.by}


def commit_message(note: CommitNote) -> Message:
    return {
        "type": "commit",
        "commit_ts": str(note.commit_ts),
        "at_ms": note.at_ms,
        "cause": note.cause,
        "writer": note.writer,
        "tables": list(note.tables),
        "documents": note.documents,
    }


def deployed_message(note: DeployNote) -> Message:
    return {"type": "deployed", "revision": note.revision, "total_ms": note.total_ms}


def backfill_message(note: BackfillNote) -> Message:
    return {
        "type": "backfill",
        "table": note.table,
        "indexes": list(note.indexes),
        "documents": note.documents,
        "total": note.total,
    }


def table_message(
    ask: WindowAsk, window: TableWindow, fields: Mapping[str, Column], keys: Sequence[str | None]
) -> Message:
    """Columns: the fields that the schema declares, then others that rows have, then the creation time."""
    documents = [_shown_document(json.loads(row), len(row)) for row in window.rows]
    columns = dict.fromkeys(("_id", *fields, *(name for document in documents for name in document)))
    columns.pop("_creationTime", None)
    return {
        "type": "table",
        "table": ask.table,
        "fields": [field_info(field) for field in fields.values()],
        "index": ask.index,
        "range": list(ask.range),
        "order": ask.order,
        "columns": [*columns, "_creationTime"],
        "rows": documents,
        "keys": list(keys),
        "cut": [
            document["_id"]
            for row, document in zip(window.rows, documents, strict=True)
            if len(row) > DOCUMENT_LENGTH_MAX
        ],
        "offset": window.offset,
        "anchor": window.anchor,
        "count": window.count,
        "total": window.total,
    }


def table_refused_message(table: str, text: str) -> Message:
    """Why the rows that were asked for cannot be shown: a range that fits no index, a value of another type."""
    return {"type": "table-refused", "table": table, "message": text}


def field_info(field: Column) -> Message:
    return {"name": field.name, "kinds": sorted(field.kinds), "optional": field.optional, "type": field.shown}


def error_message(text: str) -> Message:
    return {"type": "error", "message": text}


def _timestamp(ts: int | None) -> str | None:
    return None if ts is None else str(ts)


def _read(read: ReadNote) -> Message:
    return {
        "table": read.table,
        "index": read.index,
        "range": read.range if has_short_range(read) else [],
        "order": read.order,
        "documents": read.documents,
        "bytes": read.bytes,
        "store_ms": read.store_ms,
        "plan": plan_text(read),
        "filtered_by": filtered_fields(read),
    }


def filtered_fields(read: ReadNote) -> list[str]:
    """The fields that a filter compares with a value and all of whose conditions must hold: those for equality first.

    They are what an index could do instead.
    """
    equal: dict[str, None] = {}
    other: dict[str, None] = {}
    for operator in read.operators:
        for condition in _conditions(operator.get("filter")):
            (comparison, sides), *_ = condition.items()
            if comparison not in _COMPARISONS or not isinstance(sides, list):
                continue
            for side in sides:
                if isinstance(side, dict) and isinstance(side.get("$field"), str):
                    (equal if comparison == "$eq" else other)[side["$field"][:FIELD_LENGTH_MAX]] = None
    return [*equal, *(field for field in other if field not in equal)][:FILTERED_FIELDS_MAX]


def _conditions(expression: Any) -> list[dict[str, Any]]:
    if not isinstance(expression, dict) or not expression:
        return []
    if isinstance(every := expression.get("$and"), list):
        return [condition for part in every for condition in _conditions(part)]
    return [expression]


def has_short_range(read: ReadNote) -> bool:
    """Whether the range is worth keeping; its values may be a megabyte each."""
    return len(json.dumps(read.range)) <= RANGE_LENGTH_MAX


def _writes(writes: Iterable[WriteNote]) -> Iterator[Message]:
    """All of them, as their number is shown; the documents of the first ones only."""
    length_left = WRITES_LENGTH_MAX
    for write in writes:
        message: Message = {"table": write.table, "id": write.id}
        for moment, document in (("before", write.before), ("after", write.after)):
            if document is None:
                message[moment] = None
                continue
            shown = _shown_document(document, len(json.dumps(document))) if length_left > 0 else {}
            length_left -= min(DOCUMENT_LENGTH_MAX, len(json.dumps(shown)))
            message[moment] = shown
        yield message


def _shown_document(document: dict[str, Any], length: int) -> dict[str, Any]:
    """The document; of a long one the fields that fit, each cut to text that fits. `length` is that of its JSON."""
    if length <= DOCUMENT_LENGTH_MAX:
        return document
    shown: dict[str, Any] = {name: document[name] for name in ("_id", "_creationTime") if name in document}
    length_left = DOCUMENT_LENGTH_MAX
    for name, value in document.items():
        text = json.dumps(value, ensure_ascii=False)
        length_left -= len(name) + min(len(text), FIELD_LENGTH_MAX)
        if length_left < 0:
            break
        shown[name] = value if len(text) <= FIELD_LENGTH_MAX else _cut(text, FIELD_LENGTH_MAX)
    return shown


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def plan_text(read: ReadNote) -> str:
    """The read in words: `by_owner · alice`, `by_bus · 3, > 7`, `full table scan`."""
    if read.index is None:
        return "full table scan"
    parts = [_BOUNDS.get(step["type"], "") + _value_text(step.get("value")) for step in read.range]
    return f"{read.index} · {', '.join(parts)}" if parts else read.index


def _value_text(value: Any) -> str:
    """A Convex-encoded value, short: text without quotes, numbers without a needless `.0`."""
    if isinstance(value, str):
        text = value or '""'
    elif isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        text = str(int(value))
    elif isinstance(value, dict) and "$undefined" in value:
        text = "undefined"
    else:
        text = json.dumps(value, ensure_ascii=False)
    return _cut(text, _TEXT_LENGTH_MAX)


def table_info(table: TableInfo) -> Message:
    """`fields` are those the index was declared with."""
    indexes = [{"name": index.name, "fields": list(index.fields)} for index in table.indexes]
    return {"name": table.name, "indexes": indexes, "count": table.count}


def compared_message(run_id: str, read: int, comparison: Comparison) -> Message:
    return {
        "type": "compared",
        "run": run_id,
        "read": read,
        "index_ms": comparison.index_ms,
        "scan_ms": comparison.scan_ms,
        "index_documents": comparison.index_documents,
        "scan_documents": comparison.scan_documents,
        "rows": comparison.rows,
        "same": comparison.same,
    }
