"""A hostile stranger on the real server: frames made by Hypothesis, foreign ids, sockets by the hundred."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.hostile.clients import Client, sync_address
from tests.visitor import Visitor

pytestmark = pytest.mark.slow

PATIENCE_S = 10
FUZZ = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

text = st.text(st.characters(), max_size=8) | st.sampled_from(
    ["\ud800", "\0", "__proto__", "signups", "signups:create"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
SYNC_FIELDS = ["baseVersion", "newVersion", "requestId", "udfPath", "args", "tokenType", "value", "modifications"]
SYNC_TYPES = ["Connect", "Authenticate", "ModifyQuerySet", "Mutation", "Action", "Event", "Ping"]
FEED_FIELDS = ["table", "index", "order", "limit", "count", "run", "read"]
modification = st.fixed_dictionaries(
    {"type": st.sampled_from(["Add", "Remove"]), "queryId": st.integers(0, 3), "udfPath": text, "args": json_values}
)


def messages(types: list[str], fields: list[str]) -> st.SearchStrategy[dict]:
    likely = st.integers(-1, 3) | st.sampled_from(["asc", "desc", "None", "User"]) | st.lists(modification, max_size=3)
    body = st.dictionaries(st.sampled_from(fields), likely | json_values)
    return st.builds(lambda kind, rest: {"type": kind} | rest, st.sampled_from(types), body)


@pytest.fixture(scope="module")
def visitor(live_server_url: str) -> Visitor:
    visitor = Visitor(live_server_url, "Ada")
    assert visitor.save()["deployed"]
    return visitor


@pytest.fixture(autouse=True)
def no_failure(live_server_log: Path):
    yield
    assert "Traceback" not in live_server_log.read_text()


def cookie(visitor: Visitor) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies)}


def feed(visitor: Visitor, owner: Visitor, origin: str | None = None) -> ClientConnection:
    address = visitor.site.replace("http", "ws", 1) + owner.config["urls"]["socket"]
    return connect(address, origin=origin or visitor.site, additional_headers=cookie(visitor), max_size=None)


def send_all(socket: ClientConnection, frames: list) -> None:
    """Sends them; then the server either has closed the socket with a code, or still answers a ping."""
    try:
        for frame in frames:
            socket.send(json.dumps(frame))
        answered, deadline = socket.ping(), time.monotonic() + PATIENCE_S
        while not answered.wait(0.02) and socket.close_code is None:
            assert time.monotonic() < deadline
    except ConnectionClosed:
        with suppress(ConnectionClosed):
            while True:
                socket.recv(timeout=PATIENCE_S)
    # 1005: an empty close frame, which on Convex follows FatalError and AuthError.
    assert socket.close_code in (None, 1003, 1005, 1008, 1009, 1013)


@FUZZ
@given(st.lists(messages(SYNC_TYPES, SYNC_FIELDS) | json_values, max_size=4), st.booleans())
def test_no_frame_breaks_a_sync_session(visitor, frames, is_connected):
    hello = [{"type": "Connect", "sessionId": "fuzz", "connectionCount": 0, "lastCloseReason": None}]
    with connect(sync_address(visitor), origin="null") as socket:
        send_all(socket, hello * is_connected + frames)


@FUZZ
@given(st.lists(messages(["watch", "compare", "x"], FEED_FIELDS) | json_values, max_size=4))
def test_no_frame_breaks_the_feed_of_a_page(visitor, frames):
    with feed(visitor, visitor) as socket:
        send_all(socket, frames)


def test_a_token_is_good_for_one_deployment_and_only_as_it_was_made(visitor, live_server_url):
    other = Visitor(live_server_url, "Eve")
    deployment, expiry, signature = visitor.config["token"].split(".")
    mixed = f"{other.config['workspace']}.{expiry}.{signature}"
    later = f"{deployment}.{int(expiry) + 1}.{signature}"
    for token in (mixed, later, visitor.config["token"][:-1], "x", "..", "%00"):
        address = f"{live_server_url.replace('http', 'ws', 1)}/s/{token}/api/1.48.0/sync"
        with pytest.raises(InvalidStatus, match="403"), connect(address, origin="null"):
            pass


def test_the_page_of_another_person_cannot_be_watched(visitor, live_server_url):
    other = Visitor(live_server_url, "Eve")
    for someone, origin in ((other, None), (visitor, "http://evil.example")):
        with pytest.raises(InvalidStatus, match="403"), feed(someone, visitor, origin):
            pass


def test_five_hundred_sockets_that_never_read_leave_the_others_alone(visitor):
    with ExitStack() as stack:
        for _ in range(500):
            stack.enter_context(connect(sync_address(visitor), origin="null", ping_interval=None))
        client = Client(visitor)
        assert client.mutate("signups:create", ownerId="alice", name="Grace", bus=1)["success"]
        client.close()


def test_no_token_is_in_the_log(visitor, live_server_log):
    log = live_server_log.read_text()
    assert "/s/…/api/" in log
    assert visitor.config["token"].rpartition(".")[2] not in log
    assert visitor.config["identities"]["alice"] not in log
