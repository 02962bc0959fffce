"""Who a client is over its socket: admins, acting as somebody, tokens that end (docs/spec/sync-protocol.md §2–§4)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.call import FunctionInfo
from sandbox.engine.sync.callers import Callers, accept_admin_key, acting_identity
from sandbox.engine.system_functions import SYSTEM_FUNCTIONS
from tests.engine.sync.fakes import Client, FakeBackend, PythonHost, verify_token

EVE = {"issuer": "tests", "subject": "eve", "name": "Eve", "emailVerified": True}


def jwt(subject: str, expires_at: float) -> str:
    """Shaped as a JWT; whether it is good is the business of `verify`."""
    claims = {"sub": subject, "iat": 0, "exp": expires_at}
    return f"good-.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature"


@pytest.fixture
def clock(backend: FakeBackend) -> FixedClock:
    backend.clock = FixedClock(1_000_000_000_000)
    return backend.clock


def make_internal(host: PythonHost, path: str) -> None:
    known = host.functions[path]
    host.functions[path] = FunctionInfo(known.kind, "internal", known.args, known.returns, "", 0)


async def test_an_admin_reaches_internal_functions(client: Client, backend: FakeBackend, host: PythonHost) -> None:
    for path in ("notes:list", "notes:add"):
        make_internal(host, path)
    backend.executor.functions = host.functions
    await client.say("Authenticate", baseVersion=0, tokenType="Admin", value="admin-key")
    await client.add_query(0, "notes:list")
    await client.say("Mutation", requestId=0, udfPath="notes:add", args=[{"text": "x"}])
    await client.wait(lambda: client.value_of(0) == ["x"])
    assert client.of_type("Transition")[-1]["endVersion"]["identity"] == 1


async def test_what_an_admin_sees_is_not_shared_with_others(
    client: Client, backend: FakeBackend, host: PythonHost
) -> None:
    make_internal(host, "notes:list")
    backend.executor.functions = host.functions
    await client.say("Authenticate", baseVersion=0, tokenType="Admin", value="admin-key")
    await client.add_query(0, "notes:list")
    await client.wait(lambda: client.value_of(0) == [])
    stranger = Client(backend, "stranger")
    await stranger.connect()
    await stranger.add_query(0, "notes:list")
    await stranger.wait(lambda: stranger.of_type("Transition"))
    failed = stranger.of_type("Transition")[0]["modifications"][0]
    assert failed["type"] == "QueryFailed"
    assert "Could not find public function for 'notes:list'" in failed["errorMessage"]
    await stranger.session.disconnect()


async def test_who_is_no_longer_admin_no_longer_sees(client: Client, backend: FakeBackend, host: PythonHost) -> None:
    make_internal(host, "notes:list")
    backend.executor.functions = host.functions
    await client.say("Authenticate", baseVersion=0, tokenType="Admin", value="admin-key")
    await client.add_query(0, "notes:list")
    await client.wait(lambda: client.value_of(0) == [])
    await client.say("Authenticate", baseVersion=1, tokenType="None")
    await client.wait(lambda: client.of_type("Transition")[-1]["endVersion"]["identity"] == 2)
    assert client.of_type("Transition")[-1]["modifications"][0]["type"] == "QueryFailed"


@pytest.mark.parametrize("name", ["impersonating", "actingAs"])
async def test_an_admin_acts_as_somebody(client: Client, name: str) -> None:
    await client.say("Authenticate", baseVersion=0, tokenType="Admin", value="admin-key", **{name: EVE})
    await client.add_query(0, "notes:whoami")
    await client.wait(lambda: isinstance(client.value_of(0), dict))
    assert client.value_of(0) == EVE | {"tokenIdentifier": "tests|eve"}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"value": "no key"}, "The provided admin key was invalid for this instance"),
        (
            {"value": "admin-key", "impersonating": {"name": "Eve"}},
            'Either "tokenIdentifier" or',
        ),
        ({"value": "admin-key", "impersonating": {**EVE, "name": 5}}, "name must be a string"),
        ({"value": "admin-key", "impersonating": 5}, "expected an object"),
    ],
)
async def test_a_bad_key_or_identity_is_refused(client: Client, fields: dict[str, Any], text: str) -> None:
    await client.say("Authenticate", baseVersion=0, tokenType="Admin", **fields)
    await client.wait(lambda: client.closed)
    refused = client.frames[-1]
    assert (refused["type"], refused["baseVersion"], refused["authUpdateAttempted"]) == ("AuthError", 0, True)
    assert text in refused["error"]


def test_a_key_may_have_a_prefix_and_an_identity() -> None:
    callers = Callers(verify_token, accept_admin_key("happy-animal|secret"))
    someone = base64.b64encode(json.dumps(EVE).encode()).decode()
    for key in ("happy-animal|secret", "prod:happy-animal|secret", f"prod:happy-animal|secret:{someone}"):
        assert callers.admin_header(key).is_admin
    assert (callers.admin_header(f"happy-animal|secret:{someone}").identity or {})["subject"] == "eve"
    for key in ("", "happy-animal", "secret", "happy-animal|secret2", f"nobody|secret:{someone}"):
        with pytest.raises(LearnerError):
            callers.admin_header(key)


def test_an_identity_has_the_parts_of_its_identifier() -> None:
    assert acting_identity({"tokenIdentifier": "tests|eve|2"}) == {
        "tokenIdentifier": "tests|eve|2",
        "issuer": "tests",
        "subject": "eve|2",
    }


async def test_an_expired_token_runs_nothing_more(client: Client, clock: FixedClock) -> None:
    await client.say("Authenticate", baseVersion=0, tokenType="User", value=jwt("alice", clock.now_ns() / 1e9 + 1000))
    await client.add_query(0, "notes:list")
    await client.wait(lambda: client.value_of(0) == [])
    clock.advance(seconds=1001)
    await client.say("Mutation", requestId=0, udfPath="notes:add", args=[{"text": "late"}])
    await client.wait(lambda: client.closed)
    expired = client.frames[-1]
    assert expired == {
        "type": "AuthError",
        "error": "Convex token identity expired",
        "baseVersion": 1,
        "authUpdateAttempted": False,
    }
    assert not client.of_type("MutationResponse")


async def test_an_expired_token_sees_no_update(client: Client, backend: FakeBackend, clock: FixedClock) -> None:
    await client.say("Authenticate", baseVersion=0, tokenType="User", value=jwt("alice", clock.now_ns() / 1e9 + 1000))
    await client.add_query(0, "notes:list")
    await client.wait(lambda: client.value_of(0) == [])
    clock.advance(seconds=1001)
    writer = Client(backend, "writer")
    await writer.connect()
    await writer.say("Mutation", requestId=0, udfPath="notes:add", args=[{"text": "secret"}])
    await client.wait(lambda: client.closed)
    assert (client.frames[-1]["type"], client.value_of(0)) == ("AuthError", [])
    await writer.session.disconnect()


async def test_an_idle_client_is_told_when_its_token_ends(client: Client, clock: FixedClock) -> None:
    await client.say("Authenticate", baseVersion=0, tokenType="User", value=jwt("alice", clock.now_ns() / 1e9 + 0.05))
    clock.advance(seconds=1)
    await client.wait(lambda: client.closed)
    assert client.frames[-1]["authUpdateAttempted"] is False


async def test_a_fresh_token_in_time_goes_on(client: Client, clock: FixedClock) -> None:
    now_s = clock.now_ns() / 1e9
    await client.say("Authenticate", baseVersion=0, tokenType="User", value=jwt("alice", now_s + 1000))
    await client.say("Authenticate", baseVersion=1, tokenType="User", value=jwt("alice", now_s + 5000))
    clock.advance(seconds=1001)
    await client.say("Mutation", requestId=0, udfPath="notes:add", args=[{"text": "in time"}])
    await client.wait(lambda: client.of_type("MutationResponse"))
    assert client.closed is None


async def test_an_admin_subscribes_to_a_function_of_the_engine(client: Client, backend: FakeBackend) -> None:
    backend.executor.system_functions = SYSTEM_FUNCTIONS
    await client.say("Authenticate", baseVersion=0, tokenType="Admin", value="admin-key")
    await client.add_query(0, "_system/frontend/listTableScan", table="notes", limit=10)
    await client.wait(lambda: client.value_of(0) == [])
    await client.say("Mutation", requestId=0, udfPath="notes:add", args=[{"text": "x"}])
    await client.wait(lambda: [row["text"] for row in client.value_of(0)] == ["x"])
