"""Pull the plug: real bookings, ended in the middle; what the store then has."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import permutations
from typing import Any

import pytest
from django.test import AsyncClient

from lessons.demos import unplug
from lessons.demos.unplug import BEFORE_COMMIT, LINES, NOT_PULLED, Pull
from sandbox.engine import close_pools
from sandbox.gateway.registry import registry


@pytest.fixture
async def pull(tools: Any) -> AsyncIterator[Any]:
    async def pulled(*, in_one: bool, after: int, order: tuple[str, ...] = LINES) -> dict[str, Any]:
        return await unplug.run(Pull(in_one, order, after), tools)

    yield pulled
    await close_pools()


async def test_between_calls_in_any_order_what_was_committed_stays(pull) -> None:
    for order in list(permutations(LINES))[::2]:
        for after in (1, 2):
            said = await pull(in_one=False, after=after, order=order)
            assert said["crashed"]
            assert sorted(said["kept"]) == sorted(order[:after])


@pytest.mark.parametrize("after", [0, 1, 2, BEFORE_COMMIT])
async def test_in_one_mutation_nothing_stays_and_what_was_buffered_is_told(pull, after: int) -> None:
    said = await pull(in_one=True, after=after)
    assert (said["crashed"], said["kept"]) == (True, [])
    assert said["buffered"] == sorted(LINES[:after])


@pytest.mark.parametrize("in_one", [False, True])
async def test_without_a_pull_the_booking_is_whole(pull, in_one: bool) -> None:
    said = await pull(in_one=in_one, after=NOT_PULLED)
    assert (said["crashed"], said["error"], sorted(said["kept"])) == (False, None, sorted(LINES))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("tools")
async def test_only_the_owner_of_the_workspace_pulls_and_nonsense_is_refused_in_words() -> None:
    async def post(client: AsyncClient, path: str, body: Any) -> Any:
        return await client.post(path, json.dumps(body), content_type="application/json")

    owner, other = AsyncClient(), AsyncClient()
    for client in (owner, other):
        await client.post("/start/", {"pseudonym": "Kittiwake"})
    workspace = (await owner.get("/learn/all-or-nothing/")).context["workspace"]
    path = f"/w/{workspace.id}/demos/unplug/pull"
    fine = {"in_one": True, "order": list(LINES), "after": 1}
    assert (await post(other, path, fine)).status_code == 404
    assert (await post(AsyncClient(), path, fine)).status_code == 404
    for wrong in ({}, {**fine, "after": 9}, {**fine, "order": ["seat"]}, {**fine, "in_one": False, "after": 3}, [1]):
        refused = await post(owner, path, wrong)
        assert refused.status_code == 400, wrong
        assert refused.json()["message"].endswith(".")
    assert (await post(owner, path, fine)).json()["kept"] == []
    await registry.close_all()
