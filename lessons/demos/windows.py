"""What <demo-windows> asks: a request is handed in at a window, and what comes of it is what really comes of it.

The request is put into a small deployment as that window would hold it, and run. What is said at a wrong window are the
engine's own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lessons import pace
from lessons.access import access_workspace
from lessons.demos.cards import BUSES, CARDS, FUNCTION, SIGNUPS, WINDOWS, Card, Window, project, shown
from lessons.demos.scratch import bring_live, scratch_store
from lessons.requests import Refused, small_object
from sandbox.engine import Deployment, LearnerError, Outcome, Problem, RunnerRefused, StoreUnavailable

BODY_BYTES_MAX = 1_024
COST_BYTES = 2 * pace.BYTES_OF_A_SAVE
NEWCOMER = {"name": "Noor Rahman", "bus": 2.0}

Told = dict[str, Any]

_FRAMES = re.compile(r"\n\s+at .*", re.DOTALL)


@require_POST
async def try_window(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """`{card, window}`: what comes of it."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        card, window = _asked(request.body)
    except Refused as refused:
        return _refused(refused.status, refused.message)
    if pace.seconds_to_wait(workspace.person_id, COST_BYTES) > 0:
        return _refused(429, _("That was often in a short time. Wait a moment, then hand it in again."))
    try:
        told = await hand_in(card, window)
    except (RunnerRefused, StoreUnavailable) as error:
        return _refused(503, error.message)
    file, text = shown(card, window)
    return JsonResponse({"right": card.window == window, "file": file, "code": text, **told})


async def hand_in(card: Card, window: Window) -> Told:
    """What really comes of it: `event` and what belongs to it."""
    async with scratch_store() as store:
        deployed = await bring_live(store, project(card, window))
        if not deployed.ok:
            return {"event": "not-live", **_problem(deployed.problems[0])}
        await store.insert_rows("buses", BUSES, cause="seed")
        await store.insert_rows("signups", SIGNUPS, cause="seed")
        if card.bad is not None:
            return await _rule(store, card, card.bad, window)
        match card.window:
            case "look":
                return await _followed(store)
            case "change":
                return _changed(await store.run(FUNCTION, {}))
            case _:
                return await _went_out(store)


async def _rule(store: Deployment, card: Card, bad: Mapping[str, Any], window: Window) -> Told:
    """The row that breaks the rule comes in by an import."""
    try:
        await store.insert_rows(card.table, [bad], cause="seed")
    except LearnerError as error:
        return {"event": "row-refused", "said": error.message.strip()}
    if window == "rules":
        return {"event": "row-stored", "said": None}
    outcome = await store.run(FUNCTION, {})
    return {"event": "row-stored", "said": _words(outcome)}


async def _followed(store: Deployment) -> Told:
    """Subscribed to, and followed while a row comes."""
    watch = await store.subscribe(FUNCTION, {})
    try:
        first = await anext(watch)
        if first.error is not None:
            ran = await store.run(FUNCTION, {})
            return {"event": "refused", "said": _words(ran) or _without_frames(first.error.message)}
        await store.insert_rows("signups", [NEWCOMER], cause="seed")
        await store.settle()
        values = [emission.value for emission in watch.emissions]
        return {"event": "followed", "values": values, "said": None}
    finally:
        await watch.close()


def _changed(outcome: Outcome) -> Told:
    if outcome.error is not None:
        return {"event": "refused", "said": _words(outcome)}
    return {"event": "changed", "rows": len(outcome.note.writes), "said": None}


async def _went_out(store: Deployment) -> Told:
    outcome = await store.run(FUNCTION, {})
    if outcome.error is not None:
        return {"event": "refused", "said": _words(outcome)}
    return {"event": "went-out", "value": str(outcome.value), "requests": len(store.practice.calls), "said": None}


def _words(outcome: Outcome) -> str | None:
    return None if outcome.error is None else _without_frames(outcome.error.message)


def _without_frames(message: str) -> str:
    return _FRAMES.sub("", message).strip()


def _problem(problem: Problem) -> Told:
    return {"said": problem.message.strip(), "line": problem.line}


def _asked(body: bytes) -> tuple[Card, Window]:
    """Raises Refused."""
    asked = small_object(body, BODY_BYTES_MAX, _("That is no card of this counter."))
    card, window = asked.get("card"), asked.get("window")
    if not isinstance(card, str) or card not in CARDS or window not in WINDOWS:
        raise Refused(400, "unknown", _("There is no such card or window."))
    return CARDS[card], window


def _refused(status: int, message: str) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)
