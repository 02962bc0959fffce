"""Pull the plug: a booking of three lines, as three calls or as one mutation, ended in the middle.

Every pull is real: the functions run on a store of their own, their process is killed before the line that was chosen,
and what the answer shows is what the store then has. The store is gone afterwards.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lessons.access import access_workspace
from lessons.requests import Refused, json_object
from sandbox.engine import (
    Deployment,
    EngineError,
    Quota,
    RunnerRefused,
    StepDone,
    StepEvent,
    Stepper,
    StepReached,
    Toolchain,
    WriteNote,
    scratch_folder,
)
from sandbox.gateway import front_end

CODE = Path(__file__).parent / "unplug_code"
LINES = ("seat", "payment", "name")
NOT_PULLED = 4
BEFORE_COMMIT = 3
SEATS = 5.0
PULLS_AT_ONCE_MAX = 2
NOT_THERE = 503

# A class pulls together; the machine is needed for their panes.
_places = asyncio.Semaphore(PULLS_AT_ONCE_MAX)


@dataclass(frozen=True, slots=True)
class Pull:
    """`after` is how many lines happen before the plug is pulled; in one mutation 3 is before its commit."""

    in_one: bool
    order: tuple[str, ...]
    after: int


@require_POST
async def pull(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """Books once, and ends it where the body says. The learner's own store is not touched."""
    await access_workspace(await request.auser(), workspace_id)
    try:
        wish = parse(json_object(request.body))
    except Refused as refused:
        return JsonResponse({"message": refused.message}, status=refused.status)
    try:
        async with _places:
            return JsonResponse(await run(wish, front_end.toolchain()))
    except (EngineError, RunnerRefused):
        return JsonResponse({"message": _("The booking could not run. Try again.")}, status=NOT_THERE)


def parse(message: Mapping[str, Any]) -> Pull:
    """Raises Refused."""
    in_one, order, after = message.get("in_one"), message.get("order"), message.get("after")
    is_order = isinstance(order, list) and sorted(map(str, order)) == sorted(LINES)
    if type(in_one) is not bool or not is_order or type(after) is not int or not 0 <= after <= NOT_PULLED:
        raise Refused(400, "bad-request", _("Say which lines, in which order, and where the plug is pulled."))
    if not in_one and after == BEFORE_COMMIT:
        raise Refused(400, "bad-request", _("After the third call there is nothing left to pull."))
    return Pull(in_one, tuple(map(str, order or ())), after)


async def run(wish: Pull, tools: Toolchain) -> dict[str, Any]:
    """What the three tables have afterwards, and what stood in the buffer of the run that ended. Raises EngineError."""
    async with scratch_folder(tools.work, "unplug") as folder:
        deployment = await Deployment.open(folder, tools=tools, quota=Quota())
        try:
            deployed = await deployment.deploy(1, {f"convex/{file.name}": file.read_text() for file in CODE.iterdir()})
            assert deployed.ok, deployed.problems  # noqa: S101 – our own code
            await deployment.insert_rows("buses", [{"name": "Bus 1", "seatsLeft": SEATS, "price": 30.0}])
            plug = _Plug(wish)
            started = time.perf_counter()
            path = "booking:inOne" if wish.in_one else "booking:inTurn"
            outcome = await deployment.run(path, {"order": list(wish.order)}, stepper=plug.stepper)
            ms = (time.perf_counter() - started) * 1000
            return {
                "crashed": plug.stepper.crashed,
                "error": None if outcome.error is None else outcome.error.message,
                "buffered": sorted(plug.buffered) if plug.stepper.crashed else [],
                "kept": await _kept(deployment),
                "ms": round(ms, 1),
            }
        finally:
            await deployment.close()


class _Plug:
    """Ends the run before its next line, when so many have happened. Remembers what a mutation has written so far."""

    def __init__(self, wish: Pull) -> None:
        self._wish = wish
        self._lines = 0
        self.buffered: set[str] = set()
        self.stepper = Stepper(self._hear, holds=False)

    def _hear(self, event: StepEvent) -> None:
        if isinstance(event, StepDone) and self._wish.in_one:
            self.buffered |= {_line_of(write) for write in event.writes}
        if not isinstance(event, StepReached):
            return
        operation = event.step.operation
        is_line = operation in (("db.patch", "db.insert", "commit") if self._wish.in_one else ("ctx.runMutation",))
        if is_line and self._lines == self._wish.after:
            self.stepper.crash()
        self._lines += is_line


def _line_of(write: WriteNote) -> str:
    return {"buses": "seat", "payments": "payment", "signups": "name"}[write.table]


async def _kept(deployment: Deployment) -> list[str]:
    """The lines of the booking that the store has."""
    outcome = await deployment.run_query("booking:kept", {"seats": SEATS})
    if outcome.error is not None:
        raise outcome.error
    return [str(line) for line in outcome.value]
