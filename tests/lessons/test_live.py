"""From a saved revision to running code and back, on the real engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from lessons import live
from lessons.catalogue import Lesson
from lessons.models import Workspace
from lessons.requests import Edit
from sandbox.engine import Toolchain
from sandbox.gateway.registry import registry

pytestmark = pytest.mark.django_db(transaction=True)

COMPILED = {"src/App.js": "export default 1"}
SIGNUPS = "convex/signups.ts"
SCHEMA = "convex/schema.ts"


@pytest.fixture(autouse=True)
async def closed_registry(tools: Toolchain) -> AsyncIterator[None]:
    yield
    await registry.close_all()


async def save(workspace: Workspace, lesson: Lesson, base: int, **texts: str) -> live.Saved:
    files = {**lesson.files, **{f"convex/{name}.ts": text for name, text in texts.items()}}
    return await live.save_and_deploy(workspace, lesson, Edit(base, files, COMPILED))


async def active(workspace: Workspace) -> list[str]:
    outcome = await (await registry.get(workspace.id)).run_query("signups:listActive", {"ownerId": "alice"})
    return [row["name"] for row in outcome.value]


async def test_the_starter_runs_with_the_lessons_rows(workspace: Workspace, lesson: Lesson) -> None:
    saved = await save(workspace, lesson, 1)
    assert saved == live.Saved(1, True, 1, ())
    assert await active(workspace) == ["Zainab Okonkwo", "Nguyễn Minh Anh", "João Pereira"]


async def test_a_mistake_has_a_place_and_the_last_good_code_stays_live(workspace: Workspace, lesson: Lesson) -> None:
    await save(workspace, lesson, 1)
    saved = await save(workspace, lesson, 1, signups="import { query } from './_generated/server';\nexport const = 3;")
    assert (saved.revision, saved.deployed, saved.good_revision) == (2, False, 1)
    assert [(problem.file, problem.line) for problem in saved.problems] == [(SIGNUPS, 2)]
    assert len(await active(workspace)) == 3


async def test_a_schema_that_contradicts_the_rows_is_refused(workspace: Workspace, lesson: Lesson) -> None:
    await save(workspace, lesson, 1)
    schema = lesson.files[SCHEMA].replace("bus: v.number()", "bus: v.string()")
    saved = await save(workspace, lesson, 1, schema=schema)
    assert not saved.deployed
    assert saved.problems[0].file == SCHEMA
    assert len(await active(workspace)) == 3


async def test_code_and_rows_are_there_again_after_a_restart(workspace: Workspace, lesson: Lesson) -> None:
    await save(workspace, lesson, 1)
    deployment = await registry.get(workspace.id)
    await deployment.run_mutation("signups:create", {"ownerId": "alice", "name": "Hana Suzuki", "bus": 2.0})
    await registry.close_all()
    assert await live.good_revision(workspace) == 1
    assert await active(workspace) == ["Zainab Okonkwo", "Nguyễn Minh Anh", "João Pereira", "Hana Suzuki"]


async def test_a_table_that_was_emptied_is_not_filled_again(workspace: Workspace, lesson: Lesson) -> None:
    await save(workspace, lesson, 1)
    deployment = await registry.get(workspace.id)
    rows = (await deployment.run_query("signups:listActive", {"ownerId": "alice"})).value
    for row in rows:
        await deployment.run_mutation("signups:remove", {"id": row["_id"]})
    await save(workspace, lesson, 1, signups=lesson.files[SIGNUPS] + "// more\n")
    assert await active(workspace) == []


async def test_of_two_saves_at_the_same_moment_one_is_asked_to_choose(workspace: Workspace, lesson: Lesson) -> None:
    answers = await asyncio.gather(
        *(save(workspace, lesson, 1, signups=f"{lesson.files[SIGNUPS]}// {tab}\n") for tab in ("one", "two")),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Saved", "Stale"]


async def test_two_workspaces_share_nothing(workspace: Workspace, lesson: Lesson) -> None:
    other = await Workspace.objects.acreate(person_id=workspace.person_id, lesson="another")
    await save(workspace, lesson, 1)
    assert await live.good_revision(other) is None
    assert await (await registry.get(other.id)).store.tables() == []
