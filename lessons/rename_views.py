"""A tab saw that a renamed field turned files red: evidence that this person has watched types flow."""

from __future__ import annotations

import re
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lessons import answers
from lessons.access import access_workspace
from lessons.requests import Refused, small_object

FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
PLACES_MAX = 1_000
BYTES_MAX = 500


@require_POST
async def renamed(request: HttpRequest, workspace_id: str) -> JsonResponse:
    """`{"from": "name", "to": "fullName", "places": 4}`: type errors outside the schema, in two files or more."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        old, new, places = _parsed(request.body)
    except Refused as refused:
        return JsonResponse({"message": refused.message}, status=refused.status)
    await sync_to_async(answers.see_rename)(workspace, old, new, places)
    return JsonResponse({"kept": True})


def _parsed(body: bytes) -> tuple[str, str, int]:
    """Raises Refused."""
    message = small_object(body, BYTES_MAX, _("That is too much to keep of a rename."))
    old, new, places = message.get("from"), message.get("to"), message.get("places")
    if not _is_field(old) or not _is_field(new) or old == new:
        raise Refused(400, "bad-request", _("A rename has the names of two fields."))
    if type(places) is not int or not 2 <= places <= PLACES_MAX:
        raise Refused(400, "bad-request", _("A rename was seen in two places or more."))
    return str(old), str(new), places


def _is_field(name: Any) -> bool:
    return isinstance(name, str) and FIELD.fullmatch(name) is not None
