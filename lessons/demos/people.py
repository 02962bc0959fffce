"""The pupils of the desk's file and of the store beside it: the same rows, as lines and as documents."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterable
from functools import cache

from lessons.findings import CONTENT

HEADER = "name,bus,phone"
FIRST_PHONE = 5_550_100
INITIALS = ("", "A. ", "B. ", "C. ", "D. ")

Pupil = dict[str, str | float]


def pupils(count: int) -> list[Pupil]:
    """The first so many, always the same; no two have the same name."""
    return [
        {"name": name, "bus": float(number % 3 + 1), "phone": float(FIRST_PHONE + number)}
        for number, name in enumerate(_names()[:count])
    ]


def as_file(people: Iterable[Pupil]) -> str:
    return "".join(f"{line}\n" for line in (HEADER, *map(line_of, people)))


def line_of(pupil: Pupil) -> str:
    return f"{pupil['name']},{pupil['bus']:g},{pupil['phone']:.0f}"


@cache
def _names() -> tuple[str, ...]:
    people = tomllib.loads((CONTENT / "people.toml").read_text(encoding="utf-8"))
    chance = random.Random("desk")  # noqa: S311 – example rows, no secret
    names = []
    for initial in INITIALS:
        block = [f"{given} {initial}{family}" for given in people["given"] for family in people["family"]]
        chance.shuffle(block)
        names += block
    return tuple(names)
