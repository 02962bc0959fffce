"""The pipes of one JS process: lines in, lines out, and a bound on everything that arrives.

It knows nothing of what the lines mean; see process.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import deque

from sandbox.engine.errors import EngineError
from sandbox.engine.limits import MIB

BUFFERED_BYTES_MAX = 17 * MIB  # a result of 16 MiB and its header
STDERR_BYTES_KEPT = 4096


class ProcessEnded(EngineError):
    """The process is gone: it ended by itself, or was ended because it sent too much."""

    code = "ProcessEnded"


class DeadlinePassed(EngineError):
    code = "DeadlinePassed"


class LineChannel(asyncio.SubprocessProtocol):
    """Made by `loop.subprocess_exec`. One reader at a time. `kill` and `ended` are safe at any moment."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self._partial = bytearray()
        self._buffered = 0
        self._waiter: asyncio.Future[bytes] | None = None
        self._transport: asyncio.SubprocessTransport | None = None
        self._ended = asyncio.Event()
        self.stderr = b""
        self.flooded = False

    # ── what asyncio calls ──────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self.stderr = (self.stderr + data)[:STDERR_BYTES_KEPT]
            return
        self._buffered += len(data)
        if self._buffered > BUFFERED_BYTES_MAX:
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
        self._hand_over()

    def process_exited(self) -> None:
        """The pipes may still hold lines; the end counts when they are closed too."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended.set()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ProcessEnded("The JavaScript process ended"))
        if self._transport is not None:
            self._transport.close()

    # ── what process.py calls ───────────────────────────────────────────────

    @property
    def pid(self) -> int:
        assert self._transport is not None
        pid = self._transport.get_pid()
        assert pid is not None
        return pid

    @property
    def exit_code(self) -> int | None:
        return None if self._transport is None else self._transport.get_returncode()

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    @property
    def has_unread(self) -> bool:
        return self._buffered > 0

    def write(self, data: bytes) -> None:
        """Queues bytes for stdin. To a process that is gone they are dropped; the next read says so."""
        assert self._transport is not None
        stdin = self._transport.get_pipe_transport(0)
        assert isinstance(stdin, asyncio.WriteTransport)
        if not stdin.is_closing():
            stdin.write(data)

    async def read_line(self, seconds: float) -> bytes:
        """The next line without its newline. Raises DeadlinePassed or ProcessEnded."""
        if self._lines:
            return self._take()
        if self._ended.is_set():
            raise ProcessEnded("The JavaScript process ended")
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(seconds, self._expire, self._waiter)
        try:
            return await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def kill(self) -> None:
        """SIGKILL for the process and its group (it was started as a session of its own).

        Not `transport.kill()`: that polls first, and would take the exit status from asyncio's own watcher.
        """
        if self._transport is not None and self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def ended(self) -> None:
        await self._ended.wait()

    # ── inside ──────────────────────────────────────────────────────────────

    def _take(self) -> bytes:
        line = self._lines.popleft()
        self._buffered -= len(line) + 1
        return line

    def _hand_over(self) -> None:
        if self._lines and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(self._take())

    @staticmethod
    def _expire(waiter: asyncio.Future[bytes]) -> None:
        if not waiter.done():
            waiter.set_exception(DeadlinePassed("The JavaScript process did not answer in time"))
