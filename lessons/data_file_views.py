"""What the Data panel sends and fetches in bulk: a file in, a file out, a table emptied; told step by step.

An answer in steps is JSON lines: `{"checked", "written"}` or `{"gone"}` as it goes, at the end `{"done": true}` or
`{"error", "message"}`.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from typing import Any, BinaryIO, Literal

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from lessons import data
from lessons.access import access_workspace
from lessons.data_views import refusal
from lessons.models import Workspace
from lessons.requests import Refused, json_object
from sandbox.engine import limits

IMPORT_BYTES_MAX = 20 * limits.MIB
BODY_BYTES_MAX = 10_000
CHUNK_BYTES = 256 * 1024
TYPES = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}

_importing: set[str] = set()


@require_POST
async def import_file(request: HttpRequest, workspace_id: str) -> HttpResponseBase:
    """`?table=…&format=jsonl|csv`, the file as the body."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        table, file_format = request.GET.get("table", ""), _format(request)
        if workspace.id in _importing:
            raise Refused(409, "busy", "An import is running already. Wait until it has ended.")
        file = await asyncio.to_thread(_received, request)
    except Refused as refused:
        return refusal(refused)
    return _told(_import(workspace, table, file, file_format))


async def _import(
    workspace: Workspace, table: str, file: BinaryIO, file_format: Literal["jsonl", "csv"]
) -> AsyncIterator[dict[str, Any]]:
    _importing.add(workspace.id)
    try:
        written = 0
        async with data.rows_of(workspace) as deployment:
            async for step in deployment.tables.import_file(table, file, file_format, writer=data.WRITER):
                written = step.written
                yield {"checked": step.checked, "written": written}
        yield {"done": True, "written": written}
    finally:
        _importing.discard(workspace.id)
        file.close()


def _received(request: HttpRequest) -> BinaryIO:
    """The body as a file of its own. Raises Refused for one that is too large."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 – the import closes it
    size = 0
    while chunk := request.read(CHUNK_BYTES):
        size += len(chunk)
        if size > IMPORT_BYTES_MAX:
            file.close()
            limit = IMPORT_BYTES_MAX // limits.MIB
            message = f"The file is too large to import: at most {limit} MiB. Cut it into several files and try again."
            raise Refused(413, "too-large", message)
        file.write(chunk)
    file.seek(0)
    return file


@require_safe
async def export(request: HttpRequest, workspace_id: str) -> HttpResponseBase:
    """`?table=…&format=jsonl|csv`: the rows as a file."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        table, file_format = request.GET.get("table", ""), _format(request)
        async with data.rows_of(workspace) as deployment:
            if table not in {found.name for found in await deployment.store.tables()}:
                raise Http404("No such table")
    except Refused as refused:
        return refusal(refused)
    response = StreamingHttpResponse(_export(workspace, table, file_format), content_type=TYPES[file_format])
    response["Content-Disposition"] = content_disposition_header(True, f"{table}.{file_format}")
    response["Cache-Control"] = "no-store"
    return response


async def _export(workspace: Workspace, table: str, file_format: Literal["jsonl", "csv"]) -> AsyncIterator[bytes]:
    async with data.rows_of(workspace) as deployment:
        async for part in deployment.tables.export(table, file_format):
            yield part


@require_POST
async def clear(request: HttpRequest, workspace_id: str) -> HttpResponseBase:
    """`{table}`: deletes every row there is now."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        table = _text(request, "table")
    except Refused as refused:
        return refusal(refused)
    return _told(_clear(workspace, table))


@require_POST
async def restore(request: HttpRequest, workspace_id: str) -> HttpResponseBase:
    """`{id}`: brings back what that snapshot holds, after keeping the present as one."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    try:
        snapshot_id = _text(request, "id")
    except Refused as refused:
        return refusal(refused)
    return _told(data.restore_snapshot(workspace, snapshot_id))


def _text(request: HttpRequest, key: str) -> str:
    text = json_object(request.read(BODY_BYTES_MAX)).get(key)
    if not isinstance(text, str):
        raise Refused(400, "bad-request", f"`{key}` must be a text.")
    return text


async def _clear(workspace: Workspace, table: str) -> AsyncIterator[dict[str, Any]]:
    gone = 0
    async with data.rows_of(workspace) as deployment:
        async for gone in deployment.tables.clear(table, writer=data.WRITER):
            yield {"gone": gone}
    yield {"done": True, "gone": gone}


def _format(request: HttpRequest) -> Literal["jsonl", "csv"]:
    match request.GET.get("format"):
        case "jsonl":
            return "jsonl"
        case "csv":
            return "csv"
    raise Refused(400, "bad-request", "`format` must be `jsonl` (JSON lines) or `csv`.")


def _told(steps: AsyncIterator[dict[str, Any]]) -> StreamingHttpResponse:
    """The steps as JSON lines; a refusal on the way is the last one."""

    async def lines() -> AsyncIterator[bytes]:
        try:
            async for step in steps:
                yield json.dumps(step).encode() + b"\n"
        except Refused as refused:
            yield refusal(refused).content + b"\n"

    response = StreamingHttpResponse(lines(), content_type="application/jsonl")
    response["Cache-Control"] = "no-store"
    return response
