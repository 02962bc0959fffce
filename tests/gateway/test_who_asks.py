"""Every address of the site, walked by program: what is somebody's own is for nobody else.

A new address fails here until it is either refused to strangers or written down as meant for everybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from lessons import catalogue, workspaces
from sandbox.engine import close_pools
from sandbox.gateway import tokens
from sandbox.gateway.registry import registry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tools")]

SECRET = "only-the-victim-may-read-this"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REFUSALS = (302, 400, 401, 403, 404, 405, 415)
# Meant for everybody: pages that show nothing of anybody, and what Convex answers to everybody too.
PUBLIC = {"/", "/start/", "/healthz", "/docs/", "/docs/trash-can/", "/learn/trash-can/", "/learn/trash-can/laboratory/"}
PUBLIC |= {"/s/TOKEN/version", "/certificate/verify/", "/certificate/key.json"}
PUBLIC |= {"/sign-in/", "/sign-out/", "/return/", "/join/", "/join/nobodys-code/"}
# Without anybody in the address: each person finds their own there.
PUBLIC |= {"/course/", "/course/trash-can.zip", "/certificate/", "/certificate/certificate.json"}
PUBLIC |= {"/account/", "/account/password/", "/account/return-code/"}


def addresses(patterns: Any = None, before: str = "/") -> Iterator[str]:
    """One address for each pattern, with the names of its parameters in capitals."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        place = before + sample(pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, place)
        else:
            assert isinstance(pattern, URLPattern)
            yield place


def sample(pattern: Any) -> str:
    if isinstance(pattern.pattern, RegexPattern):
        known = {r"^frame/(?P<persona>alice|bob)$": "frame/alice", r"^http(?:/.*)?$": "http/x"}
        return known[pattern.pattern._regex]
    route = str(pattern.pattern)
    for name in pattern.pattern.converters:
        start = route.index("<")
        route = route[:start] + SAMPLES[name] + route[route.index(">") + 1 :]
    return route


SAMPLES = {
    "token": "TOKEN",
    "deployment_id": "WORKSPACE",
    "workspace_id": "WORKSPACE",
    "slug": "trash-can",
    "number": "1",
    "name": "bobs-list",
    "revision": "1",
    "path": "App.js",
    "persona": "alice",
    "key": "KEY",
    "function": "signups/listActive",
    "file": "00000000-0000-4000-8000-000000000000",
    "code": "nobodys-code",
    "section_id": "nobodys-section",
    "enrollment_id": "1",
    "replay_id": "nobodys-replay",
    "level": "1",
}
ADDRESSES = sorted(set(addresses()))


def test_the_walk_finds_every_kind_of_address():
    assert set(ADDRESSES) >= PUBLIC
    assert {address.split("/")[1] for address in ADDRESSES} >= {"s", "d", "w", "learn", "docs"}


@pytest.fixture
async def victim(tools: Any) -> Any:
    """The workspace of somebody with a secret in file and row."""
    lesson = catalogue.lesson("trash-can")
    person = await sync_to_async(workspaces.start_person)("Victim")
    workspace = await sync_to_async(workspaces.open_workspace)(person, lesson)
    files = {**lesson.files, "src/App.tsx": f"// {SECRET}"}
    await sync_to_async(workspaces.save_revision)(workspace, 1, files, {"src/App.js": f"// {SECRET}"})
    deployment = await registry.get(workspace.id)
    assert (await deployment.deploy(2, files)).ok
    await deployment.insert_rows("signups", [{"ownerId": "alice", "name": SECRET, "bus": 1}])
    yield workspace
    await registry.close_all()
    await close_pools()


async def stranger() -> AsyncClient:
    return AsyncClient()


async def another_learner() -> AsyncClient:
    client = AsyncClient()
    await client.post("/start/", {"pseudonym": "Eve"})
    await client.get("/learn/trash-can/")
    return client


def bad_tokens(victim_id: str) -> list[str]:
    own = tokens.issue("somebodyelse").text.split(".")
    return ["x", f"{victim_id}.{own[1]}.{own[2]}", tokens.issue(victim_id, lifetime_s=-1).text]


@pytest.mark.parametrize("who", [stranger, another_learner])
async def test_what_belongs_to_somebody_is_refused_to_others(victim, who):
    client = await who()
    args = {"path": "signups:listActive", "args": {"ownerId": "alice"}, "queries": []}
    body = json.dumps({**args, "base_revision": 2, "files": {}, "compiled": {}, "function": "x"})
    walked = 0
    for address in ADDRESSES:
        if address in PUBLIC:
            continue
        for token in bad_tokens(victim.id) if "TOKEN" in address else [""]:
            for method in METHODS:
                url = address.replace("TOKEN", token).replace("WORKSPACE", victim.id)
                response = await client.generic(method, url, body, content_type="application/json")
                told = response.content.decode(errors="replace")
                assert SECRET not in told, (method, url)
                is_preflight = method == "OPTIONS" and response.status_code in (200, 204)
                assert response.status_code in REFUSALS or is_preflight, (method, url, response.status_code, told)
                to = response.get("Location", "/")
                assert to in ("/", "/?next=" + url) or to.startswith("/sign-in/"), (method, url, to)
                walked += 1
    assert walked > 150
    deployment = await registry.get(victim.id)
    assert deployment.revision == 2
    assert (await deployment.run_query("signups:listActive", {"ownerId": "alice"})).value[0]["name"] == SECRET


@pytest.mark.parametrize("address", sorted(PUBLIC))
async def test_what_everybody_may_see_shows_nothing_of_anybody(victim, address):
    for client in (await stranger(), await another_learner()):
        for token in bad_tokens(victim.id) if "TOKEN" in address else [""]:
            response = await client.get(address.replace("TOKEN", token))
            assert response.status_code in (200, 302, 404, 405)
            assert SECRET not in response.content.decode(errors="replace")
            assert victim.id not in response.content.decode(errors="replace")


@pytest.mark.parametrize("address", [each for each in ADDRESSES if each.startswith(("/s/", "/d/"))])
async def test_below_s_and_d_a_session_is_worth_nothing(victim, address):
    """The victim's own cookies, without a token: as if a foreign page had sent them there."""
    client = AsyncClient()
    await sync_to_async(client.force_login)(victim.person)
    for token in bad_tokens(victim.id):
        url = address.replace("TOKEN", token).replace("WORKSPACE", victim.id)
        response = await client.get(url)
        assert SECRET not in response.content.decode(errors="replace")
        assert not response.cookies
        assert response.status_code in REFUSALS or address in PUBLIC


@pytest.mark.parametrize("address", [each for each in ADDRESSES if each.startswith("/w/")])
async def test_a_foreign_page_cannot_post_with_the_victims_cookies(victim, address):
    client = AsyncClient(enforce_csrf_checks=True)
    await sync_to_async(client.force_login)(victim.person)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        url = address.replace("WORKSPACE", victim.id)
        headers = {"Origin": "http://evil.example"}
        response = await client.generic(method, url, "{}", content_type="application/json", headers=headers)
        assert response.status_code == 403
