"""The phone that rings once per re-run: what would come of a query that fetches, counted on a real copy.

The learner's project is copied into a deployment in quarantine, where queries may fetch from the copy's own practice
service. Three screens subscribe, five seats are booked, two payments meet: every figure is counted there. Then the same
query is asked in a deployment as all others are, for the real refusal. The learner's own deployment is not touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from weakref import WeakValueDictionary

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lessons import catalogue, workspaces
from lessons.access import access_workspace
from lessons.line_stream import Tell, line_stream
from lessons.models import Workspace
from sandbox.engine import Deployment, LearnerError, Quota, Watch, scratch_folder
from sandbox.gateway import front_end

SCREENS = ("In the hall", "In the office", "At the bus stop")
BOOKINGS = 5
CENTS_A_CALL = 5
BOARD, BOOK, PAY = "phoneDesk:board", "phoneDesk:book", "phoneDesk:pay"
COPIES_AT_ONCE_MAX = 2
PAUSE_S = 0.6
"""Between two steps, so that eyes can follow the figures. Nothing depends on it."""
MEETING_MS = 150.0

DESK = """import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const board = query({
  args: { screen: v.string() },
  handler: async (ctx) => {
    const seats = await ctx.db.query("phoneDesk").collect();
    const answer = await fetch("https://practice.test/weather?city=Lima");
    return { seats: seats.length, celsius: (await answer.json()).celsius };
  },
});

export const book = mutation({
  args: { seat: v.number() },
  handler: async (ctx, { seat }) => await ctx.db.insert("phoneDesk", { seat }),
});

export const pay = mutation({
  args: { seat: v.number() },
  handler: async (ctx, { seat }) => {
    const seats = await ctx.db.query("phoneDesk").collect();
    await fetch("https://practice.test/charges", { method: "POST", body: JSON.stringify({ amount: 20 }) });
    await ctx.db.insert("phoneDesk", { seat: seats.length + seat });
  },
});
"""
SCHEMA = """import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
%s
export default defineSchema({ %s phoneDesk: defineTable({ seat: v.number() }) });
"""

_places = asyncio.Semaphore(COPIES_AT_ONCE_MAX)
_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


@require_POST
async def run(request: HttpRequest, workspace_id: str) -> HttpResponseBase:
    """The demonstration as lines of JSON (static/src/demos/phone_model.ts). One at a time in a workspace."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    turn = _turns.setdefault(workspace.id, asyncio.Lock())
    if turn.locked():
        return JsonResponse({"message": _("It is ringing already. Wait for its end.")}, status=409)

    async def work(tell: Tell) -> None:
        async with turn, _places:
            await ring(workspace, tell)

    return line_stream(work, what=_("The demonstration"))


async def ring(workspace: Workspace, tell: Tell, *, pause_s: float = PAUSE_S) -> None:
    project = await sync_to_async(workspaces.last_project)(workspace)
    async with scratch_folder(front_end.toolchain().work, "phone") as folder:
        files, is_own = dict(project.files), True
        async with _deployment(folder / "copy", in_quarantine=True) as copy:
            if not (await copy.deploy(1, with_desk(files))).ok:
                lesson = catalogue.lesson(workspace.lesson)
                files, is_own = ({} if lesson is None else dict(lesson.files)), False
                if not (await copy.deploy(1, with_desk(files))).ok:
                    raise LearnerError(_("No copy of the project could be made."), code="NoCopy")
            tell({"type": "copy", "own": is_own, "revision": project.number})
            await _watch_the_board(copy, tell, pause_s)
            await _let_payments_meet(copy, tell)
        await asyncio.sleep(pause_s)
        async with _deployment(folder / "real", in_quarantine=False) as real:
            await real.deploy(1, with_desk(files))
            refused = (await real.run(BOARD, {"screen": SCREENS[0]})).error
            message = "" if refused is None else refused.message.strip().partition("\n")[0]
            tell({"type": "refused", "message": message, "calls": real.practice.call_count})


def with_desk(files: Mapping[str, str]) -> dict[str, str]:
    """The project and a desk of its own beside it: one table more, and functions that fetch."""
    copied = dict(files)
    theirs = copied.pop("convex/schema.ts", None)
    if theirs is not None:
        copied["convex/phoneOwnSchema.ts"] = theirs
    line, tables = ("", "") if theirs is None else ('import theirs from "./phoneOwnSchema";', "...theirs.tables,")
    return copied | {"convex/phoneDesk.ts": DESK, "convex/schema.ts": SCHEMA % (line, tables)}


async def _watch_the_board(copy: Deployment, tell: Tell, pause_s: float) -> None:
    watches = [await copy.subscribe(BOARD, {"screen": screen}) for screen in SCREENS]
    try:
        await _tell_board(copy, watches, 0, tell)
        for booking in range(1, BOOKINGS + 1):
            await asyncio.sleep(pause_s)
            await copy.run(BOOK, {"seat": float(booking)})
            await _tell_board(copy, watches, booking, tell)
    finally:
        for watch in watches:
            await watch.close()


async def _tell_board(copy: Deployment, watches: list[Watch], booking: int, tell: Tell) -> None:
    """Waits for every screen, then tells what was counted."""
    shown = []
    for screen, watch in zip(SCREENS, watches, strict=True):
        emission = await anext(watch)
        while emission.error is None and emission.value["seats"] < booking:
            emission = await anext(watch)
        if emission.error is not None:
            raise emission.error
        shown.append({"name": screen, "celsius": emission.value["celsius"]})
    calls = copy.practice.call_count
    tell({"type": "ring", "booking": booking, "calls": calls, "cents": calls * CENTS_A_CALL, "screens": shown})


async def _let_payments_meet(copy: Deployment, tell: Tell) -> None:
    """Two payments at the same moment read the same rows: one of them is run again, and charges again."""
    copy.practice.latency(MEETING_MS)
    outcomes = await asyncio.gather(*(copy.run(PAY, {"seat": float(100 * seat)}) for seat in (1, 2)))
    tell(
        {
            "type": "paid",
            "payments": sum(outcome.error is None for outcome in outcomes),
            "runs": sum(1 + outcome.note.retries for outcome in outcomes),
            "receipts": len(copy.practice.charges),
        }
    )


@asynccontextmanager
async def _deployment(folder: Path, *, in_quarantine: bool) -> AsyncIterator[Deployment]:
    tools = front_end.toolchain()
    deployment = await Deployment.open(folder, tools=tools, quota=Quota(), in_quarantine=in_quarantine)
    try:
        yield deployment
    finally:
        await deployment.close()
