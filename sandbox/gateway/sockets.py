"""One WebSocket as ASGI gives it, for consumers that carry text frames. Protocol-free and without Channels' layers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

CLOSE_UNSUPPORTED_DATA = 1003
CLOSE_TOO_BIG = 1009
CLOSE_TRY_AGAIN = 1013
TOO_MANY_CLIENTS = "TooManyConcurrentRequests"
"""A reason that Convex's clients know: they come back, and take their time."""


class Socket:
    """`open` first, then `accept` or `refuse`; `frames` until the client is gone."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._is_open = False

    async def open(self) -> None:
        """Waits for the handshake."""
        message = await self._receive()
        assert message["type"] == "websocket.connect", message  # noqa: S101 - ASGI's own order

    async def accept(self) -> None:
        """A second call does nothing."""
        if not self._is_open:
            self._is_open = True
            await self._send({"type": "websocket.accept"})

    async def refuse(self) -> None:
        """The handshake is answered with 403."""
        await self._send({"type": "websocket.close"})

    async def send_text(self, text: str) -> None:
        """Returns when the client's connection has room for more (see server.py)."""
        if self._is_open:
            await self._send({"type": "websocket.send", "text": text})

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._is_open:
            self._is_open = False
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def frames(self, characters_max: int) -> AsyncIterator[str]:
        """Text frames, until the client leaves. A binary or an oversized frame closes the socket and ends them."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self._is_open = False
                return
            if not self._is_open:
                continue  # we have closed; the client's farewell is still to come
            text = message.get("text")
            if text is None:
                await self.close(CLOSE_UNSUPPORTED_DATA, "only text frames are understood")
            elif len(text) > characters_max:
                await self.close(CLOSE_TOO_BIG, "the frame is too big")
            else:
                yield text
