"""Rows to fill a table with: people who sign up, as a busy school would have them.

Deterministic for a table and a count, so that two runs of a demonstration show the same. Almost nobody belongs to
alice or bob: their lists stay short while the table grows, which is what an index is there for.
"""

from __future__ import annotations

import random
import tomllib
from functools import cache
from typing import Any

from lessons.catalogue import CONTENT

CLASSES = tuple(f"class-{year}{letter}" for year in range(5, 13) for letter in "abcd")
BUSES = (1.0, 2.0, 3.0)
DESK_SHARE = 0.0005


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


@cache
def _names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    people = tomllib.loads((CONTENT / "people.toml").read_text(encoding="utf-8"))
    return tuple(people["given"]), tuple(people["family"])
