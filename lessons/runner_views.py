"""What the Function and the Schema tab ask: the live functions, rows to pick an id from, the schema against the rows.

The shapes are those of static/src/runner/messages.ts and static/src/schema/messages.ts.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from lessons import rehearsing, runner
from lessons.access import access_workspace
from sandbox.engine import RunnerRefused, StoreUnavailable
from sandbox.gateway.registry import registry

NOT_THERE = 503


@require_safe
async def functions(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """All functions of the revision that runs now, public and internal."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        async with registry.use(workspace.id) as deployment:
            await deployment.follow()
            answer: dict[str, Any] = {
                "revision": deployment.revision,
                "functions": runner.describe_functions(deployment.functions),
            }
    except StoreUnavailable as error:
        return _refusal(error.message, NOT_THERE)
    return JsonResponse(answer)


@require_safe
async def rows(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """The first rows of `?table=`, each as far as a person needs to know it."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        async with registry.use(workspace.id) as deployment:
            found = await runner.rows_to_pick(deployment, request.GET.get("table", ""))
    except StoreUnavailable as error:
        return _refusal(error.message, NOT_THERE)
    return JsonResponse({"rows": found.rows, "count": found.count})


@require_safe
async def rehearse_schema(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """The schema of the last saved revision, live or not, against the stored rows. Changes nothing."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        return JsonResponse(await rehearsing.rehearse(workspace))
    except (StoreUnavailable, RunnerRefused) as error:
        return _refusal(error.message, NOT_THERE)


def _refusal(message: str, status: int) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)
