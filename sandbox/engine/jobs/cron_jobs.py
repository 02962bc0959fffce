"""Cron jobs as rows of `_cron_jobs`, one for each definition of the current code.

A row is {identifier, name: "m.js:f", args: [{…}], schedule: as crons.ts exports it, nextTime, prevTime?, state:
{kind: "pending" | "inProgress"}, lastRun?: {status: {kind: "success"} | {kind: "failed", error}, scheduledTime,
logLines, executionTime}}; times are milliseconds since 1970, the execution time is in seconds. Running them is
cron_run.py's part. Source: docs/spec/semantics.md §10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sandbox.engine import values
from sandbox.engine.jobs.cron_definitions import CronDefinition
from sandbox.engine.jobs.cron_schedule import CronSchedule
from sandbox.engine.store import CRON_JOBS, Document, Transaction
from sandbox.engine.values import Value


@dataclass(frozen=True, slots=True)
class CronJob:
    id: str
    identifier: str
    name: str
    args: list[Value]
    schedule: CronSchedule
    next_ms: int
    is_running: bool

    @property
    def path(self) -> str:
        module, _, function = self.name.partition(":")
        return f"{module.removesuffix('.js')}:{function}"

    @classmethod
    def of(cls, document: Document) -> CronJob:
        return cls(
            id=cast(str, document["_id"]),
            identifier=cast(str, document["identifier"]),
            name=cast(str, document["name"]),
            args=cast(list[Value], document["args"]),
            schedule=CronSchedule.parse(values.encode(document["schedule"])),
            next_ms=int(cast(float, document["nextTime"])),
            is_running=cast(dict[str, Value], document["state"])["kind"] == "inProgress",
        )


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What a row remembers of its last run. `error` is None for a success."""

    scheduled_ms: int
    error: str | None
    log_lines: tuple[str, ...]
    seconds: float


async def push_crons(transaction: Transaction, definitions: Mapping[str, CronDefinition], now_ms: int) -> None:
    """Makes the rows fit the definitions. One that did not change keeps its beat, and whatever runs goes on."""
    rows = await _rows(transaction)
    for identifier, row in rows.items():
        if identifier not in definitions:
            await transaction.system.delete(cast(str, row["_id"]))
    for identifier, definition in definitions.items():
        if identifier not in rows:
            fields = _fields(definition) | {"state": {"kind": "pending"}}
            first: Document = {"identifier": identifier, "nextTime": float(definition.schedule.first(now_ms))}
            await transaction.system.insert(CRON_JOBS, {**fields, **first})
        elif changed := _changed_fields(rows[identifier], definition):
            if "schedule" in changed:
                changed["nextTime"] = float(_next_ms(rows[identifier], definition.schedule, now_ms))
            await transaction.system.patch(cast(str, rows[identifier]["_id"]), changed)


async def _rows(transaction: Transaction) -> dict[str, Document]:
    rows = await transaction.system.rows(f"{CRON_JOBS}.by_identifier")
    return {cast(str, row["identifier"]): row for row in rows}


def _fields(definition: CronDefinition) -> dict[str, Value]:
    schedule = values.decode(definition.schedule_json)
    return {"name": definition.name, "args": definition.args, "schedule": schedule}


def _changed_fields(row: Document, definition: CronDefinition) -> dict[str, Value]:
    return {name: value for name, value in _fields(definition).items() if values.compare(row[name], value) != 0}


def _next_ms(row: Document, schedule: CronSchedule, now_ms: int) -> int:
    """A job that ran before goes on from there under its new schedule."""
    previous = row.get("prevTime")
    return schedule.first(now_ms) if previous is None else schedule.after(int(cast(float, previous)), now_ms)


async def plan_crons_again(transaction: Transaction, now_ms: int) -> None:
    """After the clock was set back: a run that was planned from a later day comes at its first time from now on."""
    for row in (await _rows(transaction)).values():
        job = CronJob.of(row)
        soonest = job.schedule.after(now_ms, now_ms)
        if job.next_ms > soonest and not job.is_running:
            previous = min(int(cast(float, row.get("prevTime", now_ms))), now_ms)
            await transaction.system.patch(job.id, {"nextTime": float(soonest), "prevTime": float(previous)})


async def due_crons(transaction: Transaction, limit: int) -> list[CronJob]:
    """The jobs in the order of their next runs, also those that run now."""
    rows = await transaction.system.rows(f"{CRON_JOBS}.by_next_time", limit=limit)
    return [CronJob.of(row) for row in rows]


async def read_cron(transaction: Transaction, job_id: str) -> CronJob | None:
    document = await transaction.system.get(job_id)
    return None if document is None else CronJob.of(document)


async def start_cron(transaction: Transaction, job: CronJob) -> None:
    await transaction.system.patch(job.id, {"state": {"kind": "inProgress"}})


async def finish_cron(transaction: Transaction, job: CronJob, run: FinishedRun, now_ms: int) -> None:
    """Sets the next run, which is never in the past. `job` is the row as this transaction sees it."""
    status: dict[str, Any] = {"kind": "success"} if run.error is None else {"kind": "failed", "error": run.error}
    last: dict[str, Value] = {
        "status": status,
        "scheduledTime": float(run.scheduled_ms),
        "logLines": list(run.log_lines),
        "executionTime": run.seconds,
    }
    await transaction.system.patch(
        job.id,
        {
            "state": {"kind": "pending"},
            "prevTime": float(run.scheduled_ms),
            "nextTime": float(job.schedule.after(run.scheduled_ms, now_ms)),
            "lastRun": last,
        },
    )
