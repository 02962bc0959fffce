"""Scheduled functions: rows of `_scheduled_functions`, written in the transaction of whoever schedules or cancels.

A row is {name, args: [{…}], scheduledTime, completedTime?, state}; times are milliseconds with what a double can hold
of the rest. A job's life:

    pending ─→ inProgress ─→ success | failed (error)
       │            │
       └────────────┴──────→ canceled

A mutation's job goes from pending to its end in the mutation's own commit; an action's is inProgress while it runs.
Who runs jobs, and when, is jobs/scheduler.py. Source: docs/spec/semantics.md §8, §10.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType
from typing import Any, Literal, cast

from sandbox.engine import values
from sandbox.engine.errors import LearnerError
from sandbox.engine.store.documents import Document
from sandbox.engine.store.system_tables import SCHEDULED_FUNCTIONS, SYSTEM_TABLES
from sandbox.engine.store.transaction import Transaction
from sandbox.engine.values import Value

JobStateKind = Literal["pending", "inProgress", "success", "failed", "canceled"]

_FOLLOWING: Mapping[str, Collection[str]] = MappingProxyType(
    {"pending": ("inProgress", "success", "failed", "canceled"), "inProgress": ("success", "failed", "canceled")}
)
_TABLE_NUMBER = next(table.number for table in SYSTEM_TABLES if table.name == SCHEDULED_FUNCTIONS)
_DISTANCE_SECONDS_MAX = 5 * 366 * 24 * 3600
_NANO = Decimal(1).scaleb(-9)


@dataclass(frozen=True, slots=True)
class Job:
    """One row. `args` is the array with one object, decoded; `error` belongs to a failed one."""

    id: str
    name: str
    args: list[Value]
    scheduled_ms: float
    completed_ms: float | None
    state: JobStateKind
    error: str | None

    @classmethod
    def of(cls, document: Document) -> Job:
        state = cast(dict[str, Any], document["state"])
        return cls(
            id=cast(str, document["_id"]),
            name=cast(str, document["name"]),
            args=cast(list[Value], document["args"]),
            scheduled_ms=cast(float, document["scheduledTime"]),
            completed_ms=cast(float | None, document.get("completedTime")),
            state=cast(JobStateKind, state["kind"]),
            error=state.get("error"),
        )

    @property
    def path(self) -> str:
        """The function's path; the row's name keeps the `.js` of the module."""
        module, _, function = self.name.partition(":")
        return f"{module.removesuffix('.js')}:{function}"

    @property
    def args_json(self) -> str:
        return json.dumps(values.encode(self.args), separators=(",", ":"), ensure_ascii=False)

    @property
    def is_over(self) -> bool:
        return self.state not in _FOLLOWING


# --- what a function asks for


async def schedule(
    transaction: Transaction, path: str, args: Value, scheduled_ms: float, *, parent: str | None = None
) -> str:
    """Adds a pending job for `path` ("m:f") and returns its id. Raises LimitExceeded.

    `parent` is the job that is running: when it was canceled, what it schedules is canceled from the start.
    """
    transaction.refuse_when_full()
    transaction.meter.count_scheduled(values.size_of([args]))
    module, _, function = path.partition(":")
    row: dict[str, Value] = {"name": f"{module}.js:{function}", "args": [args]}
    above = None if parent is None else await read_job(transaction, parent)
    if above is not None and above.state == "canceled":
        now_ms = _begin_ms(transaction)
        row |= {"scheduledTime": now_ms, "completedTime": now_ms, "state": {"kind": "canceled"}}
    else:
        row |= {"scheduledTime": scheduled_ms, "state": {"kind": "pending"}}
    return await transaction.system.insert(SCHEDULED_FUNCTIONS, row)


async def cancel(transaction: Transaction, job_id: str) -> None:
    """Cancels a job that is not over; nothing happens to one that is, or is forgotten. Raises LearnerError."""
    try:
        is_job = values.decode_id(job_id)[0] == _TABLE_NUMBER
    except LearnerError:
        is_job = False
    if not is_job:
        raise LearnerError(
            f"Invalid scheduled function ID. The ID must be an ID on the '{SCHEDULED_FUNCTIONS}' table.",
            code="InvalidScheduledFunctionId",
        )
    job = await read_job(transaction, job_id)
    if job is not None and not job.is_over:
        await move_job(transaction, job, "canceled")


def check_target(path: str, functions: Collection[str], modules: Collection[str]) -> None:
    """That the function exists now. Its kind and its arguments are looked at when it runs. Raises LearnerError."""
    module, _, function = path.partition(":")
    if path in functions:
        return
    if module not in modules:
        message = f"Attempted to schedule function at nonexistent path: {module}.js"
    else:
        message = (
            f"Attempted to schedule function, but no exported function {function} found in the file: {module}.js. "
            "Did you forget to export it?"
        )
    raise LearnerError(message, code="InvalidScheduledFunction")


def scheduled_time(ts: Any, now_ms: float) -> float:
    """The row's time in milliseconds, of `ts` in seconds as the syscall carries it. Raises LearnerError."""
    if isinstance(ts, bool) or not isinstance(ts, int | float) or abs(ts) > 2**63:
        raise _bad_time("value is either too big or NaN")
    if ts < 0:
        raise _bad_time("value is negative")
    distance = ts - now_ms / 1000
    if abs(distance) > _DISTANCE_SECONDS_MAX:
        exact = Decimal(ts).quantize(_NANO, ROUND_HALF_EVEN)
        shown = f"{exact:f}".rstrip("0").rstrip(".")
        direction = "future" if distance > 0 else "past"
        raise LearnerError(
            f"UnixTimestamp({shown}s) is more than 5 years in the {direction}", code="InvalidScheduledFunctionDelay"
        )
    return _ms(int(Decimal(ts).scaleb(9).to_integral_value(ROUND_HALF_EVEN)))


def _bad_time(reason: str) -> LearnerError:
    message = f"Invalid arguments for `ts`: cannot convert float seconds to Duration: {reason}"
    return LearnerError(message, code="InvalidScheduledFunctionDelay")


# --- what the scheduler does


async def read_job(transaction: Transaction, job_id: str) -> Job | None:
    document = await transaction.system.get(job_id)
    return None if document is None else Job.of(document)


async def move_job(transaction: Transaction, job: Job, kind: JobStateKind, error: str | None = None) -> None:
    """Puts a job that was read in this transaction into another state."""
    assert kind in _FOLLOWING[job.state]
    state: dict[str, Value] = {"kind": kind} if error is None else {"kind": kind, "error": error}
    fields: dict[str, Value] = {"state": state}
    if kind not in _FOLLOWING:
        fields["completedTime"] = _begin_ms(transaction)
    await transaction.system.patch(job.id, fields)


async def pending_jobs(transaction: Transaction, limit: int) -> list[Job]:
    """Those that are to run, in the order of their time; equal times in the order of scheduling."""
    rows = await transaction.system.rows(f"{SCHEDULED_FUNCTIONS}.by_state", {"state.kind": "pending"}, limit=limit)
    return [Job.of(row) for row in rows]


async def running_jobs(transaction: Transaction) -> list[Job]:
    rows = await transaction.system.rows(f"{SCHEDULED_FUNCTIONS}.by_state", {"state.kind": "inProgress"})
    return [Job.of(row) for row in rows]


async def completed_jobs(transaction: Transaction, limit: int) -> list[Job]:
    """Those that are over, the earliest first."""
    over = {"type": "Gt", "fieldPath": "completedTime", "value": None}
    source = {"type": "IndexRange", "indexName": f"{SCHEDULED_FUNCTIONS}.by_completed", "range": [over], "order": "asc"}
    stream = transaction.system.open_query({"source": source, "operators": []})
    texts, _ = await stream.next(limit)
    stream.close(len(texts))
    return [Job.of(cast(Document, values.loads(text))) for text in texts]


def _begin_ms(transaction: Transaction) -> float:
    return _ms(transaction.begin_ts)


def _ms(ns: int) -> float:
    return ns // 1_000_000 + (ns % 1_000_000) * 1e-6
