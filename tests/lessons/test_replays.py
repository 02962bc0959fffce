"""A failed check once more: a store of its own for three minutes, real calls, and nobody else's business."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from lessons import checking, corpus, live, progress, replays, workspaces
from lessons.catalogue import Lesson
from lessons.clients import identity_of
from lessons.evidence import RowNumbers
from lessons.models import Person, Workspace
from lessons.requests import Edit
from lessons.verdict import Step
from sandbox.engine import StoreUnavailable, Toolchain, close_pools
from sandbox.gateway import tokens
from sandbox.gateway.registry import folder_of, registry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def closed_afterwards() -> Any:
    yield
    for replay_id in list(replays._open):
        await replays.end(replay_id)
    await registry.close_all()
    await close_pools()


@pytest.fixture
async def failed(lesson: Lesson, workspace: Workspace, tools: Toolchain, closed_afterwards: Any) -> Workspace:
    """A workspace whose last check of task 1 failed, with its verdict."""
    wrong = next(each for each in corpus.solutions(lesson, 1) if each.finding == "restore-writes-null")
    await live.save_and_deploy(workspace, lesson, Edit(1, wrong.files, {}))
    task = lesson.task(1)
    assert task is not None
    verdict = await checking.run(lesson, task, wrong.files, tools)
    head = await sync_to_async(workspaces.head)(workspace)
    await sync_to_async(progress.record_attempt)(workspace, 1, head.number, verdict)
    return workspace


@pytest.fixture
async def client(person: Person) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(person)
    return client


async def post(client: AsyncClient, url: str) -> tuple[int, Any]:
    response = await client.post(url, data="{}", content_type="application/json")
    return response.status_code, json.loads(response.content or b"null")


async def test_the_calls_of_the_check_are_made_again_in_a_store_of_its_own(
    failed: Workspace, client: AsyncClient
) -> None:
    own = await registry.get(failed.id)
    before = {table.name: table.count for table in await own.store.tables()}
    _, replay = await post(client, f"/w/{failed.id}/tasks/1/replay")
    assert tokens.read(replay["token"]).deployment_id == replay["id"] != failed.id
    refused = ""
    deployment = await registry.get(replay["id"])
    for number, caption in enumerate(replay["steps"]):
        status, turn = await post(client, f"/w/{failed.id}/replays/{replay['id']}/steps/{number}")
        assert (status, turn["persona"]) == (200, "alice")
        assert caption.startswith("Alice calls ")
        outcome = await deployment.run(turn["path"], turn["args"], identity=identity_of("alice"))
        refused = refused or ("" if outcome.error is None else turn["path"])
    assert refused == "signups:restore"
    assert {table.name: table.count for table in await own.store.tables()} == before


async def test_it_ends_when_told_to_and_does_not_come_back(failed: Workspace, client: AsyncClient) -> None:
    _, replay = await post(client, f"/w/{failed.id}/tasks/1/replay")
    assert (await post(client, f"/w/{failed.id}/replays/{replay['id']}/end"))[0] == 204
    assert not folder_of(replay["id"]).exists()
    assert (await post(client, f"/w/{failed.id}/replays/{replay['id']}/steps/0"))[0] == 410
    with pytest.raises(StoreUnavailable):
        await registry.get(replay["id"])
    assert not folder_of(replay["id"]).exists()


async def test_another_one_ends_the_first_and_time_ends_the_last(
    failed: Workspace, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = await post(client, f"/w/{failed.id}/tasks/1/replay")
    _, second = await post(client, f"/w/{failed.id}/tasks/1/replay")
    assert not folder_of(first["id"]).exists()
    monkeypatch.setattr(replays, "SECONDS_MAX", 0.0)
    await replays._end_later(second["id"])
    assert not folder_of(second["id"]).exists()


async def test_strangers_and_other_learners_get_nothing(failed: Workspace, client: AsyncClient) -> None:
    _, replay = await post(client, f"/w/{failed.id}/tasks/1/replay")
    other = await Person.objects.acreate(pseudonym="Tern")
    stranger, learner = AsyncClient(), AsyncClient()
    await learner.aforce_login(other)
    theirs = await Workspace.objects.acreate(person=other, lesson=failed.lesson)
    for path in ("tasks/1/replay", f"replays/{replay['id']}/steps/0", f"replays/{replay['id']}/end"):
        for nobody in (stranger, learner):
            assert (await nobody.post(f"/w/{failed.id}/{path}")).status_code == 404
    assert (await learner.post(f"/w/{theirs.id}/replays/{replay['id']}/steps/0")).status_code == 410
    await learner.post(f"/w/{theirs.id}/replays/{replay['id']}/end")
    assert folder_of(replay["id"]).exists()


async def test_without_a_failed_check_there_is_nothing_to_replay(workspace: Workspace, client: AsyncClient) -> None:
    status, answer = await post(client, f"/w/{workspace.id}/tasks/1/replay")
    assert (status, answer["message"]) == (409, "Only a check that failed can be replayed.")
    assert (await client.post(f"/w/{workspace.id}/tasks/7/replay")).status_code == 404


def test_rows_keep_their_number_whatever_their_id() -> None:
    one, other = RowNumbers(), RowNumbers()
    one.note("trips", ["a", "b"])
    other.note("trips", ["x", "y"])
    args = {"id": "b", "nested": [{"also": "a"}], "text": "c"}
    assert other.real(one.symbolic(args)) == {"id": "y", "nested": [{"also": "x"}], "text": "c"}
    with pytest.raises(LookupError):
        RowNumbers().real(one.symbolic(args))


def test_what_only_looks_is_no_step() -> None:
    steps = [Step("a", {"kind": "emission"}), Step("b", {"kind": "insert", "table": "t", "rows": []}), Step("c")]
    assert [about["kind"] for about in replays.steps_of(steps)] == ["insert"]
