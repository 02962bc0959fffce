"""Ends the processes that this one started, and theirs. Nothing of the site may outlive `start`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import NoReturn


def descendants(ancestor: int | None = None) -> list[int]:
    """Ids of all processes below `ancestor` (this one unless said), children before grandchildren."""
    children = defaultdict(list)
    for process, parent in _parents():
        children[parent].append(process)
    found: list[int] = []
    waiting = children[ancestor or os.getpid()]
    while waiting:
        process = waiting.pop(0)
        found.append(process)
        waiting.extend(children[process])
    return found


def _parents() -> list[tuple[int, int]]:
    proc = Path("/proc")
    if not (proc / "self" / "stat").exists():
        listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)  # noqa: S607
        return [(int(pid), int(parent)) for pid, parent in map(str.split, listing.stdout.splitlines())]
    pairs = []
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue  # it ended while we looked
        # "pid (name) state ppid …": the name may hold spaces and brackets.
        pairs.append((int(entry.name), int(stat.rpartition(")")[2].split()[1])))
    return pairs


def kill_descendants() -> int:
    """SIGKILL to all of them; a killed parent's children are found in the same look. Answers how many there were."""
    found = descendants()
    for process in found:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return len(found)


def end_at_once() -> NoReturn:
    """Ends this process and every process below it, now; what is being written is lost."""
    kill_descendants()
    sys.stdout.flush()
    os._exit(0)
