"""What the History panel asks: the timeline, one revision, the starter, the solution."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from lessons import history, workspaces
from lessons.access import access_workspace, lesson_of, task_of


@require_safe
async def timeline(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """The newest revisions, or with `?before=` those older than that one; and whether the solution is open."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    answer = await sync_to_async(history.timeline)(workspace, before)
    task = lesson_of(workspace).tasks[0].number
    is_open = await sync_to_async(history.solution_is_open)(workspace, task)
    return JsonResponse({**answer, "solution_is_open": is_open})


@require_safe
async def revision(request: HttpRequest, workspace_id: str, number: int) -> JsonResponse:
    """The files of one revision."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    found = await workspace.revisions.filter(number=number).afirst()
    if found is None:
        raise Http404("No such revision")
    project = await sync_to_async(workspaces.read_project)(found)
    return JsonResponse({"number": number, "files": project.files})


@require_safe
async def starter(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """The files with which the lesson begins."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    return JsonResponse({"files": dict(lesson_of(workspace).files)})


@require_POST
async def solution(request: HttpRequest, workspace_id: str, number: int) -> JsonResponse:
    """The solution of a task. Whoever has not passed it has asked for it with this, which is an event."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    lesson = lesson_of(workspace)
    task_of(lesson, number)
    return JsonResponse({"files": await sync_to_async(history.open_solution)(workspace, lesson, number)})
