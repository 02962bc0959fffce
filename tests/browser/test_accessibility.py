"""axe finds nothing, in light and dark, on a desk and on a phone; and the keyboard reaches everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import WIDE
from tests.browser.workspace_page import WorkspacePage

PHONE = {"width": 390, "height": 844}
TABLET = {"width": 1024, "height": 768}
LOOKS = [("light", WIDE), ("dark", WIDE), ("light", TABLET), ("light", PHONE), ("dark", PHONE)]
looks = pytest.mark.parametrize(
    ("scheme", "viewport"), LOOKS, ids=[f"{scheme}-{size['width']}" for scheme, size in LOOKS]
)
VIEWS = ["lesson", "editor", "panes", "dock"]
FADED = """
Promise.allSettled(
  document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
    .map((one) => one.finished)
).then(() => null)
"""
"""What has just changed fades out of its writer's hue: judged is what stays. An editor's cursor blinks for ever."""


def violations(page: Page, axe_source: str) -> list[str]:
    page.evaluate(axe_source)
    page.evaluate(FADED)
    # The frames are axe's to enter only when it runs in them too; their app is the learner's.
    found: dict[str, Any] = json.loads(page.evaluate("axe.run(document, {iframes: false}).then(JSON.stringify)"))
    return [
        f"{one['id']}: {node['html'][:120]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def assert_nothing_sticks_out(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], "the page scrolls sideways"


@looks
@pytest.mark.parametrize("address", ["/", "/docs/", "/nothing-here/"])
def test_axe_finds_nothing_on_plain_pages(
    open_page: Callable[..., Page], axe_source: str, scheme: str, viewport: dict[str, int], address: str
) -> None:
    page = open_page(viewport=viewport, color_scheme=scheme)
    page.goto(address)
    page.complaints.clear()  # the browser itself notes the page that is not there
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)


@looks
def test_axe_finds_nothing_in_the_workspace(
    sign_up: Callable[..., WorkspacePage], axe_source: str, scheme: str, viewport: dict[str, int]
) -> None:
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    page = workspace.page
    # A splitter has its values as soon as its script has run, which may be after the page was shown.
    expect(page.locator("split-bar[aria-valuenow]").first).to_be_attached(timeout=30_000)
    for view in VIEWS:
        if viewport is PHONE:
            page.get_by_role("navigation", name="Views").locator(f'a[href="#{view}"]').click()
        expect(page.locator(f"#{view}")).to_be_attached()
        assert violations(page, axe_source) == [], view
        assert_nothing_sticks_out(page)
    if viewport is not PHONE:
        workspace.wait_until_live()
        workspace.add("alice", "Amina Diallo")
        expect(workspace.runs.locator("li.group").first).to_contain_text("create")
        if viewport is TABLET:
            page.get_by_role("link", name="Lesson", exact=True).click()
        workspace.check()
        expect(workspace.task).to_contain_text("Not yet", timeout=30_000)
        assert violations(page, axe_source) == []


@looks
def test_axe_finds_nothing_in_data_the_file_menu_and_dialogs(
    sign_up: Callable[..., WorkspacePage], axe_source: str, scheme: str, viewport: dict[str, int]
) -> None:
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    page, data = workspace.page, workspace.data

    def show(view: str) -> None:
        if viewport is PHONE:
            page.get_by_role("navigation", name="Views").locator(f'a[href="#{view}"]').click()

    show("dock")
    expect(data.get_by_role("row").nth(6)).to_be_visible(timeout=30_000)
    data.get_by_role("button", name="Import and more").click()
    data.get_by_role("button", name="Filter").click()
    expect(data.get_by_text("No snapshots yet.")).to_be_visible()
    assert violations(page, axe_source) == [], "menu and filter"
    data.get_by_role("button", name="Clear table").click()
    expect(data.get_by_role("alertdialog")).to_be_visible()
    assert violations(page, axe_source) == [], "question"
    page.keyboard.press("Escape")
    data.get_by_role("button", name="Import and more").click()
    data.get_by_role("button", name="Filter").click()
    data.get_by_role("button", name="Add row").click()
    data.get_by_role("form").get_by_label("bus").fill("two")
    page.keyboard.press("Enter")
    expect(data.locator('[aria-invalid="true"]').first).to_be_visible()
    assert violations(page, axe_source) == [], "form for a row"
    page.complaints.clear()  # the browser itself notes the refused request
    page.keyboard.press("Escape")
    assert_nothing_sticks_out(page)

    show("editor")
    page.get_by_role("button", name="Files and editor").click()
    expect(page.get_by_role("menuitem", name="All keys")).to_be_visible()
    assert violations(page, axe_source) == [], "file menu"
    page.get_by_role("menuitem", name="All keys").click()
    assert violations(page, axe_source) == [], "keys"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New file").click()
    page.get_by_role("dialog").get_by_label("Path").fill("../x")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    assert violations(page, axe_source) == [], "new file"
    assert_nothing_sticks_out(page)


def test_escape_and_tab_leave_the_editor(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.open("signups.ts").click()
    workspace.page.keyboard.press("Escape")
    workspace.page.keyboard.press("Tab")
    inside = workspace.page.evaluate("document.activeElement.closest('.cm-editor') !== null")
    assert not inside


def test_every_control_is_reached_by_tab(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    reached: set[str] = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.cm-editor') !== null"):
            page.keyboard.press("Escape")
            page.keyboard.press("Tab")
        name = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"
        reached.add(str(page.evaluate(name)))
    for wanted in ("Check", "Lesson width", "Reload Alice’s pane", "Seed 10,000", "Table", "Compare"):
        assert any(wanted in name for name in reached), f"{wanted} was not among {sorted(reached)}"
