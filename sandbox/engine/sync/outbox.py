"""Frames on their way to one client, in order; how far it is behind; and the pings while there is nothing to say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sandbox.engine import limits
from sandbox.engine.sync import protocol

logger = logging.getLogger(__name__)

PING_SECONDS = 15
FRAMES_MAX = 1_000
# A client that has not taken so many frames yet gets its next Transition later, with everything folded into one.
FRAMES_BEHIND = 4
# Close codes as Convex's backend chooses them (rule 12).
CLOSE_WITHOUT_STATUS = 1005  # what was said before it, FatalError or AuthError, says all; the frame is empty
CLOSE_INTERNAL_ERROR = 1011
CLOSE_TRY_AGAIN = 1013
INTERNAL_ERROR = "InternalServerError"  # the reason with which clients come back after a second

Send = Callable[[str], Awaitable[None]]
Close = Callable[[int, str], Awaitable[None]]


class Outbox:
    """`put` never waits. A client that does not read is dropped: it may come back and start from a fresh Transition.

    `on_room` is called when a client that was behind has taken all its frames. `is_open` ends with the last frame
    that a caller may hope to be sent.
    """

    def __init__(self, send: Send, close: Close, on_room: Callable[[], None]) -> None:
        self._send = send
        self._close = close
        self._on_room = on_room
        self._frames: asyncio.Queue[str | tuple[int, str]] = asyncio.Queue()
        self._unsent = 0  # characters
        self._had_to_wait = False
        self._spoke_at = asyncio.get_running_loop().time()
        self.is_open = True
        self._tasks = [asyncio.create_task(work()) for work in (self._write_frames, self._ping)]

    @property
    def is_behind(self) -> bool:
        """Whether the client should get its next Transition later; then `on_room` will tell when."""
        self._had_to_wait = self._frames.qsize() >= FRAMES_BEHIND
        return self._had_to_wait

    def put(self, text: str) -> None:
        if not self.is_open:
            return
        is_too_much = self._unsent and self._unsent + len(text) > limits.UNSENT_BYTES_MAX
        if self._frames.qsize() >= FRAMES_MAX or is_too_much:
            self.end(CLOSE_INTERNAL_ERROR, INTERNAL_ERROR)
            return
        self._unsent += len(text)
        self._frames.put_nowait(text)

    def end(self, code: int, reason: str, last_words: str | None = None) -> None:
        """Closes the socket when everything that was put is sent, and `last_words` after it."""
        if last_words is not None:
            self.put(last_words)
        if self.is_open:
            self.is_open = False
            self._frames.put_nowait((code, reason))

    async def stop(self) -> None:
        """The socket is gone."""
        self.is_open = False
        others = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _write_frames(self) -> None:
        while True:
            match await self._frames.get():
                case (int(code), str(reason)):
                    await self._close(code, reason)
                    return
                case str(text):
                    try:
                        await self._send(text)
                    except Exception as error:
                        # A client that misses one frame has lost its place; it must come back, and not wait for ever.
                        logger.warning("A frame of a sync session could not be sent: %r", error)
                        self.is_open = False
                        await self._close(CLOSE_INTERNAL_ERROR, INTERNAL_ERROR)
                        return
                    self._unsent -= len(text)
                    self._spoke_at = asyncio.get_running_loop().time()
                    if self._had_to_wait and self._frames.empty():
                        self._on_room()

    async def _ping(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            quiet_s = loop.time() - self._spoke_at
            if quiet_s >= PING_SECONDS:
                self.put(protocol.PING)
                quiet_s = 0.0
            await asyncio.sleep(PING_SECONDS - quiet_s)
