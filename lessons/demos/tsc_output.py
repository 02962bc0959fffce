"""What the type checker prints about a learner's project, line for line, as a program that writes code would get it."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from weakref import WeakValueDictionary

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lessons import workspaces
from lessons.access import access_workspace
from lessons.models import Workspace
from lessons.project_types import type_problems
from sandbox.engine import EngineError, LearnerError, Problem, RunnerRefused
from sandbox.gateway import front_end

LINES_MAX = 200
NOT_THERE = 503

_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


@require_POST
async def run(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """Checks the last saved revision, one at a time in a workspace. Nothing is deployed."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        async with _turns.setdefault(workspace.id, asyncio.Lock()):
            return JsonResponse(await output(workspace))
    except LearnerError as error:
        return JsonResponse({"message": error.message}, status=422)
    except (EngineError, RunnerRefused):
        return JsonResponse({"message": _("The type checker could not run. Try again.")}, status=NOT_THERE)


async def output(workspace: Workspace) -> dict[str, Any]:
    """Raises LearnerError for types that explode; EngineError, RunnerRefused."""
    project = await sync_to_async(workspaces.last_project)(workspace)
    started = time.perf_counter()
    problems = await type_problems(project.files, front_end.toolchain())
    return {
        "revision": project.number,
        "ms": round((time.perf_counter() - started) * 1000),
        "problems": len(problems),
        "files": len({problem.file for problem in problems}),
        "lines": [
            {"text": printed(each), "file": each.file, "line": each.line, "column": each.column}
            for each in problems[:LINES_MAX]
        ],
    }


def printed(problem: Problem) -> str:
    """The lines of the compiler: `file(line,column): error TS2339: …`, what is indented below them included."""
    place = f"{problem.file}({problem.line},{problem.column}): " if problem.file else ""
    return f"{place}error {problem.message}"
