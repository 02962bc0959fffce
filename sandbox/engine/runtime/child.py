"""A child process on three pipes, for one event loop.

Not asyncio's own subprocess: that keeps a thread for every child, loses exit codes when a signal is sent at the wrong
moment, and never finishes when the loop's tasks are cancelled while it starts one. What output means is the subclass's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence

STDERR_BYTES_KEPT = 4096
_READ_BYTES = 1 << 18
_REAP_SECONDS = 0.002


class Child(ABC):
    """Runs as soon as it is made. `kill` is safe at any moment; await `ended()` before the loop closes."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._loop = asyncio.get_running_loop()
        # A session of its own: a Ctrl-C for the server is not one for its children, and kill reaches the whole group.
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={},
            cwd="/",
            start_new_session=True,
        )
        self._stdin, self._stdout, self._stderr = (
            pipe.fileno() for pipe in (self._process.stdin, self._process.stdout, self._process.stderr) if pipe
        )
        self._unsent = bytearray()
        self._ended = asyncio.Event()
        self.stderr = b""
        for descriptor in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(descriptor, False)
        self._loop.add_reader(self._stdout, self._read_stdout)
        self._loop.add_reader(self._stderr, self._read_stderr)

    @abstractmethod
    def on_output(self, data: bytes) -> None:
        """More of stdout has come."""

    @abstractmethod
    def on_end(self) -> None:
        """Stdout has ended; the process is dead or about to be."""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def unsent_bytes(self) -> int:
        """What was written and not yet taken."""
        return len(self._unsent)

    @property
    def exit_code(self) -> int | None:
        """Negative for a signal. None until `ended()`."""
        return self._process.returncode

    def write(self, data: bytes) -> None:
        """Queues bytes for stdin. To a process that is gone they are dropped; its end is told through `on_end`."""
        if self._ended.is_set():
            return
        if self._unsent:
            self._unsent += data
            return
        self._unsent += data
        self._flush()
        if self._unsent:
            self._loop.add_writer(self._stdin, self._flush)

    def kill(self) -> None:
        # The pid cannot be another's yet: only `_reap` gives it up.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def ended(self) -> None:
        await self._ended.wait()

    # ── inside ──────────────────────────────────────────────────────────────

    def _flush(self) -> None:
        try:
            sent = os.write(self._stdin, self._unsent)
        except BlockingIOError:
            return
        except BrokenPipeError:
            sent = len(self._unsent)
        del self._unsent[:sent]
        if not self._unsent:
            self._loop.remove_writer(self._stdin)

    def _read_stdout(self) -> None:
        data = os.read(self._stdout, _READ_BYTES)
        if data:
            self.on_output(data)
            return
        self._loop.remove_reader(self._stdout)
        self._loop.remove_writer(self._stdin)
        self.kill()  # whoever closes its stdout has nothing more to say
        self._reap()

    def _read_stderr(self) -> None:
        data = os.read(self._stderr, _READ_BYTES)
        self.stderr = (self.stderr + data)[:STDERR_BYTES_KEPT]
        if not data:
            self._loop.remove_reader(self._stderr)

    def _reap(self) -> None:
        """A killed process takes a moment to be gone; nothing tells when without a thread or a signal handler."""
        if self._process.poll() is None:
            self._loop.call_later(_REAP_SECONDS, self._reap)
            return
        with contextlib.suppress(BlockingIOError):
            self.stderr += os.read(self._stderr, STDERR_BYTES_KEPT)
        self._loop.remove_reader(self._stderr)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._ended.set()
        self.on_end()
