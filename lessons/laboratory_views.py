"""The page of a lesson's index laboratory, and what it asks. Answers that take a while come as lines of JSON.

A line is a message; its shapes are those of static/src/laboratory/messages.ts. When the page goes, the work ends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from lessons import catalogue, laboratory, workspaces
from lessons.access import access_workspace
from lessons.catalogue import Laboratory
from lessons.laboratory import Ask, Tell
from lessons.line_stream import line_stream
from lessons.models import Workspace
from lessons.requests import Refused, small_object

BODY_BYTES_MAX = 64_000
RUNS = (3, 5, 9, 15)
LINES = {"scan", "index", "wrong", "prefix", "javascript"}
MS_MIN, MS_MAX = 0.0001, 10_000_000.0


@require_safe
async def page(request: HttpRequest, slug: str) -> HttpResponse:
    lesson = catalogue.lesson(slug)
    if lesson is None or lesson.laboratory is None:
        raise Http404("No such laboratory")
    person = await request.auser()
    if not person.is_authenticated:
        return redirect("home")
    workspace = await sync_to_async(workspaces.open_workspace)(person, lesson)
    context = {
        "lesson": lesson,
        "laboratory": lesson.laboratory,
        "person": person,
        "runs": RUNS,
        "config": await _config(request, workspace, lesson.slug, lesson.laboratory),
    }
    return render(request, "lessons/laboratory.html", context)


@require_POST
async def predict(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """Keeps what the learner expects at the largest size, in milliseconds, perhaps with the line that they drew."""
    workspace, _ = await _access(request, workspace_id)
    try:
        prediction = parse_prediction(_object(request))
    except ValueError as error:
        return JsonResponse({"message": str(error)}, status=400)
    await sync_to_async(laboratory.record_prediction)(workspace, prediction)
    return JsonResponse(prediction)


@require_POST
async def plan(request: HttpRequest, workspace_id: str) -> HttpResponseBase:
    workspace, lab = await _access(request, workspace_id)
    return _answer(request, lambda ask, tell: laboratory.plan(workspace, lab, ask, tell))


@require_POST
async def measure(request: HttpRequest, workspace_id: str) -> HttpResponseBase:
    workspace, lab = await _access(request, workspace_id)
    if await sync_to_async(laboratory.last_prediction)(workspace) is None:
        message = "First say what you expect: how long the scan takes at the largest size, and how long the index."
        return JsonResponse({"message": message}, status=409)
    return _answer(request, lambda ask, tell: laboratory.measure(workspace, lab, ask, tell))


@require_POST
async def refuse(request: HttpRequest, workspace_id: str) -> HttpResponseBase:
    workspace, lab = await _access(request, workspace_id)
    return _answer(request, lambda ask, tell: laboratory.refuse(workspace, lab, ask, tell))


@require_POST
async def seed(request: HttpRequest, workspace_id: str) -> HttpResponseBase:
    workspace, lab = await _access(request, workspace_id)
    return _answer(request, lambda ask, tell: laboratory.seed(workspace, lab, tell))


# ── parts


async def _access(request: HttpRequest, workspace_id: str) -> tuple[Workspace, Laboratory]:
    workspace = await access_workspace(await request.auser(), workspace_id)
    lesson = catalogue.lesson(workspace.lesson)
    if lesson is None or lesson.laboratory is None:
        raise Http404("This lesson has no laboratory")
    return workspace, lesson.laboratory


async def _config(request: HttpRequest, workspace: Workspace, slug: str, lab: Laboratory) -> dict[str, Any]:
    """What the page's script needs to know (static/src/laboratory/messages.ts, LaboratoryConfig)."""
    asks = ("predict", "plan", "measure", "refuse", "seed")
    return {
        "sizes": list(laboratory.sizes()),
        "urls": {name: reverse(f"laboratory-{name}", args=[workspace.id]) for name in asks},
        "csrf": get_token(request),
        "lesson": reverse("learn", args=[slug]),
        "function": request.GET.get("function"),
        "data": lab.data,
        "machine": laboratory.machine(),
        "prediction": await sync_to_async(laboratory.last_prediction)(workspace),
        "figures": await sync_to_async(laboratory.last_figures)(workspace),
    }


def _answer(request: HttpRequest, work: Callable[[Ask, Tell], Awaitable[Any]]) -> HttpResponseBase:
    try:
        ask = parse_ask(_object(request))
    except ValueError as error:
        return JsonResponse({"message": str(error)}, status=400)
    return line_stream(lambda tell: work(ask, tell), what="The laboratory")


def _object(request: HttpRequest) -> Mapping[str, Any]:
    """Raises ValueError with a sentence."""
    try:
        return small_object(request.body, BODY_BYTES_MAX, "The request is too large.")
    except Refused as refused:
        raise ValueError(refused.message) from None


def parse_ask(body: Mapping[str, Any]) -> Ask:
    """Raises ValueError with a sentence for the page."""
    function, args = body.get("function"), body.get("args")
    if not (function is None or isinstance(function, str)):
        raise ValueError("`function` must be the path of a function.")
    if not (args is None or isinstance(args, dict)):
        raise ValueError('The arguments must be an object, such as {"ownerId": "alice"}.')
    lines = body.get("lines", [])
    if not (isinstance(lines, list) and all(isinstance(line, str) and line in LINES for line in lines)):
        raise ValueError("`lines` names a line that the laboratory does not have.")
    largest, runs, cache = body.get("largest", laboratory.sizes()[-1]), body.get("runs", 5), body.get("cache", "warm")
    if largest not in laboratory.sizes():
        raise ValueError("The laboratory has no table of that size.")
    if runs not in RUNS:
        raise ValueError(f"A point may have {', '.join(map(str, RUNS))} runs.")
    if cache not in ("warm", "cold"):
        raise ValueError("`cache` is warm or cold.")
    return Ask(function, args, tuple(lines), largest, cache, runs)


def parse_prediction(body: Mapping[str, Any]) -> dict[str, Any]:
    """{"scan": [[documents, ms], …], "index": …}; the last point of each is that of the largest table."""
    prediction = {}
    for name in ("scan", "index"):
        points = body.get(name)
        if not isinstance(points, list) or not points or not all(map(_is_point, points)):
            raise ValueError(f"Say how many milliseconds you expect for the {name}: a number greater than 0.")
        if points[-1][0] != laboratory.sizes()[-1]:
            raise ValueError("The prediction must reach the largest table.")
        prediction[name] = [[int(size), float(ms)] for size, ms in points]
    return prediction


def _is_point(point: Any) -> bool:
    match point:
        case [int(size), int() | float() as ms]:
            return size in laboratory.sizes() and MS_MIN <= ms <= MS_MAX
    return False
