"""The Transactions tab: two runs against each other step by step, a conflict, a crash, and what is left half done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.test_accessibility import LOOKS, assert_nothing_sticks_out, violations
from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]

MOVE = """
export const move = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    const row = await ctx.db.get(id);
    if (row === null) throw new Error("This sign-up is gone.");
    await ctx.db.patch(id, { bus: row.bus + 1 });
    await ctx.db.insert("signups", { ownerId: row.ownerId, name: `${row.name} moved`, bus: row.bus + 1 });
  },
});
"""


def open_transactions(workspace: WorkspacePage) -> Locator:
    workspace.page.get_by_role("tab", name="Transactions", exact=True).click()
    panel = workspace.page.get_by_role("tabpanel", name="Transactions", exact=True)
    expect(panel.get_by_role("region", name="Alice’s run")).to_be_visible(timeout=30_000)
    return panel


def with_move(workspace: WorkspacePage) -> Locator:
    panel = open_transactions(workspace)
    workspace.write("signups.ts", workspace.text("signups.ts") + MOVE)
    expect(column(panel, "Alice").locator("option", has_text="move").first).to_be_attached(timeout=30_000)
    return panel


def column(panel: Locator, name: str) -> Locator:
    return panel.get_by_role("region", name=f"{name}’s run")


def choose(side: Locator, function: str, row: str) -> None:
    side.get_by_label("Call", exact=True).select_option(label=function)
    picker = side.get_by_label("Row of signups for id").first
    option = picker.locator("option", has_text=row)
    expect(option).to_be_attached()
    picker.select_option(option.get_attribute("value"))


def press(side: Locator, button: str, until: str) -> None:
    """Presses and waits until the column says so."""
    side.get_by_role("button", name=button, exact=True).click()
    expect(side.get_by_role("status")).to_contain_text(until, timeout=20_000)


def test_two_runs_meet_on_one_row_and_the_loser_reads_again(sign_up: SignUp, axe_source: str) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    panel = with_move(workspace)
    alice, bob = column(panel, "Alice"), column(panel, "Bob")
    for side in (alice, bob):
        choose(side, "move", "João Pereira")
        press(side, "Begin", "Held before step 1, db.get")
    press(alice, "Step", "Held before step 2, db.patch")
    press(alice, "Step", "Held before step 3, db.insert signups")
    expect(alice).to_contain_text("Not committed yet: nobody else sees this")
    expect(workspace.data).not_to_contain_text("João Pereira moved")
    press(bob, "Step", "Held before step 2")
    press(bob, "Run to end", "Committed at")
    expect(workspace.data).to_contain_text("João Pereira moved")
    press(alice, "Step", "Held before the commit")
    assert violations(workspace.page, axe_source) == []
    press(alice, "Step", "Conflict: move changed row")
    expect(alice).to_contain_text("Attempt 2 reads the store as of")
    expect(alice).to_contain_text("Attempt 2 starts from the beginning with fresh reads.")
    press(alice, "Run to end", "in attempt 2: 2 rows, all at once.")
    assert violations(workspace.page, axe_source) == []


def test_a_crash_before_the_commit_leaves_nothing_and_between_two_calls_half(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    panel = with_move(workspace)
    alice = column(panel, "Alice")
    choose(alice, "move", "João Pereira")
    press(alice, "Begin", "Held before step 1")
    for _ in range(2):
        alice.get_by_role("button", name="Step", exact=True).click()
    expect(alice.get_by_role("status")).to_contain_text("Held before step 3")
    press(alice, "Crash", "The run crashed before step 3 (db.insert).")
    expect(alice).to_contain_text("Gone with the run")
    expect(workspace.data).not_to_contain_text("João Pereira moved")

    alice.get_by_role("button", name="Start again").click()
    panel.get_by_label("as two separate calls").check()
    alice.get_by_label("then call").select_option(label="create")
    for name, value in (("ownerId", "alice"), ("name", "Lindiwe Nkosi"), ("bus", "2")):
        alice.get_by_label(name, exact=False).last.fill(value)
    press(alice, "Begin", "Held before step 1")
    for words in ("step 2", "step 3", "the commit"):
        press(alice, "Step", words)
    press(alice, "Step", "Committed at")
    press(alice, "Crash", "The client crashed between its calls.")
    incident = panel.get_by_role("region", name="Incidents")
    expect(incident).to_contain_text("move was committed, the second call was never made.")
    expect(incident).to_contain_text("João Pereira moved")
    alice.get_by_role("button", name="Start again").click()
    expect(incident).to_be_visible()


@pytest.mark.parametrize(("scheme", "viewport"), LOOKS, ids=[f"{s}-{v['width']}" for s, v in LOOKS])
def test_axe_finds_nothing_in_the_transactions_tab(
    sign_up: SignUp, axe_source: str, scheme: str, viewport: dict
) -> None:
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    if viewport["width"] < 760:
        workspace.page.get_by_role("navigation", name="Views").locator('a[href="#dock"]').click()
    panel = open_transactions(workspace)
    alice = column(panel, "Alice")
    choose(alice, "remove", "João Pereira")
    press(alice, "Begin", "Held before step 1")
    assert violations(workspace.page, axe_source) == []
    press(alice, "Step", "Held before the commit")
    press(alice, "Crash", "The run crashed")
    assert violations(workspace.page, axe_source) == []
    assert_nothing_sticks_out(workspace.page)
