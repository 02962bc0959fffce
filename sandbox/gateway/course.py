"""What the gateway asks of the course. The settings name the functions, so that the gateway never imports lessons.

    WORKSPACE_ACCESS  async (user, workspace_id) -> workspace or None
    REVISION_CODE     (workspace_id, revision, path) -> compiled JavaScript or None; reads the database
    SEED_ROWS         async (workspace_id, table, count) -> rows (Convex-encoded objects); raises ValueError with a
                      sentence for a table that it has no rows for
    COURSE_SOCKETS    kind -> ASGI application for the sockets below /ws/<kind>/<id>; it decides who may open them

A workspace's id is also its deployment's.
"""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils.module_loading import import_string

from sandbox.gateway.sockets import Receive, Send

Row = dict[str, Any]


async def may_open_workspace(user: Any, workspace_id: str) -> bool:
    """Whether this user, as the session has it, may watch the workspace."""
    return await import_string(settings.WORKSPACE_ACCESS)(user, workspace_id) is not None


async def revision_code(workspace_id: str, revision: int, path: str) -> str | None:
    """The JavaScript that the browser made of one file of one revision: `src/App.js`."""
    code: str | None = await sync_to_async(import_string(settings.REVISION_CODE))(workspace_id, revision, path)
    return code


async def seed_rows(workspace_id: str, table: str, count: int) -> list[Row]:
    """Rows to fill a table with. Raises ValueError."""
    rows: list[Row] = await import_string(settings.SEED_ROWS)(workspace_id, table, count)
    return rows


async def course_socket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Serves one socket that belongs to the course alone."""
    await import_string(settings.COURSE_SOCKETS[scope["url_route"]["kwargs"]["kind"]])(scope, receive, send)
