"""What <demo-csv-desk> asks: the desk's file as a shared drive would serve it, and the same mornings with a store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lessons import pace
from lessons.access import access_workspace
from lessons.demos import desk_file, desk_store
from lessons.demos.people import as_file, pupils
from lessons.requests import Refused, small_object
from sandbox.engine import RunnerRefused, StoreUnavailable

BODY_BYTES_MAX = 4_096
NAME_LENGTH_MAX = 80
COST_BYTES = 4 * pace.BYTES_OF_A_SAVE
BEGINNINGS = {
    "last-seat": desk_store.SOLD,
    "bad-row": desk_store.SOLD,
    "find-one": desk_store.YEARS,
    "cut-save": desk_store.SOLD,
}


@require_http_methods(["GET", "POST"])
async def file(request: HttpRequest, workspace_id: str) -> HttpResponse:
    """GET reads the whole file, POST writes the whole file. Nothing else is promised."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    if request.method == "GET":
        return HttpResponse(desk_file.read(workspace.id), content_type="text/plain; charset=utf-8")
    try:
        desk_file.write(workspace.id, request.body)
    except desk_file.TooLarge:
        return _refused(413, _("That is too much for one file of a desk."))
    return JsonResponse({"bytes": len(request.body)})


@require_POST
async def begin(request: HttpRequest, workspace_id: str, name: str) -> JsonResponse:
    """Lays out the file as it is in the morning of that scene."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    if name not in BEGINNINGS:
        return _refused(404, _("There is no such scene."))
    text = as_file(pupils(BEGINNINGS[name])).encode()
    desk_file.write(workspace.id, text, bytes_max=desk_file.BYTES_READ_MAX)
    return JsonResponse({"bytes": len(text)})


@require_POST
async def kill(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """Alice's save, killed half-way."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    killed = await desk_file.save_and_be_killed(workspace.id, as_file(pupils(desk_store.MANY)).encode())
    return JsonResponse({"wanted": killed.wanted, "written": killed.written, "signal": killed.signal})


@require_POST
async def store(request: HttpRequest, workspace_id: str, name: str) -> JsonResponse:
    """The scene with a store: a small deployment of its own, gone afterwards."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    run = _scene(name, request.body)
    if run is None:
        return _refused(404, _("There is no such scene."))
    if pace.seconds_to_wait(workspace.person_id, COST_BYTES) > 0:
        return _refused(429, _("That was often in a short time. Wait a moment, then run it again."))
    try:
        return JsonResponse(await run())
    except (RunnerRefused, StoreUnavailable) as error:
        return _refused(503, error.message)


def _scene(scene: str, body: bytes) -> Callable[[], Awaitable[dict[str, Any]]] | None:
    match scene:
        case "last-seat":
            return desk_store.last_seat
        case "bad-row":
            return desk_store.bad_row
        case "find-one":
            name = _name(body)
            return lambda: desk_store.find_one(name)
        case "cut-save":
            return desk_store.cut_save
        case _:
            return None


def _name(body: bytes) -> str:
    """The name that is looked for; a nonsensical one is nobody's."""
    try:
        name = small_object(body, BODY_BYTES_MAX, "").get("name")
    except Refused:
        return ""
    return name[:NAME_LENGTH_MAX] if isinstance(name, str) else ""


def _refused(status: int, message: str) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)
