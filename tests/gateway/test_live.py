"""The sockets of the real server over the real engine, as a page and two panes use them."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from websockets.sync.client import ClientConnection, connect

PROJECT = {
    "convex/schema.ts": """
        import { defineSchema, defineTable } from "convex/server";
        import { v } from "convex/values";
        const signup = { ownerId: v.string(), name: v.string(), bus: v.number() };
        export default defineSchema({ signups: defineTable(signup).index("by_owner", ["ownerId"]) });
    """,
    "convex/signups.ts": """
        import { query, mutation } from "./_generated/server";
        import { v } from "convex/values";
        export const mine = query({ args: { owner: v.string() }, handler: (ctx, { owner }) =>
            ctx.db.query("signups").withIndex("by_owner", (q) => q.eq("ownerId", owner)).collect() });
        export const who = query({ args: {}, handler: async (ctx) =>
            (await ctx.auth.getUserIdentity())?.subject ?? null });
        export const create = mutation({ args: { name: v.string() }, handler: (ctx, { name }) =>
            ctx.db.insert("signups", { ownerId: "alice", name, bus: 1 }) });
    """,
}


class Page:
    """A signed-in browser's requests to its workspace."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self._opener.addheaders = [("Referer", url)]
        home = self.get("/")
        csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', home)[1]
        self._opener.open(f"{url}/start/", urlencode({"pseudonym": "Ada", "csrfmiddlewaretoken": csrf}).encode())
        lesson = "/learn/trash-can/"
        config = re.search(r'id="workspace-config"[^>]*>(.*?)</script>', self.get(lesson), re.S)[1]
        self.config = json.loads(config)

    def get(self, path: str) -> str:
        return self._opener.open(self.url + path).read().decode()

    def deploy(self, files: dict[str, str]) -> dict:
        body = {
            "base_revision": self.config["revision"],
            "files": files,
            "compiled": {"src/App.js": "export default 1"},
        }
        headers = {"Content-Type": "application/json", "X-CSRFToken": self.config["csrf"]}
        address = self.url + self.config["urls"]["files"]
        request = urllib.request.Request(address, json.dumps(body).encode(), headers)
        return json.loads(self._opener.open(request).read())

    def socket(self, origin: str | None = None) -> connect:
        cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)
        path = re.sub(r"^(wss?|https?)://[^/]+", "", self.config["urls"]["socket"])
        return connect(
            self.url.replace("http", "ws", 1) + path, origin=origin or self.url, additional_headers={"Cookie": cookie}
        )


class Client:
    """A Convex client over its own socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._say(
            {"type": "Connect", "sessionId": str(uuid4()), "connectionCount": 0, "lastCloseReason": "InitialConnect"}
        )

    def _say(self, message: dict) -> None:
        self._socket.send(json.dumps(message))

    def identify(self, jwt: str) -> None:
        self._say({"type": "Authenticate", "baseVersion": 0, "tokenType": "User", "value": jwt})

    def subscribe(self, path: str, args: dict) -> None:
        added = {"type": "Add", "queryId": 0, "udfPath": path, "args": [args]}
        self._say({"type": "ModifyQuerySet", "baseVersion": 0, "newVersion": 1, "modifications": [added]})

    def mutate(self, path: str, args: dict) -> None:
        self._say({"type": "Mutation", "requestId": 0, "udfPath": path, "args": [args]})

    def next_value(self):
        while True:
            message = json.loads(self._socket.recv(timeout=30))
            assert message["type"] not in ("FatalError", "AuthError"), message
            for change in message.get("modifications", []):
                assert change["type"] == "QueryUpdated", change
                return change["value"]


@contextmanager
def pane(page: Page) -> Iterator[Client]:
    """A client as it comes from a pane: with the token alone, from an opaque origin."""
    address = f"{page.url.replace('http', 'ws', 1)}/s/{page.config['token']}/api/1.48.0/sync"
    with connect(address, origin="null") as socket:
        yield Client(socket)


@pytest.fixture(scope="module")
def page(live_server_url) -> Page:
    page = Page(live_server_url)
    page.deployed = page.deploy(PROJECT)
    return page


def hear(socket: ClientConnection, kind: str) -> dict:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        message = json.loads(socket.recv(timeout=30))
        assert message["type"] != "error", message
        if message["type"] == kind:
            return message
    raise AssertionError(f"no message of type {kind}")


def test_a_mutation_of_alice_reaches_bob_and_the_page(page):
    assert page.deployed["deployed"], page.deployed
    with page.socket() as socket, pane(page) as alice, pane(page) as bob:
        assert "by_owner" in [index["name"] for index in hear(socket, "hello")["tables"][0]["indexes"]]
        socket.send(json.dumps({"type": "watch", "table": "signups", "index": None, "order": "desc", "limit": 50}))
        before = hear(socket, "table")
        assert before["columns"][:4] == ["_id", "ownerId", "name", "bus"]
        for client in (alice, bob):
            client.subscribe("signups:mine", {"owner": "alice"})
            client.next_value()
        alice.mutate("signups:create", {"name": "Grace"})
        assert "Grace" in [row["name"] for row in bob.next_value()]
        after = hear(socket, "table")
        assert (after["rows"][0]["name"], after["count"]) == ("Grace", before["count"] + 1)


def test_runs_are_told_with_cause_and_plan(page):
    with page.socket() as socket, pane(page) as client:
        client.subscribe("signups:mine", {"owner": "alice"})
        client.next_value()
        assert hear(socket, "run")["run"]["reads"][0]["plan"] == "by_owner · alice"
        client.mutate("signups:create", {"name": "Edsger"})
        runs = [hear(socket, "run")["run"] for _ in range(2)]
        mutation = next(run for run in runs if run["kind"] == "mutation")
        query = next(run for run in runs if run["kind"] == "query")
        assert mutation["writes"][0]["after"]["name"] == "Edsger"
        assert query["cause"] == {"kind": "commit", "commit_ts": mutation["commit_ts"], "run_id": mutation["id"]}


def test_a_seeded_table_is_compared_with_a_full_scan(page):
    with page.socket() as socket, pane(page) as client:
        socket.send(json.dumps({"type": "seed", "table": "signups", "count": 2_000}))
        assert hear(socket, "seeded")["count"] == 2_000
        client.subscribe("signups:mine", {"owner": "alice"})
        client.next_value()
        run = hear(socket, "run")["run"]
        socket.send(json.dumps({"type": "compare", "run": run["id"], "read": 0}))
        compared = hear(socket, "compared")
    assert compared["same"]
    assert compared["scan_documents"] >= 2_000 > compared["index_documents"]


@pytest.mark.parametrize("persona", ["alice", "bob"])
def test_learner_code_sees_who_the_pane_is(page, persona):
    with pane(page) as client:
        client.identify(page.config["identities"][persona])
        client.subscribe("signups:who", {})
        assert client.next_value() == persona


def test_the_socket_of_a_workspace_is_closed_to_strangers(page, live_server_url):
    from websockets.exceptions import InvalidStatus

    stranger = Page(live_server_url)
    stranger.config["urls"]["socket"] = page.config["urls"]["socket"]
    for someone, origin in ((stranger, None), (page, "http://127.0.0.1:1"), (page, "null")):
        with pytest.raises(InvalidStatus), someone.socket(origin):
            pass


def test_the_compiled_app_is_served_beside_the_generated_api(page):
    app = f"/s/{page.config['token']}/app/{page.deployed['revision']}"
    assert page.get(f"{app}/src/App.js") == "export default 1"
    assert "anyApi" in page.get(f"{app}/convex/_generated/api.js")
