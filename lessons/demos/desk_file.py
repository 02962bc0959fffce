"""`desk.csv`: a real file in the workspace's folder, as two desks share it: read whole, written whole.

The last save wins. There is no lock and no check, on purpose: whoever writes replaces what is there by then.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox.gateway.registry import folder_of

NAME = "desk.csv"
BYTES_MAX = 64 * 1024
BYTES_READ_MAX = 1024 * 1024

# Saves as a desk does: the file is emptied first, then written. It stops half-way and waits for its end.
_SAVE_HALF = """
import os, sys, time
text = sys.stdin.buffer.read()
with open(sys.argv[1], "wb", buffering=0) as file:
    file.write(text[: len(text) // 2 + 7])
    os.fsync(file.fileno())
    print("half", flush=True)
    time.sleep(60)
    file.write(text[len(text) // 2 + 7 :])
"""
KILL_SECONDS_MAX = 10.0


class TooLarge(Exception):
    """More than a desk may save."""


@dataclass(frozen=True, slots=True)
class Killed:
    """A save that was killed: how many bytes it had to write, how many are in the file, and the signal."""

    wanted: int
    written: int
    signal: str


def read(workspace_id: str) -> bytes:
    """The whole file; empty where there is none yet."""
    try:
        with _path(workspace_id).open("rb") as file:
            return file.read(BYTES_READ_MAX)
    except FileNotFoundError:
        return b""


def write(workspace_id: str, text: bytes, *, bytes_max: int = BYTES_MAX) -> None:
    """The whole file. Raises TooLarge."""
    if len(text) > bytes_max:
        raise TooLarge
    _path(workspace_id).write_bytes(text)


async def save_and_be_killed(workspace_id: str, text: bytes) -> Killed:
    """A process saves, and is killed after half of the bytes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-c",
        _SAVE_HALF,
        str(_path(workspace_id)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(KILL_SECONDS_MAX):
            if process.stdin is not None and process.stdout is not None:
                process.stdin.write(text)
                process.stdin.close()
                await process.stdout.readline()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        code = await process.wait()
    return Killed(len(text), _path(workspace_id).stat().st_size, signal.Signals(-code).name)


def _path(workspace_id: str) -> Path:
    folder = folder_of(workspace_id)
    os.makedirs(folder, exist_ok=True)
    return folder / NAME
