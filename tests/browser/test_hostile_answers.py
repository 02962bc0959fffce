"""What learners make the server send, opened by somebody who is signed in: it is never a page of the site.

An instructor who follows a learner's link must not lose a cookie, an identity or a click to it. Every attack runs in a
real browser, in a tab and in every other way in which a page may take something in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Response

from sandbox.engine import Deployment, close_pools
from tests.browser.workspace_page import WorkspacePage

# Runs wherever a browser runs anything of it: marks the page, takes what it can, acts in the visitor's name.
SCRIPT = """
document.documentElement.setAttribute("data-ran", "yes");
document.cookie = "sandbox_session=stolen; path=/";
fetch("/start/", { method: "POST", credentials: "include", body: new URLSearchParams({ pseudonym: "Stolen" }) });
fetch("/learn/trash-can/", { credentials: "include" }).then((r) => r.text()).then((t) => { window.name = t; });
try { localStorage.stolen = document.cookie; } catch {}
navigator.serviceWorker?.register(location.pathname);
window.open("/learn/trash-can/");
""".strip()
FORM = '<form action="/start/" method="post" id="f"><input name="pseudonym" value="Stolen"><button>Go</button></form>'
HTML = (
    f"<!doctype html><title>hostile</title><script>{SCRIPT}</script>{FORM}<img src=x onerror='{SCRIPT}'>"
    "<iframe srcdoc='<script>parent.ran = 1</script>'></iframe>"
    "<meta http-equiv=refresh content='0;url=/learn/trash-can/'>"
    "<base href='/learn/'><link rel=stylesheet href='/static/css/site.css'><object data='/'></object>"
).replace("\n", " ")
QUOTED = SCRIPT.replace('"', "&quot;")
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{QUOTED}"><script>{SCRIPT}</script></svg>'
XML = f'<html xmlns="http://www.w3.org/1999/xhtml"><script>{SCRIPT}</script></html>'
FILES = {
    "an SVG": (SVG, "image/svg+xml"),
    "a page": (HTML, "text/html"),
    "a page of another kind": (XML, "application/xhtml+xml"),
    "a page that claims to be a picture": (HTML, "image/png"),
    "a page without a type": (HTML, ""),
    "a script": (SCRIPT, "text/javascript"),
    "a style sheet of XSLT": (XML, "text/xsl"),
    "a PDF": ("%PDF-1.4 " + HTML, "application/pdf"),
}
HEADERS = [
    ["Set-Cookie", "sandbox_session=stolen; Path=/"],
    ["Set-Cookie", "sandbox_csrf=stolen; Path=/"],
    ["Content-Security-Policy", "script-src 'unsafe-inline' *"],
    ["Service-Worker-Allowed", "/"],
    ["Clear-Site-Data", '"cookies", "storage"'],
    ["Refresh", "0; url=/learn/trash-can/"],
    ["Link", '</static/>; rel="preload"'],
    ["X-Frame-Options", "ALLOWALL"],
    ["Access-Control-Allow-Credentials", "true"],
    ["Access-Control-Allow-Origin", "*"],
]


DEPLOYMENT = "hostile"
PROJECT = {
    "convex/http.ts": f"""
import {{ httpRouter }} from "convex/server";
import {{ httpAction }} from "./_generated/server";
const files: [string, string][] = {json.dumps([[text, kind] for text, kind in FILES.values()])};
const http = httpRouter();
const headers: any[] = {json.dumps(HEADERS)};
http.route({{ path: "/file", method: "GET", handler: httpAction(async (ctx, request) => {{
  const [text, kind] = files[Number(new URL(request.url).searchParams.get("n"))];
  return new Response(text, {{ headers: [...headers, ...(kind ? [["Content-Type", kind]] : [])] as any }});
}}) }});
const redirect = (Location: string) =>
  httpAction(async () => new Response(null, {{ status: 302, headers: {{ Location }} }}));
http.route({{ path: "/home", method: "GET", handler: redirect("/learn/trash-can/") }});
http.route({{ path: "/scheme", method: "GET", handler: redirect("//HOST/learn/trash-can/") }});
export default http;
""",
}


async def _deploy_and_store(folder: Path, tools: Any, host: str) -> list[str]:
    deployment = await Deployment.open(folder, tools=tools, origin=f"/d/{DEPLOYMENT}")
    result = await deployment.deploy(1, {path: text.replace("HOST", host) for path, text in PROJECT.items()})
    assert result.ok, result.problems
    addresses = []
    for text, kind in FILES.values():
        file = await deployment.storage.files.look_up(await deployment.store_file(text.encode(), kind or None))
        assert file is not None
        addresses.append(deployment.storage.url_of(file))
    await deployment.close()
    await close_pools()
    return addresses


@pytest.fixture(scope="module")
def stored(live_server_url: str, live_server_log: Path, tools: Any) -> list[str]:
    """A learner's deployment on the running server. The addresses of its stored files, one for each of FILES."""
    folder = live_server_log.parent / "var" / "stores" / DEPLOYMENT
    host = live_server_url.removeprefix("http://")
    with ThreadPoolExecutor(1) as elsewhere:  # in this thread Playwright's loop is running
        addresses = elsewhere.submit(asyncio.run, _deploy_and_store(folder, tools, host)).result()
    return [live_server_url + address for address in addresses]


@pytest.fixture(scope="module")
def answered(stored: list[str], live_server_url: str) -> list[str]:
    """The addresses of HTTP actions that answer with the same."""
    return [f"{live_server_url}/d/{DEPLOYMENT}/http/file?n={n}" for n in range(len(FILES))]


class Victim:
    """Somebody who is signed in and opens what others send."""

    def __init__(self, workspace: WorkspacePage) -> None:
        self.page = workspace.page
        self.context = self.page.context
        self.cookies = self.cookies_now()
        self.foreign_requests: list[str] = []
        assert "sandbox_session" in self.cookies

    def cookies_now(self) -> dict[str, str]:
        return {cookie["name"]: cookie["value"] for cookie in self.context.cookies()}

    def open(self, url: str) -> tuple[Page, Response | None]:
        """The address in a tab of its own; what is downloaded instead of shown gives no response."""
        tab = self.context.new_page()
        tab.on("response", self._note)
        try:
            response = tab.goto(url)
        except Exception as error:
            assert "Download is starting" in str(error) or "ERR_ABORTED" in str(error)  # noqa: PT017
            response = None
        return tab, response

    def _note(self, response: Response) -> None:
        """What the rest of the site answers would be answered to the visitor. What a policy stops has no response."""
        if response.url.startswith("http") and f"/d/{DEPLOYMENT}/" not in response.url:
            self.foreign_requests.append(response.url)

    def is_unharmed(self, tab: Page) -> None:
        """After all that the page could start has come to an end."""
        tab.wait_for_load_state("load")
        assert tab.evaluate("document.documentElement.getAttribute('data-ran')") is None
        assert self.cookies_now() == self.cookies
        assert self.foreign_requests == []
        assert self.context.service_workers == []
        assert "/learn/trash-can/" in self.page.url
        self.page.complaints.clear()


@pytest.fixture
def victim(sign_up: Callable[..., WorkspacePage]) -> Victim:
    workspace = sign_up("Instructor")
    workspace.wait_until_live()
    return Victim(workspace)


@pytest.mark.parametrize("way", ["stored", "answered"])
def test_what_a_learner_sends_is_no_page_of_the_site(request, victim, way):
    for name, url in zip(FILES, request.getfixturevalue(way), strict=True):
        tab, response = victim.open(url)
        if response is not None and name != "a PDF":  # which Chromium hands to a viewer, with headers of the viewer's
            assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"
        # Of stored files only what is plainly a picture is shown, the rest is downloaded.
        assert way == "answered" or response is None or name == "a page that claims to be a picture"
        if response is not None and tab.locator("form button").count():
            tab.locator("form button").click()  # what looks like a page of ours may be clicked on
        victim.is_unharmed(tab)
        tab.close()


def test_a_redirect_of_a_learner_does_not_lead_into_the_site(stored, victim, live_server_url):
    for path in ("home", "scheme"):
        tab, response = victim.open(f"{live_server_url}/d/{DEPLOYMENT}/http/{path}")
        assert response is not None
        assert response.status == 502
        victim.is_unharmed(tab)


# As if an injection had put elements into a page of ours. Each has ended when the browser says so.
EMBED = """([name, attributes]) => new Promise((done) => {
  const element = document.createElement(name);
  element.onload = element.onerror = () => done(document.documentElement.getAttribute("data-ran"));
  document.addEventListener("securitypolicyviolation", () => element.onload());
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  document.body.append(element);
})"""


@pytest.mark.parametrize("way", ["stored", "answered"])
def test_what_a_learner_sends_runs_in_no_page_of_the_site(request, victim, way):
    addresses = dict(zip(FILES, request.getfixturevalue(way), strict=True))
    for url in (addresses["an SVG"], addresses["a page"], addresses["a script"]):
        for element in (
            ["img", {"src": url}],
            ["iframe", {"src": url}],
            ["script", {"src": url}],
            ["script", {"src": url, "type": "module"}],
            ["link", {"rel": "stylesheet", "href": url}],
            ["object", {"data": url}],
            ["embed", {"src": url}],
        ):
            assert victim.page.evaluate(EMBED, element) is None
    assert victim.cookies_now() == victim.cookies
    assert victim.context.service_workers == []
    victim.page.complaints.clear()
