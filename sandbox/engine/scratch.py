"""Scratch folders that are gone when their owner is: also when it was killed, because the next server sweeps them.

A folder belongs to whoever holds its lock. The kernel drops the lock with the process, whichever way it ends, so that
neither a process number nor a clock has to be believed.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

SUFFIX = ".scratch"
# Between being made and being locked a folder is nobody's.
NEW_SECONDS = 60.0


@asynccontextmanager
async def scratch_folder(work: Path, name: str) -> AsyncIterator[Path]:
    """An empty folder below `work` until the block ends. `name` says what it is for."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=f"{name}-", suffix=SUFFIX, dir=work)).resolve()
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        os.close(lock)


def sweep_scratch(work: Path) -> int:
    """Removes the folders whose owner is gone. Returns how many. Other servers may use `work` meanwhile."""
    return sum(_removed(folder) for folder in list(work.glob(f"*{SUFFIX}")))


def _removed(folder: Path) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if time.time() - os.fstat(lock).st_mtime < NEW_SECONDS:
            return False
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            return True
        return False
    finally:
        os.close(lock)
