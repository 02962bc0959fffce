"""Notes of what the engine did, for the live panels. A note never changes what happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Order = Literal["asc", "desc"]
FunctionKind = Literal["query", "mutation", "action"]


@dataclass(slots=True)
class ReadNote:
    """One database read of one run. Filled while the read goes on.

    `index` is None for a full table scan, "by_id" for a get. `range` holds the wire form of the index range
    (runtime-abi.md §4) and `limit` what `take` or `first` asked for, so that the read can be repeated by Compare.
    `operators` are the filters and limits in their order, in their wire form, for the laboratory; a page adds none.
    `store_ms` is time inside the store alone.
    """

    table: str
    index: str | None
    range: list[dict[str, Any]]
    order: Order
    limit: int | None = None
    documents: int = 0
    bytes: int = 0
    store_ms: float = 0.0
    operators: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WriteNote:
    """One changed document. `before` and `after` are Convex-encoded JSON objects, None when absent."""

    table: str
    id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a run happened. `commit_ts` is the commit that woke a query; `index`/`table` say where the ranges met."""

    kind: Literal["first", "commit", "call", "deploy", "identity", "retry", "check", "scheduled", "cron", "http"]
    commit_ts: int | None = None


@dataclass(frozen=True, slots=True)
class ConflictNote:
    """Why a mutation ran again: a commit changed what it had read. `by` is the path of the function that made it.

    `document_id` and `by` are None where the log no longer tells.
    """

    table: str
    document_id: str | None
    commit_ts: int
    by: str | None


@dataclass(frozen=True, slots=True)
class RunNote:
    """One finished execution of a learner function. Times in milliseconds, measured with a monotonic clock."""

    run_id: str
    path: str
    kind: FunctionKind
    args: str
    at_ms: float
    cause: Cause
    writer: str | None
    snapshot_ts: int
    commit_ts: int | None
    reads: tuple[ReadNote, ...]
    writes: tuple[WriteNote, ...]
    store_ms: float
    total_ms: float
    log_lines: tuple[str, ...]
    error: str | None
    retries: int = 0
    result_changed: bool = True
    sent_to: tuple[str, ...] = field(default=())
    unawaited: tuple[str, ...] = ()
    """Operations that the function did not wait for, by the learner's names: "db.insert"."""
    conflicts: tuple[ConflictNote, ...] = ()
    """One for each try that lost, in their order."""
    result: str | None = None
    """What the function returned, as JSON; None when it failed."""


@dataclass(frozen=True, slots=True)
class DeployNote:
    revision: int
    at_ms: float
    total_ms: float


@dataclass(frozen=True, slots=True)
class BackfillNote:
    """A deploy that looks at stored documents: `documents` of `total` of one table are through.

    `indexes` are being filled; without any, the documents are only held against the new schema.
    """

    at_ms: float
    table: str
    indexes: tuple[str, ...]
    documents: int
    total: int


@dataclass(frozen=True, slots=True)
class CommitNote:
    """One commit, as the log tells it. `run_id` is empty when no learner function made it (seeding, Data panel)."""

    commit_ts: int
    run_id: str
    at_ms: float
    cause: str
    writer: str | None
    tables: tuple[str, ...]
    documents: int


@dataclass(frozen=True, slots=True)
class PracticeNote:
    """The practice service was called, or told how to behave. What it remembers now is to be read from it."""

    at_ms: float


TraceNote = RunNote | DeployNote | BackfillNote | CommitNote | PracticeNote
