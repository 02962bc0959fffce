"""Rows to fill a table with: people who sign up, as a busy school would have them.

Deterministic for a table and a count, so that two runs of a demonstration show the same. Almost nobody belongs to
alice or bob: their lists stay short while the table grows, which is what an index is there for.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

CONTENT = Path(__file__).parent / "content"
CLASSES = tuple(f"class-{year}{letter}" for year in range(5, 13) for letter in "abcd")
BUSES = (1.0, 2.0, 3.0)
DESK_SHARE = 0.0005
ALICES_ROWS = 10


async def rows(workspace_id: str, table: str, count: int) -> list[dict[str, Any]]:
    """`count` rows (Convex-encoded) for a table of the workspace's lesson. Raises ValueError for another table."""
    if table != "signups":
        raise ValueError(f"There are no rows to seed a table {table!r} with. Seed `signups`.")
    chance = random.Random(f"{table}:{count}")  # noqa: S311 – example rows, no secret
    return [_signup(chance) for _ in range(count)]


def _signup(chance: random.Random) -> dict[str, Any]:
    is_desk = chance.random() < DESK_SHARE
    given, family = _names()
    return {
        "ownerId": chance.choice(("alice", "bob") if is_desk else CLASSES),
        "name": f"{chance.choice(given)} {chance.choice(family)}",
        "bus": chance.choice(BUSES),
    }


def laboratory_rows(table: str, count: int) -> Iterator[dict[str, Any]]:
    """`count` rows one by one, the same every time; ten of them, spread evenly, are Alice's, however many there are.

    Raises ValueError for a table that has no such rows. `count` is 10 or more.
    """
    if table != "signups":
        raise ValueError(f"The laboratory has no rows for a table {table!r}.")
    chance = random.Random(f"laboratory:{table}")  # noqa: S311 – example rows, no secret
    given, family = _names()
    names = [f"{first} {last}" for first in given for last in family]
    step = count // ALICES_ROWS
    pick = chance.choice
    for number in range(count):
        is_alices = number % step == 0 and number < step * ALICES_ROWS
        yield {"ownerId": "alice" if is_alices else pick(CLASSES), "name": pick(names), "bus": pick(BUSES)}


@cache
def _names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    people = tomllib.loads((CONTENT / "people.toml").read_text(encoding="utf-8"))
    return tuple(people["given"]), tuple(people["family"])
