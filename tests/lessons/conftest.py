from __future__ import annotations

import pytest

from lessons import catalogue, pace, workspaces
from lessons.catalogue import Lesson
from lessons.models import Person, Workspace


@pytest.fixture(scope="session")
def lesson() -> Lesson:
    found = catalogue.lesson("trash-can")
    assert found is not None
    return found


@pytest.fixture
def person(db: None) -> Person:
    return workspaces.start_person("Kittiwake")


@pytest.fixture
def workspace(person: Person, lesson: Lesson) -> Workspace:
    return workspaces.open_workspace(person, lesson)


@pytest.fixture(autouse=True)
def rested() -> None:
    """Persons of different tests have the same numbers."""
    pace._purses.clear()
