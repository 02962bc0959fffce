"""Runs: what ran, why it was woken, what is known of it, and keeping the list readable."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import LOOKS, violations
from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]


def test_a_run_unfolds_and_says_which_row_woke_it(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.add("alice", "Amina Diallo")
    group = workspace.runs.locator("li.group").first
    expect(group).to_contain_text("Amina Diallo came into by_owner · alice")
    group.get_by_role("button", name="create").click()
    expect(group.locator(".head .run-details")).to_contain_text("Amina Diallo added")
    woken = group.locator(".branch > li").first
    woken.get_by_role("button", name="listActive").press("Enter")
    expect(woken.locator(".run-details")).to_contain_text("Amina Diallo came")
    expect(woken.get_by_role("button", name="listActive")).to_have_attribute("aria-expanded", "true")


def test_runs_are_filtered_paused_and_cleared(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.add("alice", "Amina Diallo")
    groups = workspace.runs.locator("li.group:visible")
    expect(groups.first).to_contain_text("create")
    tools = workspace.page.locator(".runs-tools")
    tools.get_by_label("Filter runs").fill("nothing of that name")
    expect(workspace.runs).to_contain_text("No run fits the filter")
    tools.get_by_label("Filter runs").fill("create")
    expect(groups).to_have_count(1)
    tools.get_by_label("Filter runs").fill("")
    tools.get_by_role("button", name="Pause").click()
    workspace.press_on("alice", "Amina Diallo", "Remove")
    go_on = tools.get_by_role("button", name="Go on")
    expect(go_on).to_contain_text("new")
    expect(groups.first).to_contain_text("create")
    go_on.click()
    expect(groups.first).to_contain_text("remove")
    tools.get_by_role("button", name="Clear").click()
    expect(workspace.runs).to_contain_text("No runs yet")


@pytest.mark.parametrize(("scheme", "viewport"), [LOOKS[0], LOOKS[-1]], ids=["light-1440", "dark-390"])
def test_axe_finds_nothing_in_unfolded_runs(sign_up: SignUp, axe_source: str, scheme: str, viewport: dict) -> None:
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    if viewport["width"] < 760:
        workspace.page.get_by_role("navigation", name="Views").locator('a[href="#dock"]').click()
    opener = workspace.runs.locator(".unfold").first
    opener.click(timeout=30_000)
    expect(workspace.runs.locator(".run-details").first).to_be_visible()
    assert violations(workspace.page, axe_source) == []
