"""The time that a call may take: only what the process spends itself counts, not the host's answers.

A call whose time is up but which was hardly on the processor was starved by the machine; it goes on, a few times.
"""

from __future__ import annotations

import math
import sys
import time

STARVED_BELOW = 0.8
EXTENSIONS_MAX = 4


class Budget:
    """`begin_seconds` until learner code begins, then `seconds`."""

    __slots__ = ("_cpu_seconds", "_extensions", "_pid", "_seconds", "has_begun", "left", "spent")

    def __init__(self, pid: int, begin_seconds: float, seconds: float) -> None:
        self._pid = pid
        self._seconds = seconds
        self._cpu_seconds = math.inf
        self._extensions = 0
        self.left = begin_seconds
        self.spent = 0.0
        self.has_begun = False

    def begin(self) -> None:
        """Learner code begins; what was before does not count."""
        self.has_begun = True
        self.left = self._seconds
        self.spent = 0.0
        self._cpu_seconds = cpu_seconds(self._pid)

    def spend(self, seconds: float) -> None:
        self.left -= seconds
        self.spent += seconds

    def extend(self) -> bool:
        """Gives the call what it missed. False when it had its time, or too many extensions."""
        used = cpu_seconds(self._pid) - self._cpu_seconds
        if not self.has_begun or used > self._seconds * STARVED_BELOW or self._extensions == EXTENSIONS_MAX:
            return False
        self._extensions += 1
        self.left = self._seconds - used
        return True


def cpu_seconds(pid: int) -> float:
    """Processor time of a process: the clock whose number Linux makes from the pid. Infinite where there is none."""
    try:
        return time.clock_gettime((~pid << 3) | 2) if sys.platform == "linux" else math.inf
    except OSError:
        return math.inf
