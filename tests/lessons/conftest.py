from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from django.test import AsyncClient

from lessons import catalogue, journeys, live, pace, tries, workspaces
from lessons.catalogue import Lesson
from lessons.models import Person, Workspace
from sandbox.engine import close_pools
from sandbox.gateway.registry import registry


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
    journeys.forget_all()
    for budget in (tries.codes_by_address, tries.passwords_by_name, tries.passwords_by_address):
        budget.forget_all()


@pytest.fixture
async def browser() -> AsyncIterator[AsyncClient]:
    """A person's, on real deployments; the test runs with a database of its own transactions."""
    client = AsyncClient()
    await client.post("/start/", {"pseudonym": "Kittiwake"})
    yield client
    await registry.close_all()
    await close_pools()
