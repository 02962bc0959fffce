"""Time, as the engine sees it: one object that tests replace."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now_ns(self) -> int:
        """Nanoseconds since 1970, UTC."""
        ...


class SystemClock:
    def now_ns(self) -> int:
        return time.time_ns()


class WorldClock:
    """The time that a deployment's functions see: the real one, moved on by what a person or a check has chosen.

    Commits, leases, the log and tokens keep the real time (fast_forward.py says why).
    """

    def __init__(self, real: Clock) -> None:
        self.real = real
        self.offset_ns = 0

    def now_ns(self) -> int:
        return self.real.now_ns() + self.offset_ns

    @property
    def now_ms(self) -> float:
        return self.now_ns() / 1_000_000

    def to_real_ms(self, ms: float) -> float:
        """When a time of this clock comes, if nobody moves it before."""
        return ms - self.offset_ns / 1_000_000


class FixedClock:
    """A clock that moves only when told to."""

    def __init__(self, now_ns: int = 1_700_000_000_000_000_000) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        return self._now_ns

    def advance(self, *, seconds: float) -> None:
        self._now_ns += int(seconds * 1_000_000_000)
