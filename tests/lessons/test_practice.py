"""The Practice panel's requests: what it is told, what it may set, and who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.test import AsyncClient

from lessons import practice
from lessons.models import Person, Workspace
from lessons.requests import Refused
from sandbox.engine import Fetcher, FetchRequest
from sandbox.gateway.registry import registry

pytestmark = pytest.mark.django_db(transaction=True)

PATHS = ("", "/settings", "/reset")


@pytest.fixture(autouse=True)
async def closed_registry() -> AsyncIterator[None]:
    yield
    await registry.close_all()


@pytest.fixture
async def owner(person: Person) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(person)
    return client


async def post(client: AsyncClient, workspace: Workspace, path: str, body: Any = "{}") -> Any:
    return await client.post(f"/w/{workspace.id}/practice{path}", body, content_type="application/json")


async def charge(workspace: Workspace, key: str) -> None:
    deployment = await registry.get(workspace.id)
    fetcher = Fetcher(practice=deployment.practice)
    headers = (("Idempotency-Key", key),)
    await fetcher.fetch(FetchRequest("POST", "https://practice.test/charges", headers, b'{"amount": 20}'))
    fetcher.close()


async def test_the_state_shows_the_newest_first(owner: AsyncClient, workspace: Workspace) -> None:
    for key in ("one", "two", "one"):
        await charge(workspace, key)
    state = (await owner.get(f"/w/{workspace.id}/practice")).json()
    assert [call["outcome"] for call in state["calls"]] == ["replayed", "done", "done"]
    assert [(charge["key"], charge["amount"]) for charge in state["charges"]] == [("two", 20), ("one", 20)]
    assert (state["call_count"], state["charge_count"], state["charged"], state["mail_count"]) == (3, 2, 40, 0)


async def test_settings_are_kept_and_a_reset_forgets_all(owner: AsyncClient, workspace: Workspace) -> None:
    asked = '{"fail_percent": 30, "latency_ms": 500, "lose_next": 2, "fail_next": 1}'
    answer = (await post(owner, workspace, "/settings", asked)).json()
    assert answer["settings"] == {"fail_percent": 30, "latency_ms": 500, "fail_next": 1, "lose_next": 2}
    await registry.close(workspace.id)
    assert (await practice.state(workspace))["settings"] == answer["settings"]
    cleared = (await post(owner, workspace, "/reset")).json()
    assert set(cleared["settings"].values()) == {0}


@pytest.mark.parametrize(
    "body",
    [
        "no",
        "[]",
        "{}",
        '{"fail_percent": 101}',
        '{"fail_percent": "30"}',
        '{"fail_percent": true}',
        '{"latency_ms": -1}',
        '{"lose_next": 1e300}',
        '{"seed": 3}',
        '{"latency_ms": NaN}',
    ],
)
async def test_wrong_settings_are_refused_in_a_sentence(owner: AsyncClient, workspace: Workspace, body: str) -> None:
    response = await post(owner, workspace, "/settings", body)
    assert response.status_code == 400
    assert response.json()["message"].endswith(".")
    assert set((await practice.state(workspace))["settings"].values()) == {0}


async def test_a_half_wrong_setting_is_refused(workspace: Workspace) -> None:
    with pytest.raises(Refused):
        await practice.change(workspace, {"fail_percent": 10, "price": 3})


async def test_strangers_and_other_learners_are_refused(workspace: Workspace) -> None:
    other, stranger = AsyncClient(), AsyncClient()
    await other.aforce_login(await Person.objects.acreate(pseudonym="Tern"))
    for client in (other, stranger):
        assert (await client.get(f"/w/{workspace.id}/practice")).status_code == 404
        for path in PATHS[1:]:
            assert (await post(client, workspace, path)).status_code == 404
    assert (await other.get(f"/w/{workspace.id}/practice/reset")).status_code == 405
