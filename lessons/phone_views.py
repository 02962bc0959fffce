"""A third client on a phone: its address, and the code to scan."""

from __future__ import annotations

import json
from typing import cast, get_args

import segno
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from lessons.access import access_workspace
from sandbox.gateway import phone
from sandbox.gateway.keys import Persona
from sandbox.gateway.policy import origin_of


@require_POST
async def phone_code(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """The address of a persona's pane for another device, and its QR code as an SVG in a data address."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    persona = _persona(request.body)
    if persona is None:
        return JsonResponse({"message": "Say whose pane it is: alice or bob."}, status=400)
    address = origin_of(request) + phone.address(workspace.id, persona)
    code = segno.make(address, error="m").svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
    return JsonResponse({"address": address, "code": code})


def _persona(body: bytes) -> Persona | None:
    try:
        persona = json.loads(body).get("persona")
    except (ValueError, AttributeError):
        return None
    return cast(Persona, persona) if persona in get_args(Persona) else None
