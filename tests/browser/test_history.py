"""History: what was saved is found again, compared and restored, and nothing of it is lost by that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import WIDE
from tests.browser.test_accessibility import PHONE, assert_nothing_sticks_out, violations
from tests.browser.workspace_page import WorkspacePage


def open_history(workspace: WorkspacePage) -> Locator:
    workspace.page.get_by_role("tab", name="History", exact=True).click()
    panel = workspace.page.get_by_role("tabpanel", name="History", exact=True)
    expect(panel.get_by_role("button", name="Revision 1", exact=False).first).to_be_visible()
    return panel


def choose(panel: Locator, name: str) -> Locator:
    row = panel.get_by_role("listitem").filter(has_text=name).get_by_role("button")
    row.click()
    return row


def test_an_older_revision_is_compared_and_restored(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.change("App.tsx", "Going ", "On the bus ")
    workspace.wait_until_saved(2)
    panel = open_history(workspace)
    choose(panel, "Revision 1")
    difference = panel.get_by_role("region", name="src/App.tsx")
    expect(difference).to_contain_text("1 added")
    expect(difference.locator(".cm-changedLine").first).to_contain_text("On the bus")
    panel.get_by_role("button", name="Restore revision 1").click()
    workspace.wait_until_saved(3)
    expect(workspace.app("alice").get_by_role("heading", name="Going")).to_be_visible()
    expect(panel.get_by_role("listitem").filter(has_text="Revision 3")).to_contain_text("as at the start")
    choose(panel, "Revision 2")
    panel.get_by_role("button", name="Restore revision 2").click()
    workspace.wait_until_saved(4)
    assert "On the bus" in workspace.text("App.tsx")


def test_the_solution_comes_on_request_and_passes(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    panel = open_history(workspace)
    choose(panel, "Solution")
    panel.get_by_role("button", name="Show the solution").click()
    expect(panel.get_by_role("region", name="convex/signups.ts")).to_contain_text("archive")
    assert "archive" not in workspace.text("signups.ts")
    panel.get_by_role("button", name="Take the solution").click()
    workspace.wait_until_saved(2)
    workspace.check()
    expect(workspace.task).to_contain_text("Proved", timeout=30_000)
    choose(panel, "Starter")
    panel.get_by_role("button", name="Reset to the starter").click()
    workspace.wait_until_saved(3)
    assert "archive" not in workspace.text("signups.ts")


@pytest.mark.parametrize(("scheme", "viewport"), [("light", WIDE), ("dark", WIDE), ("light", PHONE), ("dark", PHONE)])
def test_axe_finds_nothing_in_history(
    sign_up: Callable[..., WorkspacePage], axe_source: str, scheme: str, viewport: dict[str, int]
) -> None:
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    if viewport is PHONE:
        workspace.page.get_by_role("navigation", name="Views").locator('a[href="#dock"]').click()
    panel = open_history(workspace)
    choose(panel, "Solution")
    expect(panel.get_by_role("button", name="Show the solution")).to_be_visible()
    assert violations(workspace.page, axe_source) == []
    panel.get_by_role("button", name="Show the solution").click(timeout=40_000)
    expect(panel.locator(".cm-content").first).to_be_visible()
    assert violations(workspace.page, axe_source) == []
    assert_nothing_sticks_out(workspace.page)
