"""A real Chromium on the real server. A page must end every test with an empty console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.workspace_page import WorkspacePage

ROOT = Path(__file__).parents[2]
WIDE = {"width": 1440, "height": 900}
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, live_server_url: str) -> Iterator[Callable[..., Page]]:
    """Opens pages in contexts of their own. What their consoles say, and what leaves the server, fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def new(**options: Any) -> Page:
        context = browser.new_context(base_url=live_server_url, **({"viewport": WIDE} | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: complaints.append(f"console {message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on("request", lambda request: complaints.extend(foreign(request.url, live_server_url)))
        page.complaints = complaints  # type: ignore[attr-defined]
        return page

    yield new
    for context in contexts:
        context.close()
    assert complaints == []


def foreign(url: str, site: str) -> list[str]:
    own = (site, site.replace("http", "ws", 1), "data:", "blob:")
    return [] if url.startswith(own) else [f"request to {url}"]


@pytest.fixture
def sign_up(open_page: Callable[..., Page]) -> Callable[..., WorkspacePage]:
    """A new person at the task of Trash can."""

    def sign_up(pseudonym: str = "Kittiwake", **options: Any) -> WorkspacePage:
        page = open_page(**options)
        page.goto("/")
        page.get_by_label("Your pseudonym").fill(pseudonym)
        page.get_by_role("button", name="Start the course").click()
        page.wait_for_url("**/learn/**")
        page.goto("/learn/trash-can/")
        workspace = WorkspacePage(page)
        workspace.open_task()
        return workspace

    return sign_up


@pytest.fixture(scope="session")
def axe_source() -> str:
    from sandbox.gateway import front_end

    return (ROOT / "static" / "dist" / front_end.manifest().entries["axe.js"]).read_text()
