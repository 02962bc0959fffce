"""The Data panel's requests on a real deployment: what is written, what is refused and in which words, and for whom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import AsyncClient

from lessons import data_file_views, live
from lessons.catalogue import Lesson
from lessons.models import Workspace
from lessons.requests import Edit
from sandbox.gateway.registry import registry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tools")]


@pytest.fixture
async def workspace(browser: AsyncClient, lesson: Lesson) -> Workspace:
    await browser.get("/learn/trash-can/")
    workspace = await Workspace.objects.select_related("person").aget()
    await live.save_and_deploy(workspace, lesson, Edit(1, lesson.files, {"src/App.js": "export default 1"}))
    return workspace


async def ask(browser: AsyncClient, workspace: Workspace, what: str, **body: Any) -> tuple[int, dict[str, Any]]:
    address = f"/w/{workspace.id}/data/{what}"
    answer = await browser.post(address, json.dumps(body), content_type="application/json")
    return answer.status_code, json.loads(answer.content)


async def rows(workspace: Workspace) -> list[dict[str, Any]]:
    deployment = await registry.get(workspace.id)
    page = await deployment.store.table_page("signups", index=None, order="asc", limit=1_000, after=None)
    return [json.loads(row) for row in page.rows]


async def test_a_cell_is_set_by_what_was_typed(browser: AsyncClient, workspace: Workspace) -> None:
    first = (await rows(workspace))[0]
    cell = {"table": "signups", "id": first["_id"], "field": "bus", "text": " 7 ", "was": first["bus"]}
    assert await ask(browser, workspace, "change", **cell) == (200, {"id": first["_id"]})
    assert (await rows(workspace))[0]["bus"] == 7


async def test_the_validators_text_comes_back_with_its_field(browser: AsyncClient, workspace: Workspace) -> None:
    before = await rows(workspace)
    cell = {"table": "signups", "id": before[0]["_id"], "field": "bus", "text": "seven", "was": before[0]["bus"]}
    status, answer = await ask(browser, workspace, "change", **cell)
    assert (status, answer["error"], answer["field"]) == (400, "SchemaEnforcementError", "bus")
    assert 'Value: "seven"\nValidator: v.float64()' in answer["message"]
    assert await rows(workspace) == before


async def test_a_cell_that_changed_meanwhile_is_shown(browser: AsyncClient, workspace: Workspace) -> None:
    first = (await rows(workspace))[0]
    cell = {"table": "signups", "id": first["_id"], "field": "name", "text": "Maja", "was": "something else"}
    status, answer = await ask(browser, workspace, "change", **cell)
    assert (status, answer["error"], answer["now"]) == (400, "ChangedMeanwhile", first["name"])


async def test_a_row_is_added_and_deleted(browser: AsyncClient, workspace: Workspace) -> None:
    before = await rows(workspace)
    cells = {"ownerId": "alice", "name": "Amina", "bus": "2", "archivedAt": ""}
    status, answer = await ask(browser, workspace, "add", table="signups", cells=cells)
    assert status == 200
    added = (await rows(workspace))[-1]
    assert (added["_id"], added["name"], added["bus"], "archivedAt" in added) == (answer["id"], "Amina", 2, False)
    assert await ask(browser, workspace, "delete", table="signups", ids=[answer["id"]]) == (200, {"deleted": 1})
    assert await rows(workspace) == before


@pytest.mark.parametrize(
    ("cells", "field"),
    [({"ownerId": "a", "name": "b", "bus": ""}, "bus"), ({"ownerId": "a", "bus": "1"}, "name")],
)
async def test_a_row_that_lacks_a_field_is_refused_at_it(
    browser: AsyncClient, workspace: Workspace, cells: dict[str, str], field: str
) -> None:
    status, answer = await ask(browser, workspace, "add", table="signups", cells=cells)
    assert (status, answer["field"]) == (400, field)


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("change", {"table": "signups", "id": "x", "field": "bus"}),
        ("change", {"table": "signups", "id": "no id", "field": "bus", "text": "1"}),
        ("change", {"table": "signups", "id": "x", "field": "name", "text": "x" * 1_200_000}),
        ("add", {"table": "signups", "cells": ["name"]}),
        ("add", {"table": "_storage", "cells": {"a": "1"}}),
        ("add", {"table": "signups", "document": "[1]"}),
        ("add", {"table": "not a name!", "document": "{}"}),
        ("delete", {"table": "signups", "ids": "all"}),
        ("delete", {"table": "signups", "ids": ["x"] * 5_000}),
    ],
)
async def test_what_makes_no_sense_is_refused_in_a_sentence(
    browser: AsyncClient, workspace: Workspace, what: str, body: dict[str, Any]
) -> None:
    before = await rows(workspace)
    status, answer = await ask(browser, workspace, what, **body)
    assert status in (400, 413)
    assert len(answer["message"]) > 10
    assert await rows(workspace) == before


@pytest.mark.parametrize(
    "what", ["change", "add", "delete", "import", "clear", "snapshots/take", "snapshots/delete", "snapshots/restore"]
)
async def test_the_rows_of_others_do_not_exist(workspace: Workspace, what: str) -> None:
    stranger = AsyncClient()
    address = f"/w/{workspace.id}/data/{what}"
    assert (await stranger.post(address, "{}", content_type="application/json")).status_code == 404
    await stranger.post("/start/", {"pseudonym": "Tern"})
    assert (await stranger.post(address, "{}", content_type="application/json")).status_code == 404
    assert (await stranger.get(address)).status_code == 405


async def steps(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    text = b"".join([part async for part in answer.streaming_content])
    return [json.loads(line) for line in text.splitlines()]


async def send(browser: AsyncClient, workspace: Workspace, file: bytes, query: str = "table=signups&format=csv") -> Any:
    return await browser.post(f"/w/{workspace.id}/data/import?{query}", file, content_type="application/octet-stream")


async def test_a_file_is_imported_in_steps_and_exported_again(browser: AsyncClient, workspace: Workspace) -> None:
    before = await rows(workspace)
    told = await steps(await send(browser, workspace, b"ownerId,name,bus\n" + b"carol,Mia,2\n" * 600))
    assert told[-1] == {"done": True, "written": 600}
    assert {"checked": 600, "written": 250} in told
    assert len(await rows(workspace)) == len(before) + 600
    exported = await browser.get(f"/w/{workspace.id}/data/export?table=signups&format=csv")
    assert exported["Content-Disposition"] == 'attachment; filename="signups.csv"'
    text = b"".join([part async for part in exported.streaming_content]).decode()
    assert len(text.splitlines()) == 1 + len(before) + 600


async def test_a_broken_line_is_told_by_its_number(browser: AsyncClient, workspace: Workspace) -> None:
    before = await rows(workspace)
    told = await steps(await send(browser, workspace, b"ownerId,name,bus\ncarol,Mia,2\ncarol,Bo\n"))
    assert told[-1]["error"] == "BrokenLine"
    assert told[-1]["message"].startswith("Line 3: ")
    assert await rows(workspace) == before


async def test_a_file_that_is_too_large_is_refused_with_the_limit(
    browser: AsyncClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_file_views, "IMPORT_BYTES_MAX", 2**20)
    answer = await send(browser, workspace, b"x" * (2**20 + 1))
    assert answer.status_code == 413
    assert "at most 1 MiB" in json.loads(answer.content)["message"]
    assert (await send(browser, workspace, b"", "table=signups&format=xlsx")).status_code == 400


async def test_a_table_is_cleared(browser: AsyncClient, workspace: Workspace) -> None:
    count = len(await rows(workspace))
    address = f"/w/{workspace.id}/data/clear"
    told = await steps(await browser.post(address, '{"table":"signups"}', content_type="application/json"))
    assert told[-1] == {"done": True, "gone": count}
    assert await rows(workspace) == []


async def test_nobody_else_exports_a_table(workspace: Workspace) -> None:
    stranger = AsyncClient()
    addresses = [f"/w/{workspace.id}/data/{what}" for what in ("export?table=signups&format=csv", "snapshots")]
    assert [(await stranger.get(address)).status_code for address in addresses] == [404, 404]
    await stranger.post("/start/", {"pseudonym": "Tern"})
    assert [(await stranger.get(address)).status_code for address in addresses] == [404, 404]


async def test_a_snapshot_brings_a_cleared_table_back(browser: AsyncClient, workspace: Workspace) -> None:
    before = await rows(workspace)
    status, taken = await ask(browser, workspace, "snapshots/take", name="at first")
    assert (status, taken["rows"]) == (200, len(before))
    address = f"/w/{workspace.id}/data/clear"
    await steps(await browser.post(address, '{"table":"signups"}', content_type="application/json"))
    body = json.dumps({"id": taken["id"]})
    address = f"/w/{workspace.id}/data/snapshots/restore"
    told = await steps(await browser.post(address, body, content_type="application/json"))
    assert told[-1] == {"done": True, "changed": len(before)}
    assert await rows(workspace) == before
    listed = json.loads((await browser.get(f"/w/{workspace.id}/data/snapshots")).content)["snapshots"]
    assert [one["name"] for one in listed] == ["before “at first”", "at first"]
    assert (await ask(browser, workspace, "snapshots/delete", id=taken["id"]))[0] == 200
    assert (await ask(browser, workspace, "snapshots/take", name=" "))[1]["error"] == "BadName"
