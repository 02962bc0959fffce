"""What the Practice panel asks: the state of the workspace's practice service, other settings, a reset."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from lessons import practice
from lessons.access import access_workspace
from lessons.requests import Refused, body_of, json_object


@require_safe
async def state(request: HttpRequest, workspace_id: str) -> JsonResponse:
    workspace = await access_workspace(await request.auser(), workspace_id)
    return JsonResponse(await practice.state(workspace))


@require_POST
async def settings(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """`{fail_percent?, latency_ms?, fail_next?, lose_next?}`; answers with the state."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        return JsonResponse(await practice.change(workspace, json_object(body_of(request))))
    except Refused as refused:
        return JsonResponse({"error": refused.error, "message": refused.message}, status=refused.status)


@require_POST
async def reset(request: HttpRequest, workspace_id: str) -> JsonResponse:
    workspace = await access_workspace(await request.auser(), workspace_id)
    return JsonResponse(await practice.reset(workspace))
