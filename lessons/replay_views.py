"""The replay of a failed check: begin, take a step, end. Each answer is JSON, each workspace the person's own."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from lessons import progress, replays, workspaces
from lessons.access import access_workspace, lesson_of, task_of
from lessons.models import Workspace
from lessons.replays import NoReplay, Replay
from lessons.workspaces import Project
from sandbox.gateway import keys, tokens


@require_POST
async def begin(request: HttpRequest, workspace_id: str, number: int) -> JsonResponse:
    """Opens a replay of the last attempt at a task, if that failed."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    lesson = lesson_of(workspace)
    task_of(lesson, number)
    attempt = await sync_to_async(progress.last_attempt)(workspace, number)
    if attempt is None or attempt.result.passed:
        return _refused("Only a check that failed can be replayed.")
    project = await sync_to_async(_project)(workspace, attempt.revision)
    if project is None:
        return _refused("The revision that was checked is no longer kept.")
    try:
        replay = await replays.begin(workspace.id, lesson, number, project, attempt.result.evidence)
    except NoReplay as reason:
        return _refused(str(reason))
    return JsonResponse(_described(replay, attempt.result.happened))


@require_POST
async def take_step(request: HttpRequest, workspace_id: str, replay_id: str, number: int) -> JsonResponse:
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        turn = await replays.take_step(workspace.id, replay_id, number)
    except NoReplay as reason:
        return _refused(str(reason), status=410)
    answer = {"persona": turn.persona, "kind": turn.kind, "path": turn.path, "args": turn.args, "result": turn.result}
    return JsonResponse(answer)


@require_POST
async def end(request: HttpRequest, workspace_id: str, replay_id: str) -> HttpResponse:
    workspace = await access_workspace(await request.auser(), workspace_id)
    await replays.end(replay_id, workspace.id)
    return HttpResponse(status=204)


def _described(replay: Replay, happened: str) -> dict[str, object]:
    return {
        "id": replay.id,
        "revision": replay.revision,
        "token": tokens.issue(replay.id, lifetime_s=replays.SECONDS_MAX).text,
        "identities": keys.issue_identities(replay.id, lifetime_s=replays.SECONDS_MAX),
        "seconds": replay.seconds_left,
        "steps": [replays.caption(about) for about in replay.steps],
        "happened": happened,
    }


def _project(workspace: Workspace, number: int) -> Project | None:
    revision = workspace.revisions.filter(number=number).first()
    return None if revision is None else workspaces.read_project(revision)


def _refused(message: str, status: int = 409) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)
