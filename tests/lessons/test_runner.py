"""What the Function tab is told, and who is told it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.test import RequestFactory

from lessons import live, rehearsing, runner, runner_views
from lessons.catalogue import Lesson
from lessons.models import Person, Workspace
from lessons.requests import Edit
from sandbox.engine import Toolchain
from sandbox.gateway.registry import registry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def closed_registry(tools: Toolchain) -> AsyncIterator[None]:
    yield
    await registry.close_all()


async def deploy(workspace: Workspace, lesson: Lesson, schema: str | None = None) -> live.Saved:
    files = dict(lesson.files) if schema is None else {**lesson.files, "convex/schema.ts": schema}
    return await live.save_and_deploy(workspace, lesson, Edit(1, files, {"src/App.js": "export default 1"}))


async def test_functions_come_in_the_order_of_the_code_with_their_validators(
    workspace: Workspace, lesson: Lesson
) -> None:
    await deploy(workspace, lesson)
    deployment = await registry.get(workspace.id)
    described = runner.describe_functions(deployment.functions)
    assert [one["path"] for one in described] == ["signups:listActive", "signups:create", "signups:remove"]
    assert described[2]["args"]["value"]["id"] == {
        "fieldType": {"type": "id", "tableName": "signups"},
        "optional": False,
    }


async def test_rows_to_pick_are_the_newest_with_short_texts(workspace: Workspace, lesson: Lesson) -> None:
    await deploy(workspace, lesson)
    deployment = await registry.get(workspace.id)
    await deployment.insert_rows("signups", [{"ownerId": "bob", "name": "N" * 5_000, "bus": 1.0}], cause="test")
    found = await runner.rows_to_pick(deployment, "signups")
    assert found.rows[0]["name"] == "N" * runner.TEXT_LENGTH_MAX
    assert len(found.rows) == found.count
    assert await runner.rows_to_pick(deployment, "nothing") == runner.RowsToPick([], 0)


async def test_a_schema_that_could_not_go_live_is_held_against_the_rows(workspace: Workspace, lesson: Lesson) -> None:
    await deploy(workspace, lesson)
    saved = await deploy(workspace, lesson, lesson.files["convex/schema.ts"].replace("name:", "fullName:"))
    assert not saved.deployed
    found = await rehearsing.rehearse(workspace)
    (table,) = found["tables"]
    assert found["revision"] == saved.revision
    assert table["rows"] == table["mismatched"] == 6
    assert table["faults"] == [
        {"field": "fullName", "fault": "missing", "rows": 6},
        {"field": "name", "fault": "extra", "rows": 6},
    ]


async def test_strangers_and_other_learners_are_refused(workspace: Workspace, rf: RequestFactory) -> None:
    other = await Person.objects.acreate(pseudonym="Tern")
    for stranger in (other, AnonymousUser()):

        async def auser(stranger: object = stranger) -> object:
            return stranger

        for view in (runner_views.functions, runner_views.rows, runner_views.rehearse_schema):
            request = rf.get("/", {"table": "signups"})
            request.auser = auser
            with pytest.raises(Http404):
                await view(request, workspace.id)
