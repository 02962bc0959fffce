"""The socket of a Convex client: /s/<token>/api/<version>/sync. Carries frames to the deployment and back.

The token in the path is the only proof. A pane's origin is opaque and a phone's may be anything, so neither cookies
nor the Origin header are looked at.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from sandbox.engine import RunnerRefused, StoreUnavailable, limits
from sandbox.gateway import tokens
from sandbox.gateway.registry import registry
from sandbox.gateway.sockets import CLOSE_TRY_AGAIN, TOO_MANY_CLIENTS, Receive, Send, Socket

if TYPE_CHECKING:
    from sandbox.engine import Deployment

logger = logging.getLogger(__name__)

CLOSE_TOKEN_EXPIRED = 4401
CLOSE_REASON_BYTES_MAX = 123


async def sync_consumer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """ASGI application for one client."""
    socket = Socket(receive, send)
    await socket.open()
    try:
        token = tokens.read(scope["url_route"]["kwargs"]["token"])
    except tokens.TokenRefused:
        await socket.refuse()
        return
    try:
        async with registry.use(token.deployment_id) as deployment:
            await socket.accept()
            await _carry(socket, deployment, token)
    except (RunnerRefused, StoreUnavailable) as error:
        logger.error("Deployment %s does not run: %s (%s)", token.deployment_id, error.message, error.__cause__)
        await socket.accept()
        # Clients go by the beginning, and show the whole in the console of the browser.
        reason = (
            f"InternalServerError: {error.message}" if isinstance(error, StoreUnavailable) else "InternalServerError"
        )
        await socket.close(CLOSE_TRY_AGAIN, reason[:CLOSE_REASON_BYTES_MAX])


async def _carry(socket: Socket, deployment: Deployment, token: tokens.Token) -> None:
    if not deployment.takes_clients:
        await socket.close(CLOSE_TRY_AGAIN, TOO_MANY_CLIENTS)
        return
    session = deployment.connect(socket.send_text, socket.close)
    expiry = asyncio.create_task(_close_at(token.expires_at, socket))
    try:
        async for text in socket.frames(limits.CLIENT_JSON_BYTES_MAX):
            await session.receive(text)
    finally:
        expiry.cancel()
        await session.disconnect()


async def _close_at(expires_at: float, socket: Socket) -> None:
    await asyncio.sleep(expires_at - time.time())
    await socket.close(CLOSE_TOKEN_EXPIRED, "TokenExpired")
