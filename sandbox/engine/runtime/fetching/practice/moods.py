"""When the practice service fails, and how: decided by settings that a person or a check makes.

The share of failures is drawn from a seed, so that a check meets the same failures again when it is told the seed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from sandbox.engine.runtime.fetching.practice.ledger import Ledger

Failure = Literal["before", "lost"]
"""`before`: it answers 503 and has done nothing. `lost`: it has done what was asked, and the answer does not arrive."""

LATENCY_MS_MAX = 10_000.0
FAIL_NEXT_MAX = 100


@dataclass(frozen=True, slots=True)
class Mood:
    """The settings as they stand. `fail_rate` is a share, 0 to 1; half of those failures come after the work."""

    fail_rate: float = 0.0
    fail_next: int = 0
    lose_next: int = 0
    latency_ms: float = 0.0
    seed: int = 1


class Moods:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @property
    def now(self) -> Mood:
        kept = self._ledger.settings()
        return Mood(
            fail_rate=kept.get("fail_rate", 0.0),
            fail_next=int(kept.get("fail_next", 0)),
            lose_next=int(kept.get("lose_next", 0)),
            latency_ms=kept.get("latency_ms", 0.0),
            seed=int(kept.get("seed", 1)),
        )

    def failure(self) -> Failure | None:
        """Whether and how the call that comes now fails. Asking uses up what was planned."""
        if self._ledger.take("lose_next"):
            return "lost"
        if self._ledger.take("fail_next"):
            return "before"
        mood = self.now
        if mood.fail_rate <= 0:
            return None
        draw = _draw(mood.seed, self._ledger.count_up("drawn"))
        if draw >= mood.fail_rate:
            return None
        return "lost" if draw < mood.fail_rate / 2 else "before"

    def fail_rate(self, share: float, seed: int | None = None) -> None:
        """Raises ValueError outside of 0 to 1. With a seed, the row of failures begins anew."""
        if not 0 <= share <= 1:
            raise ValueError("The share of failures goes from 0 to 1.")
        self._ledger.set(fail_rate=share)
        if seed is not None:
            self._ledger.set(seed=seed, drawn=0)

    def fail_next(self, calls: int) -> None:
        self._ledger.set(fail_next=_count(calls))

    def lose_next(self, calls: int) -> None:
        self._ledger.set(lose_next=_count(calls))

    def latency(self, ms: float) -> None:
        """Raises ValueError below 0 and above LATENCY_MS_MAX."""
        if not 0 <= ms <= LATENCY_MS_MAX:
            raise ValueError(f"The latency goes from 0 to {LATENCY_MS_MAX:.0f} ms.")
        self._ledger.set(latency_ms=ms)


def _count(calls: int) -> int:
    """Raises ValueError."""
    if not 0 <= calls <= FAIL_NEXT_MAX:
        raise ValueError(f"0 to {FAIL_NEXT_MAX} calls can be told to fail.")
    return calls


def _draw(seed: int, number: int) -> float:
    """A number from 0 to 1 that follows from both."""
    digest = hashlib.sha256(f"{seed}:{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
