"""What a check found: its sentences, its evidence, and the failing calls once more in the panes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import PHONE, assert_nothing_sticks_out, looks, violations
from tests.browser.workspace_page import WorkspacePage

SOLUTIONS = Path(__file__).parents[2] / "lessons/content/09-trash-can/solutions/1"
WRONG = (SOLUTIONS / "wrong-2-restore-writes-null" / "convex" / "signups.ts").read_text()
SAID = re.compile(r"^0 of \d+ tasks? pass(es)?\. Task 1 does not pass: restore was refused")
ALICES = ["Zainab Okonkwo", "Nguyễn Minh Anh", "João Pereira"]

SignUp = Callable[..., WorkspacePage]


@pytest.fixture
def failed(sign_up: SignUp) -> WorkspacePage:
    """A learner whose restore writes null, after a check."""
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.write("signups.ts", WRONG)
    workspace.wait_until_saved(2)
    workspace.check()
    expect(workspace.task.get_by_text("Not yet")).to_be_visible(timeout=30_000)
    return workspace


def replay_bar(page: Page):
    return page.get_by_role("region", name="Replay of the check")


def test_a_verdict_tells_one_cause_its_idea_and_its_evidence(failed: WorkspacePage, axe_source: str) -> None:
    task, page = failed.task, failed.page
    expect(task.locator("[data-finding]")).to_have_attribute("data-finding", "restore-writes-null")
    expect(task.locator("[data-said]")).to_contain_text(SAID)
    task.get_by_text("An idea that is often behind it").click()
    expect(task.get_by_text("Null empties an optional field.")).to_be_visible()
    task.get_by_text("Evidence:").click()
    archived = task.locator(".made", has_text="archive(").first
    expect(archived.get_by_text("Alice", exact=True)).to_be_visible()
    expect(archived.locator("tr.first")).to_contain_text("archivedAt")
    expect(archived.locator("mark")).to_be_visible()
    expect(task.locator(".came.is-refused")).to_contain_text("refused:")
    task.get_by_role("link", name="convex/signups.ts, line").click()
    expect(page.locator("code-editor .cm-content:visible")).to_be_focused()
    assert violations(page, axe_source) == []


def test_the_failing_calls_are_replayed_in_the_panes_and_ones_own_data_comes_back(failed: WorkspacePage) -> None:
    page, bar = failed.page, replay_bar(failed.page)
    failed.add("alice", "Mine Alone")
    expect(failed.names("bob")).to_have_text([*ALICES, "Mine Alone"])
    failed.task.get_by_role("button", name="Replay in the panes").click()
    expect(bar.get_by_role("button", name="Next")).to_be_focused()
    expect(failed.names("alice")).to_have_text(ALICES)  # a fresh store with the rows of the task
    bar.get_by_role("button", name="Next").press("Enter")
    expect(bar).to_contain_text("Alice calls archive(")
    expect(bar).to_contain_text("step 1 of")
    expect(failed.names("bob")).to_have_text([ALICES[0], ALICES[2]])  # Bob's pane looks at Alice's list
    bar.get_by_role("button", name="Play").click()
    expect(bar).to_contain_text("That was the last step.", timeout=30_000)
    expect(bar).to_contain_text("It came to: refused:")
    bar.get_by_role("button", name="Back to my own data").click()
    expect(bar).to_be_hidden()
    expect(failed.names("alice")).to_have_text([*ALICES, "Mine Alone"])
    expect(failed.names("bob")).to_have_text([*ALICES, "Mine Alone"])
    expect(failed.task.get_by_role("button", name="Replay in the panes")).to_be_focused()
    failed.add("bob", "Still Live")
    expect(failed.names("alice")).to_have_text([*ALICES, "Mine Alone", "Still Live"])
    assert page.locator("client-pane.is-replay").count() == 0


@looks
def test_axe_finds_nothing_in_a_verdict_and_a_replay(
    sign_up: SignUp, axe_source: str, scheme: str, viewport: dict[str, int]
) -> None:
    """The starter fails with calls too: its list is asked for before anything is missing."""
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    page = workspace.page
    views = page.get_by_role("navigation", name="Views")
    page.evaluate(
        """async (text) => {
          const config = JSON.parse(document.getElementById("workspace-config").textContent);
          await fetch(config.urls.files, {
            method: "POST",
            headers: {"Content-Type": "application/json", "X-CSRFToken": config.csrf},
            body: JSON.stringify({base_revision: 1, files: {"convex/signups.ts": text}, compiled: {}}),
          });
        }""",
        WRONG,
    )
    page.reload()
    if viewport["width"] < 1200:
        page.evaluate("location.hash = '#lesson'")
    workspace.open_task()
    workspace.check()
    expect(workspace.task.get_by_text("Not yet")).to_be_visible(timeout=30_000)
    workspace.task.get_by_text("Evidence:").click()
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)
    workspace.task.get_by_role("button", name="Replay in the panes").click()
    expect(replay_bar(page).get_by_role("button", name="Next")).to_be_visible()
    if viewport is PHONE:
        expect(views.locator('a[href="#panes"]')).to_be_visible()
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)
