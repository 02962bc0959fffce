"""Which project a data folder belongs to while it is served.

Several `host` processes may serve one folder with one data folder, for example while one takes over from another. Two
projects on the same rows are a mistake: each would put its own code in the place of the other's.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

FILE = "served"
_LENGTH_MAX = 8192


class ServedElsewhere(Exception):
    """Another project is served from this data folder. The message is one sentence."""


def claim(data: Path, root: Path) -> int:
    """Claims the data for the project in `root` until the returned descriptor is closed, or the process ends.

    Raises ServedElsewhere.
    """
    descriptor = os.open(data / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _require_same(descriptor, data, root)
        else:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, os.fsencode(root), 0)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _require_same(descriptor: int, data: Path, root: Path) -> None:
    served = Path(os.fsdecode(os.pread(descriptor, _LENGTH_MAX, 0)))
    if served != root:
        raise ServedElsewhere(f"{data} is in use for the project in {served}; choose another folder with --data.")
