"""A stand-alone deployment on the network: the sync sockets and the addresses at the root, and a port for HTTP actions.

Everything that is told apart by a token on the classroom's site (sync_consumer.py) is here one deployment, open to
whoever reaches the port, as Convex's own backend is.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.engine import Deployment, limits
from sandbox.gateway.http_actions import serve_http_action
from sandbox.gateway.sockets import CLOSE_TRY_AGAIN, TOO_MANY_CLIENTS, Receive, Send, Socket

Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

_SYNC_PATH = re.compile(r"/(?:api/(?:[^/]+/)?)?sync")


def application(deployment: Deployment, http: Application, site_port: int) -> Application:
    """The ASGI application. `http` answers requests; sockets and the port of HTTP actions are answered here."""

    async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _serve_socket(deployment, scope["path"], Socket(receive, send))
        elif scope["server"][1] == site_port:
            await serve_http_action(deployment, scope, receive, send)
        elif scope["path"].startswith("/http/"):
            await serve_http_action(deployment, scope, receive, send, prefix="/http")
        else:
            await http(scope, receive, send)

    return serve


async def _serve_socket(deployment: Deployment, path: str, socket: Socket) -> None:
    await socket.open()
    if not _SYNC_PATH.fullmatch(path):
        await socket.refuse()
        return
    await socket.accept()
    if not deployment.takes_clients:
        await socket.close(CLOSE_TRY_AGAIN, TOO_MANY_CLIENTS)
        return
    session = deployment.connect(socket.send_text, socket.close)
    try:
        async for text in socket.frames(limits.CLIENT_JSON_BYTES_MAX):
            await session.receive(text)
    finally:
        await session.disconnect()
