"""The pipes of one JS process: lines in, lines out, and a bound on everything that arrives.

It knows nothing of what the lines mean; see exchange.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from sandbox.engine.errors import EngineError
from sandbox.engine.limits import MIB
from sandbox.engine.runtime.child import Child

BUFFERED_BYTES_MAX = 17 * MIB  # a result of 16 MiB and its header


class ProcessEnded(EngineError):
    """The process is gone: it ended by itself, or was ended because it sent too much."""

    code = "ProcessEnded"


class DeadlinePassed(EngineError):
    code = "DeadlinePassed"


class LineChannel(Child):
    """A child that speaks in lines. One reader at a time."""

    def __init__(self, argv: Sequence[str], *, buffered_bytes_max: int = BUFFERED_BYTES_MAX) -> None:
        self._buffered_bytes_max = buffered_bytes_max
        self._lines: deque[bytes] = deque()
        self._partial = bytearray()
        self._buffered = 0
        self._waiter: asyncio.Future[bytes] | None = None
        self._was_killed = False
        self.flooded = False
        super().__init__(argv)

    @property
    def is_alive(self) -> bool:
        return not self._was_killed and not self._ended.is_set()

    @property
    def has_unread(self) -> bool:
        return self._buffered > 0

    async def read_line(self, seconds: float) -> bytes:
        """The next line without its newline. Raises DeadlinePassed or ProcessEnded."""
        if self._lines:
            return self._take()
        if self._ended.is_set():
            raise ProcessEnded("The JavaScript process ended")
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._expire, self._waiter)
        try:
            return await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def kill(self) -> None:
        self._was_killed = True
        super().kill()

    # ── what Child calls ────────────────────────────────────────────────────

    def on_output(self, data: bytes) -> None:
        self._buffered += len(data)
        if self._buffered > self._buffered_bytes_max:
            self.flooded = True
            self._partial.clear()
            self._lines.clear()
            self.kill()
            return
        *whole, rest = data.split(b"\n")
        for line in whole:
            self._lines.append(bytes(self._partial) + line)
            self._partial.clear()
        self._partial += rest
        if self._lines and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(self._take())

    def on_end(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ProcessEnded("The JavaScript process ended"))

    # ── inside ──────────────────────────────────────────────────────────────

    def _take(self) -> bytes:
        line = self._lines.popleft()
        self._buffered -= len(line) + 1
        return line

    @staticmethod
    def _expire(waiter: asyncio.Future[bytes]) -> None:
        if not waiter.done():
            waiter.set_exception(DeadlinePassed("The JavaScript process did not answer in time"))
