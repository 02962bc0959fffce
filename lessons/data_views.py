"""What the Data panel asks over HTTP. Each request is one person's, for a workspace of their own (access.py).

A refusal is `{"error": code, "message": sentence}`, with the field where it has one place.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from lessons import data
from lessons.access import access_workspace
from lessons.models import Workspace
from lessons.requests import Refused, json_object
from sandbox.engine import UNDEFINED

TEXT_CHARACTERS_MAX = 1_100_000
FIELDS_MAX = 1_024
_PLACE = re.compile(r"^Path: \.([A-Za-z0-9_$]+)", re.MULTILINE)
_MISSING = re.compile(r"missing the required field `([^`]+)`|^`([^`]+)` must have a value")

View = Callable[..., Awaitable[Any]]
Answer = Callable[[Workspace, dict[str, Any]], Awaitable[dict[str, Any]]]


def _asked(answer: Answer) -> View:
    """A view that parses a JSON object, finds the workspace, and says refusals as JSON."""

    @require_POST
    @wraps(answer)
    async def view(request: HttpRequest, workspace_id: str) -> JsonResponse:
        workspace = await access_workspace(await request.auser(), workspace_id)
        try:
            return JsonResponse(await answer(workspace, json_object(_body(request))))
        except Refused as refused:
            return refusal(refused)

    return view


def refusal(refused: Refused) -> JsonResponse:
    said: dict[str, Any] = {"error": refused.error, "message": refused.message}
    place = _PLACE.search(refused.message) or _MISSING.search(refused.message)
    if place is not None:
        said["field"] = next(name for name in place.groups() if name)
    data_of = getattr(refused.__cause__, "data", None)
    if refused.error == "ChangedMeanwhile" and data_of is not None:
        said["now"] = data_of
    return JsonResponse(said, status=refused.status)


@_asked
async def change(workspace: Workspace, asked: dict[str, Any]) -> dict[str, Any]:
    """`{table, id, field, text, was?}`: one cell. Without `was` the cell was empty."""
    table, row_id, field, text = (_text(asked, key) for key in ("table", "id", "field", "text"))
    await data.change_cell(workspace, table, row_id, field, text, asked.get("was", UNDEFINED))
    return {"id": row_id}


@_asked
async def add(workspace: Workspace, asked: dict[str, Any]) -> dict[str, Any]:
    """`{table, cells: {field: text}}`, or `{table, document: text of a JSON object}`."""
    table = _text(asked, "table")
    if "document" in asked:
        document = json_object(_text(asked, "document").encode(), "The document")
        return {"id": await data.add_document(workspace, table, document)}
    cells = asked.get("cells")
    if not isinstance(cells, dict) or not all(isinstance(text, str) for text in cells.values()):
        raise Refused(400, "bad-request", "`cells` must be an object of field and text.")
    if len(cells) > FIELDS_MAX:
        raise Refused(400, "bad-request", f"A row has at most {FIELDS_MAX:,} fields.")
    return {"id": await data.add_row(workspace, table, cells)}


@_asked
async def delete(workspace: Workspace, asked: dict[str, Any]) -> dict[str, Any]:
    """`{table, ids}`: those rows, all or none."""
    ids = asked.get("ids")
    if not isinstance(ids, list) or not all(isinstance(row_id, str) for row_id in ids):
        raise Refused(400, "bad-request", "`ids` must be a list of ids.")
    return {"deleted": await data.delete_rows(workspace, _text(asked, "table"), ids)}


@require_safe
async def snapshots(request: HttpRequest, workspace_id: str) -> JsonResponse:
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        return JsonResponse({"snapshots": await data.snapshots(workspace)})
    except Refused as refused:
        return refusal(refused)


@_asked
async def take_snapshot(workspace: Workspace, asked: dict[str, Any]) -> dict[str, Any]:
    """`{name}`: the whole store as it is now."""
    return await data.take_snapshot(workspace, _text(asked, "name"))


@_asked
async def delete_snapshot(workspace: Workspace, asked: dict[str, Any]) -> dict[str, Any]:
    await data.delete_snapshot(workspace, _text(asked, "id"))
    return {"deleted": 1}


def _text(asked: dict[str, Any], key: str) -> str:
    text = asked.get(key)
    if not isinstance(text, str):
        raise Refused(400, "bad-request", f"`{key}` must be a text.")
    if len(text) > TEXT_CHARACTERS_MAX:
        raise Refused(413, "too-large", f"This is too large for a row: at most {TEXT_CHARACTERS_MAX:,} characters.")
    return text


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        raise Refused(413, "too-large", "This is too large for a row, which holds at most 1 MiB.") from None
