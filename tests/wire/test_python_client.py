"""PyPI's `convex`, a client over sockets with a core in Rust, unmodified, against `host`."""

from __future__ import annotations

import math
from typing import Any

import pytest
from convex import ConvexClient, ConvexError, ConvexInt64

from tests.gateway.test_host import Hosted
from tests.wire.conftest import ADMIN_KEY

pytestmark = pytest.mark.slow


@pytest.fixture
def client(hosted: Hosted) -> ConvexClient:
    return hosted.client


def test_values_of_python(client: ConvexClient) -> None:
    value = {"i": ConvexInt64(-5), "whole": 1.0, "nothing": None, "list": [True, "ä"], "raw": b"\x00\xff"}
    for told in (client.query("m:echo", {"value": value}), client.mutation("m:keep", {"value": value})):
        assert told == value
        assert isinstance(told["whole"], float)
    assert math.isnan(client.query("m:echo", {"value": math.nan}))
    assert math.copysign(1, client.query("m:echo", {"value": -0.0})) == -1


def test_a_subscription_follows_what_another_client_writes(client: ConvexClient, hosted: Hosted) -> None:
    subscription = client.subscribe("m:list")
    assert "from elsewhere" not in next(subscription)
    hosted.client.mutation("m:add", {"text": "from elsewhere"})
    assert "from elsewhere" in next(notes for notes in subscription if "from elsewhere" in notes)


def test_a_client_sees_its_own_writes(client: ConvexClient) -> None:
    client.mutation("m:add", {"text": "my own"})
    assert "my own" in client.query("m:list")


def test_queries_are_told_of_one_moment(client: ConvexClient) -> None:
    first, second = client.subscribe("m:list"), client.subscribe("m:other")
    together: dict[Any, Any] | None = None
    for together in client.watch_all():
        if together and first.id in together and second.id in together:
            break
    assert together
    assert together[second.id] == {"type": "value", "value": 0.0}


def test_errors(client: ConvexClient) -> None:
    with pytest.raises(ConvexError) as refused:
        client.mutation("m:refuse")
    assert refused.value.data == {"reason": "closed", "left": ConvexInt64(0)}
    with pytest.raises(Exception, match="kaboom"):
        client.query("m:fail")
    with pytest.raises(ConvexError):
        client.query("m:strict")
    with pytest.raises(Exception, match="Could not find public function for 'm:nothing'"):
        client.mutation("m:nothing")
    assert "never" not in client.query("m:list")


def test_an_admin_over_a_socket(client: ConvexClient) -> None:
    client.set_admin_auth(ADMIN_KEY)
    assert client.query("m:secret") == "internal"
    client.clear_auth()
    with pytest.raises(Exception, match="Could not find public function"):
        client.query("m:secret")
