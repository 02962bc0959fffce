"""The clock of a lesson moves the learner's own deployment, runs its real cron job, and tells what ran when."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.test import AsyncClient

from lessons import catalogue, corpus, live, workspaces
from lessons.models import Person, Workspace
from lessons.requests import Edit
from sandbox.engine import Deployment
from sandbox.gateway.registry import registry

pytestmark = pytest.mark.django_db(transaction=True)

DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
async def closed_registry() -> AsyncIterator[None]:
    yield
    await registry.close_all()


@pytest.fixture
async def owner(person: Person) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(person)
    return client


@pytest.fixture
async def deployment(workspace: Workspace) -> Deployment:
    """The learner has solved task 3 and has a rule of 30 days."""
    lesson = catalogue.lesson("trash-can")
    assert lesson is not None
    right = next(each for each in corpus.solutions(lesson, 3) if each.is_right)
    saved = await live.save_and_deploy(workspace, lesson, Edit(1, right.files, {"src/App.js": "export default 1"}))
    assert saved.deployed, saved.problems
    opened = await registry.get(workspace.id)
    rule = {"table": "signups", "days": 30.0, "purgedBy": "cron"}
    await opened.insert_rows("retention", [rule], cause="test")
    return opened


async def ask(client: AsyncClient, workspace: Workspace, path: str, body: Any = None) -> Any:
    address = f"/w/{workspace.id}/demos/clock/{path}"
    if body is None:
        return await client.get(address)
    return await client.post(address, json.dumps(body), content_type="application/json")


async def test_a_month_passes_and_the_cron_job_purges(
    owner: AsyncClient, workspace: Workspace, deployment: Deployment
) -> None:
    page = await deployment.store.table_page("signups", index=None, order="asc", limit=1, after=None)
    row = json.loads(page.rows[0])
    await deployment.run_mutation("signups:archive", {"id": row["_id"]})
    early = (await ask(owner, workspace, "forward", {"days": 29})).json()
    assert [each["name"] for each in early["bin"]] == [row["name"]]
    assert early["ahead_ms"] == pytest.approx(29 * DAY_MS, abs=60_000)
    assert early["planned"][0]["name"] == "purge the bin"
    late = (await ask(owner, workspace, "forward", {"days": 2})).json()
    assert (late["bin_count"], late["ended"]) == (0, True)
    purges = [event for event in late["events"] if event["gone"]]
    assert [(event["path"], event["cause"], event["gone"]) for event in purges] == [
        ("purge:run", "cron", [row["name"]])
    ]
    assert purges[0]["at_ms"] > early["now_ms"]
    back = (await ask(owner, workspace, "back", {})).json()
    assert back["ahead_ms"] == 0
    assert back["live_count"] == late["live_count"]


@pytest.mark.parametrize("body", [{}, {"days": 0}, {"days": 32}, {"days": 1.5}, {"days": "1"}, {"days": True}, []])
async def test_days_are_whole_and_few(owner: AsyncClient, workspace: Workspace, body: Any) -> None:
    response = await ask(owner, workspace, "forward", body)
    assert response.status_code == 400
    assert response.json()["message"].endswith(".")


async def test_strangers_other_learners_and_other_lessons_are_refused(
    owner: AsyncClient, workspace: Workspace, person: Person
) -> None:
    other, stranger = AsyncClient(), AsyncClient()
    await other.aforce_login(await Person.objects.acreate(pseudonym="Tern"))
    for client in (other, stranger):
        assert (await ask(client, workspace, "state")).status_code == 404
        for path in ("forward", "back"):
            assert (await ask(client, workspace, path, {"days": 1})).status_code == 404
    assert (await ask(owner, workspace, "state")).status_code == 200


@pytest.fixture
def errands(person: Person) -> Workspace:
    lesson = catalogue.lesson("errands")
    assert lesson is not None
    return workspaces.open_workspace(person, lesson)


async def test_a_lesson_without_a_clock_has_none(owner: AsyncClient, errands: Workspace) -> None:
    assert (await ask(owner, errands, "state")).status_code == 404
