"""Which consumer serves which WebSocket path."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from django.urls import path, re_path

from sandbox.gateway.sync_consumer import sync_consumer
from sandbox.gateway.workspace_consumer import workspace_consumer

# Below /s/ there are no cookies and no origin check, so these stand outside of every middleware.
_SYNC = r"^s/(?P<token>[^/]+)/"


async def refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """No such socket: the handshake is answered with 403."""
    await receive()
    await send({"type": "websocket.close"})


socket_routes = [
    re_path(_SYNC + r"api/(?:[^/]+/)?sync$", sync_consumer),
    re_path(_SYNC + r"sync$", sync_consumer),
    path("ws/workspace/<str:workspace_id>", AuthMiddlewareStack(workspace_consumer)),
    re_path(r"", refuse),
]
