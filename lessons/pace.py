"""How often one person may save: a burst as of somebody who types and thinks, and a steady trickle for ever.

A save costs a compile, a deploy and a row that is kept, so a script that saves in a loop would cost the whole class.
Large projects count more. Kept in memory: whoever restarts the server forgives everybody.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

SAVES_AT_ONCE = 60.0
SAVES_PER_SECOND = 1.0
BYTES_OF_A_SAVE = 64 * 1024
PEOPLE_REMEMBERED = 10_000


@dataclass(slots=True)
class _Purse:
    saves: float
    at: float


_purses: OrderedDict[int, _Purse] = OrderedDict()


def seconds_to_wait(person_id: int, size: int) -> float:
    """0.0 when the person may save so many bytes now, and then they have; else how long to wait."""
    now = time.monotonic()
    purse = _purses.pop(person_id, None) or _Purse(SAVES_AT_ONCE, now)
    _purses[person_id] = purse
    if len(_purses) > PEOPLE_REMEMBERED:
        _purses.popitem(last=False)
    purse.saves = min(purse.saves + (now - purse.at) * SAVES_PER_SECOND, SAVES_AT_ONCE)
    purse.at = now
    cost = min(1.0 + size / BYTES_OF_A_SAVE, SAVES_AT_ONCE)
    if purse.saves < cost:
        return (cost - purse.saves) / SAVES_PER_SECOND
    purse.saves -= cost
    return 0.0
