"""While things load: panels keep their place, nothing moves, and what is not there yet is not called empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import WIDE
from tests.browser.test_accessibility import PHONE, TABLET
from tests.browser.workspace_page import WorkspacePage

# What moves on purpose: the list of runs, newest on top, and the ends of lines whose words get longer.
SHIFTS = """
window.moved = [];
const onPurpose = "runs-panel .line, .badge, .editor-foot";
new PerformanceObserver((list) => {
  for (const { sources } of list.getEntries())
    for (const { node } of sources) {
      const element = node instanceof Element ? node : node?.parentElement;
      if (element && !element.closest(onPurpose)) window.moved.push(element.outerHTML.slice(0, 120));
    }
}).observe({ type: "layout-shift", buffered: true });
"""
PARTS = ["code-editor", "client-pane[persona=alice]", "client-pane[persona=bob]", "dock-tabs", "data-panel"]


def boxes(page: Page) -> list[dict[str, Any] | None]:
    return [page.locator(part).bounding_box() for part in PARTS]


def start_course(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Your pseudonym").fill("Kittiwake")
    page.get_by_role("button", name="Start the course").click()
    page.wait_for_url("**/learn/**")


def open_with_script_held(open_page: Callable[..., Page], viewport: dict[str, int]) -> tuple[Page, list[Route]]:
    page = open_page(viewport=viewport)
    start_course(page)
    page.add_init_script(SHIFTS)
    held: list[Route] = []
    page.route("**/workspace-*.js", lambda route: held.append(route))
    page.goto("/learn/trash-can/", wait_until="commit")
    expect(page.locator("client-pane").first).to_be_attached()
    return page, held


@pytest.mark.parametrize("viewport", [WIDE, TABLET, PHONE], ids=["1440", "1024", "390"])
def test_nothing_moves_while_the_workspace_loads(open_page: Callable[..., Page], viewport: dict[str, int]) -> None:
    page, held = open_with_script_held(open_page, viewport)
    before = boxes(page)
    assert page.locator("code-editor").inner_text() == ""
    page.wait_for_function("performance.getEntriesByType('paint').length > 0")
    for route in held:
        route.continue_()
    page.unroute("**/workspace-*.js")
    workspace = WorkspacePage(page)
    if viewport is WIDE:
        workspace.wait_until_live()
    else:
        expect(page.locator("code-editor .cm-content").first).to_be_attached(timeout=30_000)
        expect(page.locator("data-panel tbody tr").nth(5)).to_be_attached(timeout=30_000)
    assert boxes(page) == before
    assert page.evaluate("window.moved") == []


def test_a_panel_without_an_answer_yet_is_not_called_empty(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.route_web_socket("**/ws/workspace/**", lambda socket: None)  # it opens and says nothing
    start_course(page)
    page.goto("/learn/trash-can/")
    data = page.locator("data-panel")
    expect(data.locator('[aria-busy="true"]')).to_be_visible()
    expect(data).not_to_contain_text("No tables yet")
    expect(data.get_by_role("button", name="Seed 10,000")).to_be_hidden()
    expect(page.locator("runs-panel.is-loading")).to_be_visible()
