"""A pane on another device: the key in its address makes its bearer one persona of one deployment."""

from __future__ import annotations

import pytest
from django.test import AsyncClient

from sandbox.gateway import phone, tokens
from sandbox.gateway.keys import PERSONAS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("persona", PERSONAS)
async def test_the_page_stands_behind_the_walls_of_a_pane(persona):
    response = await AsyncClient().get(phone.address("k3h4", persona))
    assert response.status_code == 200
    assert "sandbox allow-scripts" in response["Content-Security-Policy"]
    assert f'data-persona="{persona}"' in response.content.decode()


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [("alice", "bob"), ("bob", "alice"), ("alice", "carol")],
)
async def test_the_key_of_one_persona_is_not_that_of_another(mine, theirs):
    address = phone.address("k3h4", mine).replace(f"/{mine}/", f"/{theirs}/")
    for path in (address, f"{address}start"):
        response = await AsyncClient().get(path)
        assert response.status_code == 403
        assert "Scan the code" in response.content.decode()


async def test_the_key_of_one_deployment_opens_no_other():
    key = phone.address("k3h4", "alice").split("/")[-2]
    other = tokens.issue("z9z9").text
    assert (await AsyncClient().get(f"/s/{other}/phone/alice/{key}/start")).status_code == 403
