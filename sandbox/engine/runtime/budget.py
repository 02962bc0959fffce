"""The time that a call may take: only what the process spends itself counts, not the host's answers.

Nor does what a call spends on bringing its operations to the host, and on the calls that it makes: Convex counts the
time of the function's own code. A call whose time is up but which was hardly on the processor was starved by the
machine; it goes on, a few times.
"""

from __future__ import annotations

import math
import sys
import time

STARVED_BELOW = 0.8
EXTENSIONS_MAX = 4
OPERATION_SECONDS = 0.00005
OPERATIONS_EXCUSED_MAX = 20_000
"""A function that does nothing but ask has another second for it."""


class Budget:
    """`begin_seconds` until learner code begins, then `seconds`."""

    __slots__ = (
        "_cpu_seconds",
        "_extensions",
        "_operations",
        "_paused_at",
        "_pid",
        "_seconds",
        "has_begun",
        "left",
        "spent",
    )

    def __init__(self, pid: int, begin_seconds: float, seconds: float) -> None:
        self._pid = pid
        self._seconds = seconds
        self._cpu_seconds = math.inf
        self._paused_at = 0.0
        self._extensions = 0
        self._operations = 0
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

    def excuse_operation(self) -> None:
        """An operation crossed to the host and its answer will come back."""
        if self._operations < OPERATIONS_EXCUSED_MAX:
            self._operations += 1
            self.left += OPERATION_SECONDS
            self._cpu_seconds += OPERATION_SECONDS

    def pause(self) -> None:
        """A call that this one makes begins; it has a budget of its own."""
        self._paused_at = cpu_seconds(self._pid)

    def resume(self) -> None:
        spent = cpu_seconds(self._pid) - self._paused_at
        if math.isfinite(spent):
            self._cpu_seconds += spent

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
