"""Headers of pages and of what panes load, through the whole middleware."""

from __future__ import annotations

import json
import re

import pytest
from django.test import AsyncClient, Client

from sandbox.gateway import front_end, tokens
from sandbox.gateway.front_end import Manifest

ORIGIN = "http://testserver"


def directives(response) -> dict[str, list[str]]:
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


@pytest.fixture
def front_end_files(monkeypatch):
    """A manifest, so that these tests need no build."""
    from sandbox.gateway import front_end

    entries = {
        name: name.replace(".js", "-ABCDEFGH.js") for name in ("frame.js", "theme.js", "site.js", "workspace.js")
    }
    imports = {"react": "react-ABCDEFGH.js", "convex/react": "convex-react-ABCDEFGH.js"}
    monkeypatch.setattr(front_end, "manifest", lambda: Manifest("", entries, imports, {}))


@pytest.fixture
def code(monkeypatch, settings):
    """What the course has compiled, by (workspace, revision, path)."""
    known = {("k3h4", 3, "src/App.js"): "export default 1", ("k3h4", 3, "src/parts/index.js"): "export const part = 1"}
    monkeypatch.setattr("sandbox.gateway.course.import_string", lambda name: lambda *place: known.get(place))
    return known


@pytest.fixture
def client() -> AsyncClient:
    return AsyncClient()


@pytest.fixture
def token() -> str:
    return tokens.issue("k3h4").text


async def test_the_server_says_that_it_is_healthy(client):
    response = await client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")


async def test_a_site_page_takes_scripts_from_static_alone(client):
    policy = directives(await client.get("/healthz"))
    assert policy["script-src"] == [f"{ORIGIN}/static/"]
    assert policy["worker-src"] == [f"{ORIGIN}/static/"]
    assert policy["frame-src"] == [f"{ORIGIN}/s/"]
    assert policy["connect-src"] == [f"{ORIGIN}/", "ws://testserver/"]
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]


async def test_no_policy_ever_says_self_or_allows_inline_scripts(client, token, front_end_files):
    for path in ("/healthz", f"/s/{token}/frame/alice"):
        policy = directives(await client.get(path))
        assert not [sources for sources in policy.values() if "'self'" in sources or "'unsafe-eval'" in sources]
        assert "'unsafe-inline'" not in policy["script-src"]


def test_the_policy_names_the_origin_of_the_request(settings):
    settings.ALLOWED_HOSTS = ["school.example"]
    policy = directives(Client().get("/healthz", headers={"host": "school.example:8443"}))
    assert policy["script-src"] == ["http://school.example:8443/static/"]


def test_a_host_that_is_not_ours_gets_nothing(settings):
    response = Client().get("/healthz", headers={"host": "attacker.example"})
    assert response.status_code == 400
    assert response["Content-Security-Policy"] == "default-src 'none'"


async def test_a_pane_stands_behind_its_walls(client, token, front_end_files):
    response = await client.get(f"/s/{token}/frame/bob")
    policy = directives(response)
    assert policy["sandbox"] == ["allow-scripts", "allow-forms"]
    assert policy["form-action"] == policy["default-src"] == policy["base-uri"] == ["'none'"]
    assert policy["script-src"][:2] == [f"{ORIGIN}/static/", f"{ORIGIN}/s/"]
    public = f"{ORIGIN}/d/k3h4/"
    assert policy["connect-src"] == [f"{ORIGIN}/s/", "ws://testserver/s/", public]
    assert policy["img-src"] == policy["media-src"] == ["data:", "blob:", public]
    assert policy["frame-ancestors"] == [ORIGIN]
    assert "X-Frame-Options" not in response


async def test_only_the_pane_may_be_framed(client, token, front_end_files, code):
    for path in ("/healthz", f"/s/{token}/app/3/src/App.js"):
        assert (await client.get(path))["X-Frame-Options"] == "DENY"


async def test_the_import_map_carries_the_nonce_of_the_policy(client, token, front_end_files):
    response = await client.get(f"/s/{token}/frame/alice?revision=12")
    page = response.content.decode()
    nonce, text = re.search(r'<script type="importmap" nonce="([^"]+)">(.*?)</script>', page).groups()
    assert f"'nonce-{nonce}'" in directives(response)["script-src"]
    assert json.loads(text)["imports"]["convex/react"] == "/static/dist/convex-react-ABCDEFGH.js"
    assert 'data-persona="alice"' in page
    assert 'data-revision="12"' in page
    assert len(re.findall("<script", page)) == 2


async def test_each_pane_page_has_a_fresh_nonce(client, token, front_end_files):
    pages = [directives(await client.get(f"/s/{token}/frame/alice"))["script-src"][-1] for _ in range(2)]
    assert pages[0] != pages[1]


async def test_a_revision_that_is_no_number_is_not_echoed(client, token, front_end_files):
    page = (await client.get(f"/s/{token}/frame/alice", {"revision": '"><script>'})).content.decode()
    assert 'data-revision=""' in page


@pytest.mark.parametrize(("asked", "shown"), [("dark", ' data-theme="dark">'), ('"><script>', ">"), ("", ">")])
async def test_a_pane_has_the_theme_of_its_page_from_the_start(client, token, front_end_files, asked, shown):
    page = (await client.get(f"/s/{token}/frame/alice", {"theme": asked})).content.decode()
    assert f'<html lang="en"{shown}' in page


@pytest.mark.parametrize("path", ["frame/carol", "frame/alice/", "app/x/src/App.js", "app/-1/src/App.js", "nothing"])
async def test_other_paths_below_a_token_are_not_found(client, token, path, front_end_files):
    assert (await client.get(f"/s/{token}/{path}")).status_code == 404


@pytest.mark.parametrize("path", ["frame/alice", "app/3/src/App.js"])
async def test_an_expired_or_forged_token_is_refused(client, token, path):
    for refused in (tokens.issue("k3h4", lifetime_s=-1).text, token[:-1] + ("a" if token[-1] != "a" else "b"), "x"):
        response = await client.get(f"/s/{refused}/{path}")
        assert response.status_code == 403
        assert response["Access-Control-Allow-Origin"] == "*"


async def test_a_token_opens_its_own_deployment_alone(client, code):
    other = tokens.issue("zzzz").text
    assert (await client.get(f"/s/{other}/app/3/src/App.js")).status_code == 404


async def test_a_compiled_module_is_served_for_an_opaque_origin(client, token, code):
    response = await client.get(f"/s/{token}/app/3/src/App.js")
    assert response.content == b"export default 1"
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize("path", ["src/App", "src/App.tsx", "src/App.js", "src/parts", "src/parts/index"])
async def test_an_import_finds_its_module_without_the_extension(client, token, code, path):
    assert (await client.get(f"/s/{token}/app/3/{path}")).status_code == 200


@pytest.mark.parametrize("path", ["src/Missing.js", "../secret/django.key", "src/../../x"])
async def test_a_missing_module_says_so_where_it_is_imported(client, token, code, path):
    response = await client.get(f"/s/{token}/app/3/{path}")
    assert response.status_code == 404
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["convex/_generated/api", "convex/_generated/api.js"])
async def test_the_generated_api_is_ours(client, token, code, path):
    code["k3h4", 3, "convex/_generated/api.js"] = "the learner's"
    response = await client.get(f"/s/{token}/app/3/{path}")
    assert response.content.decode().strip() == 'export { anyApi as api, anyApi as internal } from "convex/server";'


async def test_nothing_below_a_token_sees_or_sets_a_cookie(token, front_end_files, monkeypatch):
    from sandbox.gateway import views

    seen = []
    monkeypatch.setattr(views, "_import_map", lambda imports: "{}")
    original = views.policy.origin_of
    monkeypatch.setattr(views.policy, "origin_of", lambda request: seen.append(request.COOKIES) or original(request))
    client = AsyncClient()
    client.cookies["sandbox_session"] = "stolen"
    response = await client.get(f"/s/{token}/frame/alice")
    assert seen[0] == {}
    assert not response.cookies


async def test_a_post_below_a_token_needs_no_csrf_token(token):
    client = AsyncClient(enforce_csrf_checks=True)
    assert (await client.post(f"/s/{token}/frame/alice")).status_code == 405


async def test_static_files_are_open_to_every_origin(client):
    response = await client.get("/static/css/tokens.css")
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cache-Control"] == "max-age=0, public"


async def test_built_files_are_sent_compressed_to_who_takes_that(client, tools):
    file = front_end.manifest().entries["workspace.js"]
    whole = await client.get(f"/static/dist/{file}")
    for coding in ("gzip", "br"):
        response = await client.get(f"/static/dist/{file}", headers={"accept-encoding": coding})
        assert response["Content-Encoding"] == coding
        assert int(response["Content-Length"]) < int(whole["Content-Length"]) / 2


@pytest.mark.parametrize("path", ["/static/src/package.json", "/static/package.json", "/static/dist/../src/build.mjs"])
async def test_sources_are_never_served(client, path):
    assert (await client.get(path)).status_code == 404
