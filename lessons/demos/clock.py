"""The clock of a learner's own deployment: days pass in a moment, and its real cron jobs and scheduled functions run.

What ran is told with the time that its functions saw. Moving the clock is the engine's (docs/fast-forward.md).
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from weakref import WeakValueDictionary

from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lessons import catalogue
from lessons.access import access_workspace
from lessons.models import Workspace
from lessons.requests import Refused, json_object
from lessons.steps import Demo
from sandbox.engine import Deployment, EngineError, RunNote, TraceNote
from sandbox.gateway.registry import registry

DAYS_MAX = 31
SHELF_ROWS_MAX = 40
EVENTS_MAX = 200
PAGE_ROWS = 500
_DAY_S = 86_400.0

_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


@require_safe
async def state(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """Where the clock stands, what is planned, and who lies on which shelf."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    async with registry.use(workspace.id) as deployment:
        return JsonResponse(await described(deployment, settings_of(workspace)))


@require_POST
async def forward(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """`{days: 1}`: moves on, and answers with the state and what ran on the way."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        days = _days(json_object(request.body))
    except Refused as refused:
        return JsonResponse({"message": refused.message}, status=refused.status)
    turn = _turns.setdefault(workspace.id, asyncio.Lock())
    if turn.locked():
        return JsonResponse({"message": _("The clock is moving already.")}, status=409)
    async with turn, registry.use(workspace.id) as deployment:
        tape = Tape(deployment, settings_of(workspace))
        deployment.add_listener(tape.hear)
        try:
            ended = await deployment.time.forward(days * _DAY_S)
        except EngineError as error:
            return JsonResponse({"message": error.message}, status=422)
        finally:
            deployment.remove_listener(tape.hear)
        told = {"events": tape.events[-EVENTS_MAX:], "ended": ended}
        return JsonResponse(told | await described(deployment, settings_of(workspace)))


@require_POST
async def back(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """The real time again."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    async with registry.use(workspace.id) as deployment:
        await deployment.time.back_to_now()
        return JsonResponse(await described(deployment, settings_of(workspace)))


class Tape:
    """Writes down the runs that the moving clock causes."""

    def __init__(self, deployment: Deployment, settings: dict[str, Any]) -> None:
        self.events: list[dict[str, Any]] = []
        self._deployment = deployment
        self._table, self._label = settings["table"], settings["label"]

    def hear(self, note: TraceNote) -> None:
        if not isinstance(note, RunNote) or note.kind == "query":
            return
        gone = [
            str((write.before or {}).get(self._label, write.id))
            for write in note.writes
            if write.table == self._table and write.after is None
        ]
        self.events.append(
            {
                "at_ms": self._deployment.time.now_ms,
                "path": note.path,
                "cause": note.cause.kind,
                "writes": len(note.writes),
                "gone": gone[:SHELF_ROWS_MAX],
                "error": None if note.error is None else note.error.partition("\n")[0][:300],
            }
        )


def settings_of(workspace: Workspace) -> dict[str, Any]:
    """What `[demos.clock]` of the lesson says: the table of the shelves, the field of the mark, the field to show."""
    lesson = catalogue.lesson(workspace.lesson)
    blocks = () if lesson is None else lesson.blocks
    found = next((block for block in blocks if isinstance(block, Demo) and block.name == "clock"), None)
    if found is None:
        raise Http404("This lesson has no clock")
    return {"table": "signups", "mark": "archivedAt", "label": "name", **found.settings}


async def described(deployment: Deployment, settings: dict[str, Any]) -> dict[str, Any]:
    """As JSON (static/src/demos/clock_model.ts, ClockState)."""
    return {
        "now_ms": deployment.time.now_ms,
        "ahead_ms": deployment.time.offset_ms,
        "planned": await deployment.time.planned(),
        **await _shelves(deployment, settings),
    }


async def _shelves(deployment: Deployment, settings: dict[str, Any]) -> dict[str, Any]:
    live: list[str] = []
    binned: list[dict[str, Any]] = []
    page = await deployment.store.table_page(settings["table"], index=None, order="asc", limit=PAGE_ROWS, after=None)
    for row in map(json.loads, page.rows):
        name, since = str(row.get(settings["label"], row["_id"])), row.get(settings["mark"])
        if since is None:
            live.append(name)
        else:
            binned.append({"name": name, "since_ms": since if isinstance(since, int | float) else None})
    return {
        "live": live[:SHELF_ROWS_MAX],
        "live_count": len(live),
        "bin": binned[:SHELF_ROWS_MAX],
        "bin_count": len(binned),
    }


def _days(asked: dict[str, Any]) -> int:
    days = asked.get("days")
    if type(days) is not int or not 1 <= days <= DAYS_MAX:
        raise Refused(400, "bad-request", f"`days` must be a whole number from 1 to {DAYS_MAX}.")
    return days
