"""The Function tab: a form from the validators, live queries, mutations on a button, refusals that say why."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.test_accessibility import LOOKS, assert_nothing_sticks_out, violations
from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]


def open_functions(workspace: WorkspacePage) -> Locator:
    workspace.page.get_by_role("tab", name="Function", exact=True).click()
    panel = workspace.page.get_by_role("tabpanel", name="Function", exact=True)
    expect(panel.get_by_role("button", name="create")).to_be_visible(timeout=30_000)
    return panel


def test_a_query_stays_live_while_mutations_run_by_hand(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    panel = open_functions(workspace)
    panel.get_by_role("button", name="listActive").click()
    panel.get_by_label("ownerId").fill("alice")
    panel.get_by_role("button", name="Run and stay live").click()
    expect(panel.locator(".tree")).to_contain_text("[3 items]")
    workspace.add("alice", "Amina Diallo")
    expect(panel.locator(".tree")).to_contain_text("[4 items]")
    panel.get_by_role("button", name="create").click()
    panel.get_by_label("ownerId").fill("bob")
    panel.get_by_label("name", exact=False).first.fill("Hana Suzuki")
    panel.get_by_role("button", name="Run", exact=True).click()
    expect(panel.get_by_text("Enter a number.")).to_be_visible()
    expect(panel.get_by_label("bus")).to_be_focused()
    panel.get_by_label("bus").fill("NaN")
    panel.get_by_label("bus").press("Control+Enter")
    expect(panel.get_by_role("status")).to_contain_text("done in")
    expect(workspace.data).to_contain_text("Hana Suzuki")


def test_an_id_is_picked_by_name_and_a_function_that_goes_says_so(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    panel = open_functions(workspace)
    panel.get_by_role("button", name="remove").click()
    picker = panel.get_by_label("Row of signups for id")
    option = picker.locator("option", has_text="João Pereira")
    expect(option).to_be_attached()
    chosen = option.get_attribute("value")
    picker.select_option(chosen)
    expect(panel.get_by_label("id", exact=False).last).to_have_value(chosen)
    panel.get_by_role("button", name="Run", exact=True).click()
    expect(panel.get_by_role("status")).to_contain_text("done in")
    expect(workspace.names("alice").filter(has_text="João Pereira")).to_have_count(0)
    panel.get_by_role("button", name="Run", exact=True).click()
    expect(panel.get_by_role("alert")).to_contain_text("nonexistent document")
    expect(panel.get_by_role("button", name="convex/signups.ts, line")).to_be_visible()
    workspace.change("signups.ts", "export const remove", "export const discard")
    expect(panel.get_by_role("alert").first).to_contain_text(
        "signups:remove is no longer in the live code", timeout=30_000
    )
    expect(panel.get_by_role("button", name="discard")).to_be_visible()


def test_an_internal_function_says_why_clients_cannot_call_it(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    panel = open_functions(workspace)
    text = workspace.text("signups.ts").replace("mutation, query", "internalMutation, mutation, query")
    workspace.write("signups.ts", text.replace("remove = mutation", "remove = internalMutation"))
    panel.get_by_role("button", name="remove internal mutation").click(timeout=30_000)
    expect(panel).to_contain_text("A client cannot call this function")
    expect(panel.get_by_role("button", name="Run", exact=True)).to_be_hidden()


@pytest.mark.parametrize(("scheme", "viewport"), LOOKS, ids=[f"{s}-{v['width']}" for s, v in LOOKS])
def test_axe_finds_nothing_in_the_function_tab(sign_up: SignUp, axe_source: str, scheme: str, viewport: dict) -> None:
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    if viewport["width"] < 760:
        workspace.page.get_by_role("navigation", name="Views").locator('a[href="#dock"]').click()
    panel = open_functions(workspace)
    panel.get_by_role("button", name="listActive").click()
    panel.get_by_label("ownerId").fill("alice")
    panel.get_by_role("button", name="Run and stay live").click()
    expect(panel.locator(".tree")).to_contain_text("items]", timeout=30_000)
    assert violations(workspace.page, axe_source) == []
    panel.get_by_role("button", name="create").click()
    panel.get_by_role("button", name="Run", exact=True).click()
    assert violations(workspace.page, axe_source) == []
    assert_nothing_sticks_out(workspace.page)


EVERY_KIND = """
export const everyKind = mutation({
  args: {
    home: v.object({ floor: v.number(), door: v.optional(v.string()) }),
    state: v.union(v.literal("open"), v.literal("shut"), v.object({ until: v.int64() })),
    tags: v.array(v.string()),
    marks: v.record(v.string(), v.number()),
    key: v.bytes(),
    sure: v.boolean(),
    rest: v.any(),
  },
  handler: async (_ctx, args) => {
    console.log("called with", args.tags.length, "tags");
    if (args.tags.length === 0) throw new Error("no tags");
    return args;
  },
});
"""


def with_functions(workspace: WorkspacePage) -> Locator:
    workspace.wait_until_live()
    panel = open_functions(workspace)
    workspace.write("signups.ts", workspace.text("signups.ts") + EVERY_KIND)
    expect(panel.get_by_role("button", name="everyKind")).to_be_visible(timeout=30_000)
    return panel


def test_every_kind_of_argument_is_entered_and_comes_back(sign_up: SignUp, axe_source: str) -> None:
    workspace = sign_up()
    panel = with_functions(workspace)
    panel.get_by_role("button", name="everyKind").click()
    panel.get_by_label("floor").fill("3")
    panel.get_by_label("rest").fill('{"n": [1, null]}')
    run = panel.get_by_role("button", name="Run", exact=True)
    run.click()
    error = panel.locator(".call-error")
    expect(error).to_contain_text("everyKind failed: Error: no tags")
    expect(error.get_by_role("button", name="convex/signups.ts, line")).to_be_visible()
    expect(panel.locator(".result pre")).to_contain_text("[LOG] 'called with' 0 'tags'")
    panel.get_by_role("checkbox", name="Give door").check()
    panel.get_by_label("door", exact=False).last.fill("left")
    panel.get_by_role("combobox", name="state").select_option("2")
    panel.get_by_role("textbox", name="until").fill("9007199254740993")
    panel.get_by_role("button", name="Add an item").click()
    panel.get_by_label("tags 1", exact=True).fill("blue")
    panel.get_by_role("button", name="Add an entry").click()
    panel.get_by_label("Key 1 of marks").fill("maths")
    panel.get_by_label("marks 1", exact=True).fill("-0")
    panel.get_by_label("key bytes").fill("AQID")
    panel.get_by_role("combobox", name="sure").select_option("true")
    assert violations(workspace.page, axe_source) == []
    run.click()
    tree = panel.locator(".tree")
    expect(tree).to_contain_text("key: bytes(3) 01 02 03")
    for folded in ("home", "marks", "state", "tags"):
        tree.locator("summary", has_text=re.compile(f"^{folded}: ")).click()
    for line in ('door: "left"', "maths: -0", "until: 9007199254740993n", '0: "blue"', "sure: true"):
        expect(tree).to_contain_text(line)
