from __future__ import annotations

import random
from pathlib import Path

import pytest

from sandbox.engine.laboratory import Shelf, build_file

SIZES = (10, 500)


def rows(count: int) -> list[dict]:
    """Ten belong to alice, whatever the count. Some lack a field, and some are archived."""
    chance = random.Random(count)
    made = []
    for number in range(count):
        row = {
            "ownerId": "alice" if number % (count // 10) == 0 else chance.choice("bcdef"),
            "bus": float(chance.randrange(3)),
            "place": {"row": float(number % 7)},
        }
        made.append(row | ({"archivedAt": float(number)} if number % 4 == 0 else {}))
    return made


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Ready to be read; indexes may be added, which nobody's question notices."""
    shelf = Shelf(tmp_path_factory.mktemp("shelf"), "signups", SIZES)
    for size in SIZES:
        build_file(shelf.path(size), "signups", rows(size), size, lambda documents: None)
    return shelf


@pytest.fixture
def new_shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf", "signups", SIZES)
