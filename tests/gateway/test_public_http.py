"""HTTP actions on the classroom's site: answered by http.ts, and never taken for a page of the site."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from django.test import AsyncClient

from sandbox.engine import close_pools
from sandbox.gateway import keys
from sandbox.gateway.registry import registry

PROJECT = {
    "convex/http.ts": """
        import { httpRouter } from "convex/server";
        import { httpAction } from "./_generated/server";
        const http = httpRouter();
        const echo = httpAction(async (ctx, request) => {
          const { pathname, search } = new URL(request.url);
          const who = await ctx.auth.getUserIdentity();
          return Response.json({ method: request.method, pathname, search, body: await request.text(),
            headers: Object.fromEntries(request.headers), who: who?.subject ?? null });
        });
        for (const method of ["GET", "POST"] as const) http.route({ pathPrefix: "/echo/", method, handler: echo });
        http.route({ path: "/hostile", method: "GET", handler: httpAction(async () =>
          new Response("<script>document.title = document.cookie</script>", { headers: [
            ["Content-Type", "text/html"], ["Set-Cookie", "sandbox_session=stolen; Path=/"],
            ["Content-Security-Policy", "script-src *"], ["X-Frame-Options", "ALLOWALL"], ["X-Anything", "1"],
            ["Clear-Site-Data", '"*"'], ["Service-Worker-Allowed", "/"], ["Refresh", "0; url=/"],
            ["Link", "</a>; rel=preload"],
            ["Strict-Transport-Security", "max-age=9999"], ["Access-Control-Allow-Credentials", "true"],
          ] })) });
        http.route({ path: "/throws", method: "GET", handler: httpAction(async () => { throw new Error("boom"); }) });
        http.route({ path: "/to", method: "GET", handler: httpAction(async (ctx, request) =>
          new Response(null, { status: 302, headers: { Location: new URL(request.url).searchParams.get("to")! } })) });
        http.route({ path: "/never", method: "GET", handler: httpAction(() => new Promise(() => {}) as any) });
        export default http;
    """,
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def deployment(tools: Any):
    deployment = await registry.get("httptest")
    result = await deployment.deploy(1, PROJECT)
    assert result.ok, result.problems
    yield deployment
    await registry.close_all()
    await close_pools()


pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("deployment")]
BASE = "/d/httptest/http"


async def get(path: str, **options: Any) -> Any:
    return await AsyncClient().get(f"{BASE}{path}", **options)


async def test_a_request_reaches_its_route_as_it_was_sent():
    response = await AsyncClient().post(f"{BASE}/echo/a%20b/c?x=1&y=%20", data=b"text", content_type="text/plain")
    document = response.json()
    assert (document["method"], document["search"], document["body"]) == ("POST", "?x=1&y=%20", "text")
    assert document["pathname"] == "/echo/a%20b/c"


async def test_no_cookie_of_the_site_reaches_learner_code():
    client = AsyncClient()
    client.cookies["sandbox_session"] = "secret"
    document = (await client.get(f"{BASE}/echo/x", headers={"X-Mine": "1"})).json()
    assert document["headers"]["x-mine"] == "1"
    assert "cookie" not in document["headers"]
    assert "secret" not in str(document)


async def test_a_token_of_the_deployment_is_an_identity_and_one_of_another_is_not():
    for issuer, subject in (("httptest", "alice"), ("otherone", None)):
        token = keys.issue_identity(issuer, "alice")
        assert (await get("/echo/x", headers={"Authorization": f"Bearer {token}"})).json()["who"] == subject


async def test_a_hostile_answer_is_walled():
    response = await get("/hostile")
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Content-Type"] == "text/html"
    assert not response.cookies
    for name in ("Set-Cookie", "Clear-Site-Data", "Service-Worker-Allowed", "Refresh", "Link", "X-Anything",
                 "Strict-Transport-Security", "Access-Control-Allow-Credentials"):  # fmt: skip
        assert name not in response


@pytest.mark.parametrize(
    "to", ["/", "//testserver/", "http://testserver/learn/", "http://127.0.0.1:9/", "javascript:1"]
)
async def test_a_redirect_never_leads_to_this_site(to):
    response = await get("/to", query_params={"to": to})
    assert response.status_code == 502
    assert "Location" not in response


async def test_a_redirect_elsewhere_is_passed_on():
    response = await get("/to", query_params={"to": "https://example.org/x"})
    assert (response.status_code, response["Location"]) == (302, "https://example.org/x")


async def test_what_goes_wrong_is_an_answer():
    assert (await get("/nowhere")).status_code == 404
    assert (await get("")).status_code == 404
    failed = await get("/throws")
    assert (failed.status_code, "boom" in failed.json()["code"]) == (500, True)
    assert (await get("/never")).status_code == 500
    assert (await AsyncClient().get("/d/nosuchone/http/x")).status_code == 404
    assert (await AsyncClient().head(f"{BASE}/hostile")).content == b""
