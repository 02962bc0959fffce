"""The workspace page and what it asks: saving, a fresh token, a check.

Every view gets its workspace from access.py. Requests are parsed by requests.py, deployments reached by live.py.
"""

from __future__ import annotations

import math
import time
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lessons import answers, catalogue, checking, lesson_page, live, pace, phrases, progress, verdict_page, workspaces
from lessons.access import access_workspace, lesson_of, task_of
from lessons.catalogue import Lesson
from lessons.models import Workspace
from lessons.opening_day import roles
from lessons.requests import Edit, Refused, body_of, parse_edit
from sandbox.engine import limits
from sandbox.gateway import front_end, keys, tokens

# A learner who meets the same finding again and again is offered a hint, never given one.
LIKE_FAILURES_FOR_A_HINT = 3


@require_safe
async def learn(request: HttpRequest, slug: str) -> HttpResponse:
    """A lesson's page: prose, task, editor and panes over this person's workspace."""
    lesson = catalogue.lesson(slug)
    if lesson is None:
        raise Http404("No such lesson")
    person = await request.auser()
    if not person.is_authenticated:
        return redirect("home")
    workspace = await sync_to_async(workspaces.open_workspace)(person, lesson)
    state = await sync_to_async(answers.of)(workspace)
    tasks = {task.number: await _task_state(workspace, task.number) for task in lesson.tasks}
    current = _step_of(request, lesson, state)
    context = {
        "lesson": lesson,
        "steps": lesson_page.steps(workspace, lesson, state, tasks),
        "current": current,
        "current_title": lesson.steps[current - 1].title,
        "next_lesson": catalogue.after(lesson),
        "workspace": workspace,
        "config": await _config(request, workspace, lesson),
        "person": person,
        "phrases": phrases.spoken(),
    }
    return render(request, "lessons/workspace.html", context)


def _step_of(request: HttpRequest, lesson: Lesson, state: answers.Answers) -> int:
    """The step of the address, or else where the person was last."""
    asked = request.GET.get("step", "")
    step = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else state.step
    return min(max(step, 1), len(lesson.steps))


@require_http_methods(["GET", "POST"])
async def files(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """The newest revision, or a save of a newer one."""
    if request.method == "POST":
        return await save_files(request, workspace_id)
    workspace = await access_workspace(await request.auser(), workspace_id)
    project = await sync_to_async(workspaces.last_project)(workspace)
    return JsonResponse({"revision": project.number, "files": project.files})


async def save_files(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """Saves the project as a revision and brings it live; a failing deploy leaves the last good revision running."""
    started = time.perf_counter()
    workspace = await access_workspace(await request.auser(), workspace_id)
    lesson = lesson_of(workspace)
    try:
        edit = parse_edit(body_of(request), lesson)
        _keep_pace(workspace.person_id, edit)
        saved = await live.save_and_deploy(workspace, lesson, edit)
    except Refused as refused:
        return JsonResponse({"error": refused.error, "message": refused.message}, status=refused.status)
    except workspaces.Stale as stale:
        return _conflict(stale)
    answer = {
        "revision": saved.revision,
        "deployed": saved.deployed,
        "good_revision": saved.good_revision,
        "problems": [_problem(problem) for problem in saved.problems],
        "server_ms": round((time.perf_counter() - started) * 1000, 1),
    }
    return JsonResponse(answer)


def _keep_pace(person_id: int, edit: Edit) -> None:
    """Raises Refused with the time to wait; the tab tries again by itself."""
    size = sum(len(text) for text in (*edit.files.values(), *edit.compiled.values()))
    seconds = pace.seconds_to_wait(person_id, size)
    if seconds:
        message = _("You have saved very often just now. The next save works in %(seconds)s s.") % {
            "seconds": math.ceil(seconds)
        }
        raise Refused(429, "too-often", message)


@require_POST
async def renew_token(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """Fresh proofs for the panes, whose own are about to end."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    token = tokens.issue(workspace.id)
    identities = keys.issue_identities(workspace.id)
    return JsonResponse({"token": token.text, "identities": identities, "expires_at": token.expires_at_ms})


@require_POST
async def run_check(request: HttpRequest, workspace_id: str, number: int) -> HttpResponse:
    """Checks one task on a fork of the last saved revision and shows the verdict."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    lesson = lesson_of(workspace)
    task = task_of(lesson, number)
    try:
        async with checking.turn_of(workspace.person_id):
            project = await sync_to_async(workspaces.last_project)(workspace)
            said = await sync_to_async(roles.said)(workspace)
            result = await checking.run(lesson, task, project.files, front_end.toolchain(), roles=said)
            attempts = await sync_to_async(progress.record_attempt)(workspace, number, project.number, result)
    except checking.CheckIsRunning:
        return HttpResponse(_("A check is running already. Its verdict comes in a moment."), status=429)
    proved = await sync_to_async(progress.passed_tasks)(workspace)
    said = verdict_page.in_a_sentence(result, number, len(proved), len(lesson.tasks))
    context = {
        "task": task,
        "workspace": workspace,
        "result": verdict_page.shown(result, attempts, project.number, said),
        "offers_hint": await sync_to_async(progress.like_failures)(workspace, number) >= LIKE_FAILURES_FOR_A_HINT,
    }
    return render(request, "lessons/_check_result.html", context)


async def _task_state(workspace: Workspace, task: int) -> lesson_page.TaskState:
    last = await sync_to_async(progress.last_attempt)(workspace, task)
    if last is None:
        return lesson_page.TaskState(False, None)
    passed = last.result.passed or await sync_to_async(progress.has_passed)(workspace, task)
    return lesson_page.TaskState(passed, verdict_page.shown(last.result, last.attempts, last.revision))


async def _config(request: HttpRequest, workspace: Workspace, lesson: Lesson) -> dict[str, Any]:
    """What the page's script needs to know (static/src/workspace/bus.ts, WorkspaceConfig)."""
    project = await sync_to_async(workspaces.last_project)(workspace)
    return {
        "workspace": workspace.id,
        "revision": project.number,
        "goodRevision": await live.good_revision(workspace),
        "files": project.files,
        "locked": sorted(lesson.locked),
        "limits": {"files": limits.PROJECT_FILES_MAX, "bytes": limits.PROJECT_BYTES_MAX},
        "token": tokens.issue(workspace.id).text,
        "identities": keys.issue_identities(workspace.id),
        "urls": {
            "files": reverse("files", args=[workspace.id]),
            "history": reverse("history", args=[workspace.id]),
            "solution": reverse("history-solution", args=[workspace.id, lesson.tasks[0].number]),
            "token": reverse("token", args=[workspace.id]),
            "phone": reverse("phone-code", args=[workspace.id]),
            "functions": reverse("functions", args=[workspace.id]),
            "read": reverse("step-read", args=[workspace.id]),
            "schemaRehearsal": reverse("schema-rehearsal", args=[workspace.id]),
            "renamed": reverse("renamed", args=[workspace.id]),
            "functionRows": reverse("function-rows", args=[workspace.id]),
            "data": f"/w/{workspace.id}/data/",
            "practice": reverse("practice", args=[workspace.id]),
            "socket": f"/ws/workspace/{workspace.id}",
            "frame": "/s/{token}/frame/{persona}",
            "worker": static(front_end.dist_path("ts-worker.js")),
            "types": static(front_end.dist_path("types.json")),
        },
        "csrf": get_token(request),
        "nonce": str(getattr(request, "csp_nonce", "")),
        "lesson": lesson.slug,
        "follow": {"url": reverse("lesson-changes", args=[lesson.slug]), "stamp": str(catalogue.stamp())}
        if settings.LESSON_RELOAD
        else None,
        "laboratory": None
        if lesson.laboratory is None
        else {"url": reverse("laboratory", args=[lesson.slug]), "table": lesson.laboratory.table},
    }


def _conflict(stale: workspaces.Stale) -> JsonResponse:
    theirs = {"revision": stale.theirs.number, "files": stale.theirs.files}
    message = _(
        "This project was saved somewhere else in the meantime. Nothing is lost: choose which version to go on with."
    )
    return JsonResponse({"error": "stale", "message": message, "theirs": theirs}, status=409)


def _problem(problem: Any) -> dict[str, Any]:
    return {"file": problem.file, "line": problem.line, "column": problem.column, "message": problem.message}
