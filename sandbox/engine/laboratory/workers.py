"""Starting workers, and keeping to so many at a time on one data folder, however many web processes serve it.

A place is a locked file, so it is free again when the process that had it is gone. Within a process whoever came first
is next.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.engine.errors import LearnerError
from sandbox.engine.laboratory.process import Message

WORKERS_MAX = 2
LINE_BYTES_MAX = 64 << 20
_LOOK_AGAIN_SECONDS = 0.2
_PROJECT = Path(__file__).resolve().parents[3]


class Places:
    """`folder` is shared by all processes that keep to the same number."""

    def __init__(self, folder: Path, count: int = WORKERS_MAX) -> None:
        self._folder = folder
        self._count = count
        self._queue: list[object] = []
        self._moved = asyncio.Event()

    @asynccontextmanager
    async def take(self, tell_place: Callable[[int], None]) -> AsyncIterator[None]:
        """Waits for a place; `tell_place` hears how many are before us whenever that changes, 0 when it is our turn."""
        ticket = object()
        self._queue.append(ticket)
        descriptor: int | None = None
        try:
            descriptor = await self._wait(ticket, tell_place)
        finally:
            self._queue.remove(ticket)
            self._wake()
        try:
            yield
        finally:
            os.close(descriptor)
            self._wake()

    async def _wait(self, ticket: object, tell_place: Callable[[int], None]) -> int:
        told = 0
        while True:
            before = self._queue.index(ticket)
            descriptor = self._try() if before == 0 else None
            if descriptor is not None:
                if told:
                    tell_place(0)
                return descriptor
            if before + 1 != told:
                told = before + 1
                tell_place(told)
            moved = self._moved
            try:
                await asyncio.wait_for(moved.wait(), _LOOK_AGAIN_SECONDS)
            except TimeoutError:
                continue

    def _try(self) -> int | None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in range(self._count):
            path = self._folder / f"place-{number}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            else:
                return descriptor
        return None

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


async def run_worker(module: str, task: Message) -> AsyncIterator[Message]:
    """What the worker says, as it says it. Whoever stops listening ends it.

    Raises LearnerError where the worker says that the task cannot be done.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=_PROJECT,
        env={"PYTHONUTF8": "1"},
        limit=LINE_BYTES_MAX,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(task).encode() + b"\n")
        await process.stdin.drain()
        async for line in process.stdout:
            message: Message = json.loads(line)
            if message["type"] == "error":
                raise LearnerError(message["message"], code=message["code"])
            yield message
        if await process.wait() != 0:
            raise RuntimeError(f"{module} ended with {process.returncode}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
