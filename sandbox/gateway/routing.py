"""Which consumer serves which WebSocket path."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from django.urls import URLPattern, re_path

from sandbox.gateway.course import course_socket
from sandbox.gateway.sockets import Receive, Send, Socket
from sandbox.gateway.sync_consumer import sync_consumer
from sandbox.gateway.workspace_consumer import workspace_consumer


async def no_such_socket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    socket = Socket(receive, send)
    await socket.open()
    await socket.refuse()


def route(pattern: str, application: Any) -> URLPattern:
    """Channels reads ASGI applications where Django has views."""
    pattern_of_socket: URLPattern = re_path(pattern, application)
    return pattern_of_socket


socket_routes = [
    # Below /s/ there are no cookies and no origin check, so this stands outside of every middleware.
    route(r"^s/(?P<token>[^/]+)/(?:api/(?:[^/]+/)?)?sync$", sync_consumer),
    route(r"^ws/workspace/(?P<workspace_id>[^/]+)$", AuthMiddlewareStack(workspace_consumer)),
    route(r"^ws/(?P<kind>section)/(?P<object_id>[^/]+)$", AuthMiddlewareStack(course_socket)),
    route(r"", no_such_socket),
]
