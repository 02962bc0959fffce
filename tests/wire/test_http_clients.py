"""The HTTP clients of npm and PyPI, unmodified, against `host`."""

from __future__ import annotations

import math
from typing import Any

import pytest
from convex import ConvexError, ConvexInt64
from convex.http_client import ConvexExecutionError, ConvexHttpClient

from tests.gateway.test_host import Hosted
from tests.wire.conftest import ADMIN_KEY, run_script

pytestmark = pytest.mark.slow
STEPS = [
    "a mutation, a query, log lines",
    "values",
    "errors",
    "many mutations",
    "consistent queries",
    "admins",
    "admins over a socket",
]


def test_the_client_of_npm(tools: Any, hosted: Hosted) -> None:
    printed = run_script(tools, "http_client.mjs", hosted.url, ADMIN_KEY)
    assert printed == [*(f"passed: {step}" for step in STEPS), "all steps passed"]


@pytest.fixture
def client(hosted: Hosted) -> ConvexHttpClient:
    return ConvexHttpClient(hosted.url)


def test_values_of_python(client: ConvexHttpClient) -> None:
    value = {"i": ConvexInt64(-5), "whole": 1.0, "n": 1.5, "nothing": None, "list": [True, "ä"], "raw": b"\x00\xff"}
    told = client.query("m:echo", {"value": value})
    assert told == value
    assert isinstance(told["whole"], float)
    assert math.isnan(client.query("m:echo", {"value": math.nan}))
    assert math.copysign(1, client.query("m:echo", {"value": -0.0})) == -1


def test_writes_and_errors_in_python(client: ConvexHttpClient) -> None:
    assert client.mutation("m:add", {"text": "from Python"}) == "from Python"
    assert "from Python" in client.query("m:list")
    with pytest.raises(ConvexExecutionError, match="kaboom"):
        client.query("m:fail")
    with pytest.raises(ConvexError) as refused:
        client.query("m:strict")
    assert refused.value.data == "too strict"
    with pytest.raises(ConvexExecutionError, match="Could not find public function for 'm:secret'"):
        client.query("m:secret")


def test_admins_in_python(client: ConvexHttpClient) -> None:
    client.set_admin_auth(ADMIN_KEY)
    assert client.query("m:secret") == "internal"
    client.set_admin_auth("wrong")
    with pytest.raises(Exception, match="401 BadAdminKey"):
        client.query("m:list")
    client.set_auth("no.jwt.atall")
    with pytest.raises(Exception, match="401 "):
        client.query("m:list")
    client.clear_auth()
    assert client.query("m:whoAmI") is None
