"""The phone demonstration counts real calls of a real copy, and never touches the learner's own deployment."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from lessons import catalogue, workspaces
from lessons.demos import phone
from lessons.models import Person, Workspace
from sandbox.gateway.registry import registry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def closed_registry() -> AsyncIterator[None]:
    yield
    await registry.close_all()


@pytest.fixture
def errands(person: Person) -> Workspace:
    lesson = catalogue.lesson("errands")
    assert lesson is not None
    return workspaces.open_workspace(person, lesson)


async def rung(workspace: Workspace) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    await phone.ring(workspace, told.append, pause_s=0)
    return told


async def test_it_rings_for_every_run_and_the_real_runtime_refuses(errands: Workspace) -> None:
    copy, *rings, paid, refused = await rung(errands)
    assert (copy["type"], copy["own"]) == ("copy", True)
    assert [ring["calls"] for ring in rings] == [3, 6, 9, 12, 15, 18]
    assert (rings[-1]["cents"], len(rings[-1]["screens"])) == (90, 3)
    assert (paid["payments"], paid["receipts"], paid["runs"]) == (2, 3, 3)
    assert "Can't use fetch() in queries and mutations" in refused["message"]
    assert refused["calls"] == 0
    assert not (await registry.get(errands.id)).practice.calls


async def test_a_project_that_does_not_go_live_is_replaced_by_the_start(errands: Workspace) -> None:
    head = workspaces.head
    files = {"convex/signups.ts": "export const broken = (;\n"}
    await sync_to_async(lambda: workspaces.save_revision(errands, head(errands).number, files, {}, frozenset()))()
    copy, *others = await rung(errands)
    assert copy["own"] is False
    assert others[-1]["type"] == "refused"


async def test_it_comes_line_by_line_to_the_owner_alone(errands: Workspace, person: Person) -> None:
    owner, stranger = AsyncClient(), AsyncClient()
    await owner.aforce_login(person)
    address = f"/w/{errands.id}/demos/phone/run"
    assert (await stranger.post(address)).status_code == 404
    assert (await owner.get(address)).status_code == 405
    response = await owner.post(address)
    lines = [json.loads(line) async for line in response.streaming_content]
    assert [line["type"] for line in lines] == ["copy", *["ring"] * 6, "paid", "refused"]
