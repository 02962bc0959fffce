"""How often something secret may be guessed: so many misses at once, then a trickle. Hits cost nothing.

A class behind one address shares its budget, so budgets by address are generous and codes long. Kept in memory, like
`pace.py`: whoever restarts the server forgives everybody.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

KEYS_REMEMBERED = 10_000
TOO_MANY = 429
"""The status of an answer to a try that has to wait."""


@dataclass(slots=True)
class _Budget:
    misses: float
    at: float


class Tries:
    """`at_once` misses, and one more every `seconds_each` after that, for each key."""

    def __init__(self, at_once: int, seconds_each: float, now: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._seconds_each = seconds_each
        self._now = now
        self._budgets: OrderedDict[str, _Budget] = OrderedDict()

    def seconds_to_wait(self, key: str) -> int:
        """0 when the next try is allowed."""
        left = self._left(key)
        return 0 if left >= 1 else math.ceil((1 - left) * self._seconds_each)

    def missed(self, key: str) -> None:
        """Notes a wrong guess."""
        self._budgets[key] = _Budget(max(self._left(key) - 1, 0), self._now())
        self._budgets.move_to_end(key)
        if len(self._budgets) > KEYS_REMEMBERED:
            self._budgets.popitem(last=False)

    def forget_all(self) -> None:
        self._budgets.clear()

    def _left(self, key: str) -> float:
        budget = self._budgets.get(key)
        if budget is None:
            return self._at_once
        return min(budget.misses + (self._now() - budget.at) / self._seconds_each, self._at_once)


codes_by_address = Tries(at_once=60, seconds_each=2)
"""Join codes and return codes, by the address they come from."""

passwords_by_name = Tries(at_once=8, seconds_each=60)
passwords_by_address = Tries(at_once=40, seconds_each=5)


def address_of(meta: dict[str, str]) -> str:
    return meta.get("REMOTE_ADDR", "")
