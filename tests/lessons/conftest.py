from __future__ import annotations

import pytest

from lessons import catalogue, live, pace, workspaces
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


@pytest.fixture
def no_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of a workspace without a running deployment behind it: nothing has been deployed yet."""

    async def good_revision(workspace: Workspace) -> None:
        return None

    monkeypatch.setattr(live, "good_revision", good_revision)


@pytest.fixture(autouse=True)
def rested() -> None:
    """Persons of different tests have the same numbers."""
    pace._purses.clear()
