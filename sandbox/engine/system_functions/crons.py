"""Cron jobs as the dashboard shows them: our rows of `_cron_jobs` in the shapes of Convex's own three tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from sandbox.engine import values
from sandbox.engine.runtime.system_function import SystemCall
from sandbox.engine.store import CRON_JOBS, Document
from sandbox.engine.system_functions.definition import Arguments, system_function
from sandbox.engine.values import Int64, Value

_UNIT_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


@system_function("query")
async def list_cron_jobs(call: SystemCall, args: Arguments) -> Any:
    """Each with its last and its next run; times are Int64 nanoseconds."""
    rows = await call.transaction.system.rows(f"{CRON_JOBS}.by_identifier")
    return [values.encode(_shown(row)) for row in rows]


def _shown(row: Document) -> Value:
    path, args = cast(str, row["name"]), json.dumps(values.encode(row["args"]), separators=(",", ":")).encode()
    schedule = _schedule(cast("dict[str, Any]", row["schedule"]))
    last = cast("dict[str, Value] | None", row.get("lastRun"))
    times: dict[str, Value] = {
        "state": {"type": cast("dict[str, Value]", row["state"])["kind"]},
        "prevTs": None if row.get("prevTime") is None else _ns(row["prevTime"]),
        "nextTs": _ns(row["nextTime"]),
    }
    return {
        "_id": row["_id"],
        "_creationTime": row["_creationTime"],
        "name": row["identifier"],
        "cronSpec": {"udfPath": path, "udfArgs": args, "cronSchedule": schedule},
        "lastRun": None if last is None else _last_run(row, path, args, last),
        "nextRun": {"cronJobId": row["_id"], **times},
        **times,  # where dashboards from before 2025 look
    }


def _last_run(row: Document, path: str, args: bytes, last: Mapping[str, Any]) -> dict[str, Value]:
    failed = last["status"]["kind"] == "failed"
    return {
        "name": row["identifier"],
        "ts": _ns(last["scheduledTime"]),
        "udfPath": path,
        "udfArgs": args,
        "status": {"type": "err", "error": last["status"]["error"]}
        if failed
        else {"type": "success", "result": {"type": "default", "value": None}},
        "logLines": {"logLines": last["logLines"], "isTruncated": False},
        "executionTime": last["executionTime"],
    }


def _schedule(exported: Mapping[str, Any]) -> dict[str, Value]:
    """From what crons.ts exports to what Convex keeps."""
    kind = exported["type"]
    if kind == "cron":
        return {"type": "cron", "cronExpr": exported["cron"]}
    if kind == "interval":
        seconds = sum(int(exported[unit]) * factor for unit, factor in _UNIT_SECONDS.items() if exported.get(unit))
        return {"type": "interval", "seconds": Int64(seconds)}
    shown: dict[str, Value] = {"type": kind, "minuteUTC": Int64(int(exported.get("minuteUTC") or 0))}
    if kind != "hourly":
        shown["hourUTC"] = Int64(int(exported["hourUTC"]))
    if kind == "weekly":
        shown["dayOfWeek"] = Int64(_WEEKDAYS.index(exported["dayOfWeek"]))
    if kind == "monthly":
        shown["day"] = Int64(int(exported["day"]))
    return shown


def _ns(milliseconds: Any) -> Int64:
    return Int64(int(milliseconds * 1_000_000))
