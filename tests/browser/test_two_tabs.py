"""One person, two tabs: an older tab never overwrites newer work, and loses none of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.workspace_page import WorkspacePage


@pytest.fixture
def two_tabs(sign_up: Callable[..., WorkspacePage]) -> tuple[WorkspacePage, WorkspacePage]:
    """The second tab did not hear that the first one saved "On the bus", and now changes the same file."""
    first = sign_up()
    first.wait_until_live()
    page = first.page.context.new_page()
    page.route("**/files", lambda route: route.abort() if route.request.method == "GET" else route.continue_())
    page.goto(first.page.url)
    second = WorkspacePage(page)
    second.wait_until_live()
    first.change("App.tsx", "Going ", "On the bus ")
    first.wait_until_saved(2)
    second.change("App.tsx", "Going ", "Coming along ")
    expect(page.get_by_role("dialog")).to_be_visible()
    return first, second


def test_theirs_can_be_taken(two_tabs: tuple[WorkspacePage, WorkspacePage]) -> None:
    _, second = two_tabs
    second.page.get_by_role("dialog").get_by_role("button", name="Take").click()
    assert "On the bus" in second.text("App.tsx")
    expect(second.app("bob").get_by_role("heading", name="On the bus")).to_be_visible()


def test_mine_can_be_kept_as_a_new_revision(two_tabs: tuple[WorkspacePage, WorkspacePage]) -> None:
    first, second = two_tabs
    second.page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    second.wait_until_saved(3)
    for workspace in (first, second):
        expect(workspace.app("alice").get_by_role("heading", name="Coming along")).to_be_visible()


def test_a_tab_that_changed_nothing_follows_by_itself(sign_up: Callable[..., WorkspacePage]) -> None:
    first = sign_up()
    first.wait_until_live()
    page = first.page.context.new_page()
    page.goto(first.page.url)
    second = WorkspacePage(page)
    second.wait_until_live()
    second.open("App.tsx")
    first.change("App.tsx", "Going ", "On the bus ")
    first.wait_until_saved(2)
    expect(page.locator("code-editor .cm-content:visible")).to_contain_text("On the bus")
    expect(page.get_by_role("dialog")).to_have_count(0)
    second.change("App.tsx", "On the bus ", "On board ")
    second.wait_until_saved(3)
