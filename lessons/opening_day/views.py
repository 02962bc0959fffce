"""What the two demonstrations of the final lesson ask: who plays which role, and the attack as it happens."""

from __future__ import annotations

import time
from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from lessons import catalogue, checking, workspaces
from lessons.access import access_workspace
from lessons.line_stream import Tell, line_stream
from lessons.models import Workspace
from lessons.opening_day import roles
from lessons.opening_day.attack import LINES, Attack
from lessons.requests import Refused, small_object
from lessons.verdict import Verdict
from sandbox.engine import FunctionInfo
from sandbox.gateway import front_end
from sandbox.gateway.registry import registry

BODY_BYTES_MAX = 10_000
LESSON = "opening-day"


@require_http_methods(["GET", "POST"])
async def casting(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """The roles, the functions that are live, and who plays what; POST {"roles": {…}} chooses."""
    workspace = await _access(request, workspace_id)
    async with registry.use(workspace.id) as deployment:
        await deployment.follow()
        functions = dict(deployment.functions)
    if request.method == "POST":
        try:
            asked = small_object(request.body, BODY_BYTES_MAX, "The request is too large.")
            chosen = roles.parse(asked.get("roles"), functions)
        except Refused as refused:
            return JsonResponse({"message": refused.message}, status=refused.status)
        except ValueError as error:
            return JsonResponse({"message": str(error)}, status=400)
        await sync_to_async(roles.say)(workspace, chosen)
    return JsonResponse(_described(await sync_to_async(roles.said)(workspace), functions))


@require_POST
async def attack(request: HttpRequest, workspace_id: str) -> HttpResponseBase:
    """Runs the attack on a fork and tells each line of the card as it is judged."""
    workspace = await _access(request, workspace_id)

    async def work(tell: Tell) -> None:
        try:
            async with checking.turn_of(workspace.person_id):
                await _attack(workspace, tell)
        except checking.CheckIsRunning:
            tell({"type": "stopped", "message": "A check is running already. Attack again when it has ended."})

    return line_stream(work, what="The attack")


async def _attack(workspace: Workspace, tell: Tell) -> None:
    lesson = catalogue.lesson(LESSON)
    task = None if lesson is None else lesson.task(3)
    if lesson is None or task is None:
        raise LookupError("the course has no opening day")
    project = await sync_to_async(workspaces.last_project)(workspace)
    said = await sync_to_async(roles.said)(workspace)
    held = 0

    async def play(fork: Any) -> Verdict:
        nonlocal held
        tell({"type": "card", "seed": fork.seed, "lines": [{"name": one.name, "title": one.title} for one in LINES]})
        begun = await Attack.begin(fork)
        started = time.perf_counter()
        async for judged in begun.card():
            held += judged.holds
            ms = round((time.perf_counter() - started) * 1000)
            tell({"type": "judged", "name": judged.line.name, "holds": judged.holds, "detail": judged.detail, "ms": ms})
            started = time.perf_counter()
        return fork.passed("passed-3", seed=fork.seed, calls=begun.shop.calls, rows=begun.made)

    verdict = await checking.run(lesson, task, project.files, front_end.toolchain(), roles=said, check=play)
    if verdict.passed:
        tell({"type": "done", "held": held, "lines": len(LINES)})
    else:
        tell({"type": "stopped", "message": f"{verdict.did} {verdict.happened} {verdict.expected}".replace("`", "")})


def _described(said: dict[str, str], functions: dict[str, FunctionInfo]) -> dict[str, Any]:
    chosen = {role: path for role, path in said.items() if path in functions}
    whole = roles.complete(said, functions)
    return {
        "roles": [{"name": role.name, "kind": role.kind, "task": role.task} for role in roles.ROLES],
        "functions": [
            {"path": path, "kind": function.kind, "visibility": function.visibility}
            for path, function in functions.items()
        ],
        "chosen": chosen,
        "guessed": {role: path for role, path in whole.items() if role not in chosen},
    }


async def _access(request: HttpRequest, workspace_id: str) -> Workspace:
    workspace = await access_workspace(await request.auser(), workspace_id)
    if workspace.lesson != LESSON:
        raise Http404("This lesson has no roles")
    return workspace
