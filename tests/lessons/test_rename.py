"""Pull one thread: the type checker's output as text, and the note that a renamed field turned files red."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.test import AsyncClient

from lessons import catalogue
from lessons.demos import tsc_output
from lessons.models import Event, Workspace
from sandbox.engine import Problem
from sandbox.gateway.registry import registry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tools")]

RENAME = {"from": "name", "to": "fullName", "places": 4}


@pytest.fixture
async def browser() -> AsyncIterator[AsyncClient]:
    client = AsyncClient()
    await client.post("/start/", {"pseudonym": "Kittiwake"})
    yield client
    await registry.close_all()


@pytest.fixture
async def workspace(browser: AsyncClient) -> Workspace:
    return (await browser.get("/learn/pull-one-thread/")).context["workspace"]


async def post(browser: AsyncClient, path: str, body: Any) -> Any:
    return await browser.post(path, json.dumps(body), content_type="application/json")


async def renames() -> list[Any]:
    return [event.payload async for event in Event.objects.filter(kind="renamed").order_by("id")]


async def save(browser: AsyncClient, workspace: Workspace, files: dict[str, str]) -> None:
    edit = {"base_revision": 1, "files": files, "compiled": {}}
    assert (await post(browser, f"/w/{workspace.id}/files", edit)).status_code == 200


async def test_a_rename_in_the_schema_alone_is_printed_with_every_place_that_breaks(browser, workspace) -> None:
    lesson = catalogue.lesson("pull-one-thread")
    assert lesson is not None
    schema = lesson.files["convex/schema.ts"].replace("name: v", "fullName: v")
    await save(browser, workspace, {**lesson.files, "convex/schema.ts": schema})
    said = (await post(browser, f"/w/{workspace.id}/demos/tsc-output/run", {})).json()
    assert {line["file"] for line in said["lines"]} == {"convex/signups.ts", "src/App.tsx"}
    assert said["problems"] == len(said["lines"]) >= 4
    first = said["lines"][0]
    assert first["text"].startswith(f"{first['file']}({first['line']},{first['column']}): error TS")


async def test_a_project_whose_types_agree_prints_nothing(browser, workspace) -> None:
    said = (await post(browser, f"/w/{workspace.id}/demos/tsc-output/run", {})).json()
    assert (said["problems"], said["lines"], said["revision"]) == (0, [], 1)


def test_what_is_indented_below_an_error_is_printed_too() -> None:
    problem = Problem("convex/a.ts", 3, 7, "TS2345: Not assignable.\n  Property 'name' is missing.")
    assert tsc_output.printed(problem) == (
        "convex/a.ts(3,7): error TS2345: Not assignable.\n  Property 'name' is missing."
    )
    assert tsc_output.printed(Problem("", 0, 0, "TS5023: Unknown option.")) == "error TS5023: Unknown option."


async def test_a_rename_that_turned_files_red_is_kept_once(browser, workspace) -> None:
    for _ in range(2):
        assert (await post(browser, f"/w/{workspace.id}/renamed", RENAME)).status_code == 200
    assert await renames() == [RENAME]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {**RENAME, "to": "name"},
        {**RENAME, "from": ""},
        {**RENAME, "to": "full name"},
        {**RENAME, "to": 7},
        {**RENAME, "places": 1},
        {**RENAME, "places": True},
        {**RENAME, "places": 10**9},
        {**RENAME, "to": "x" * 900},
    ],
)
async def test_what_is_no_rename_is_refused_in_a_sentence(browser, workspace, body) -> None:
    answer = await post(browser, f"/w/{workspace.id}/renamed", body)
    assert answer.status_code in (400, 413)
    assert answer.json()["message"].endswith(".")
    assert await renames() == []


@pytest.mark.parametrize("path", ["renamed", "demos/tsc-output/run"])
async def test_others_and_strangers_are_refused(workspace, path) -> None:
    other = AsyncClient()
    assert (await post(other, f"/w/{workspace.id}/{path}", RENAME)).status_code == 404
    await other.post("/start/", {"pseudonym": "Dunlin"})
    assert (await post(other, f"/w/{workspace.id}/{path}", RENAME)).status_code == 404
    assert await renames() == []
