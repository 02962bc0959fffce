"""The Schema tab: a rename seen from the field to the stored rows, and the way out of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.test_accessibility import LOOKS, assert_nothing_sticks_out, violations
from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]
SLOW_MS = 60_000


def open_schema(workspace: WorkspacePage) -> Locator:
    workspace.page.get_by_role("tab", name="Schema", exact=True).click()
    panel = workspace.page.get_by_role("tabpanel", name="Schema", exact=True)
    expect(panel.get_by_role("status")).to_contain_text("stored rows fit together", timeout=SLOW_MS)
    return panel


def line(panel: Locator, name: str) -> Locator:
    return panel.locator("tr", has=panel.page.locator("th", has_text=name))


def test_a_rename_is_followed_from_the_field_to_the_rows_and_back(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    panel = open_schema(workspace)
    expect(line(panel, "ownerId")).to_contain_text("signups.ts:10")
    expect(line(panel, "signups.listActive")).to_contain_text("App.tsx:7")
    workspace.change("schema.ts", "name: v.string()", "fullName: v.string()")
    status = panel.get_by_role("status")
    expect(status).to_contain_text("Breaks: 2 uses in code, 6 stored rows.", timeout=SLOW_MS)
    expect(panel).to_contain_text("6 rows of signups still say name where the schema says fullName.")
    expect(panel.get_by_role("listitem").filter(has_text="Widen")).to_contain_text("fullName: v.optional(v.string()),")
    panel.get_by_role("button", name="App.tsx:27").click()
    expect(workspace.tab("App.tsx")).to_have_attribute("aria-selected", "true")
    workspace.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copy = panel.get_by_role("button", name="Copy the code of the step: Widen")
    copy.click()
    expect(copy).to_have_text("Copied")
    assert "fullName: v.optional(v.string())," in workspace.page.evaluate("navigator.clipboard.readText()")
    panel.get_by_text("12 mismatches").click()
    panel.get_by_role("button", name="show this row in Data").first.click()
    expect(workspace.data.locator('tr[aria-current="true"]')).to_contain_text("Zainab Okonkwo")
    workspace.change("schema.ts", "fullName: v.string()", "name: v.string()")
    expect(status).to_contain_text("stored rows fit together", timeout=SLOW_MS)


def test_what_the_guide_says_brings_rows_and_schema_together(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    panel = open_schema(workspace)
    workspace.change(
        "schema.ts", "archivedAt: v.optional(v.number())", "archivedAt: v.optional(v.number()), seat: v.number()"
    )
    codes = panel.locator(".guide pre")
    expect(codes).to_have_count(3, timeout=SLOW_MS)
    widen, back_fill = codes.nth(0).inner_text(), codes.nth(1).inner_text()
    workspace.change("schema.ts", "seat: v.number()", widen.rstrip(","))
    workspace.write("signups.ts", f"{workspace.text('signups.ts')}\n{back_fill}\n")
    expect(panel.get_by_role("status")).to_contain_text("stored rows fit together", timeout=SLOW_MS)
    workspace.page.get_by_role("tab", name="Function", exact=True).click()
    functions = workspace.page.get_by_role("tabpanel", name="Function", exact=True)
    functions.get_by_role("button", name="backFillSeat").click(timeout=SLOW_MS)
    functions.get_by_role("button", name="Run", exact=True).click()
    expect(functions.get_by_role("status")).to_contain_text("done in")
    workspace.page.get_by_role("tab", name="Schema", exact=True).click()
    workspace.change("schema.ts", widen.rstrip(","), "seat: v.number()")
    expect(workspace.page.locator("save-status")).to_contain_text("live after", timeout=SLOW_MS)
    expect(panel.get_by_role("status")).to_contain_text("stored rows fit together", timeout=SLOW_MS)


@pytest.mark.parametrize(("scheme", "viewport"), LOOKS, ids=[f"{s}-{v['width']}" for s, v in LOOKS])
def test_axe_finds_nothing_in_the_schema_tab(sign_up: SignUp, axe_source: str, scheme: str, viewport: dict) -> None:
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    page = workspace.page
    views = page.get_by_role("navigation", name="Views")
    is_phone = viewport["width"] < 760
    if is_phone:
        views.locator('a[href="#dock"]').click()
    panel = open_schema(workspace)
    if is_phone:
        views.locator('a[href="#editor"]').click()
    workspace.change("schema.ts", "name: v.string()", "fullName: v.string()")
    if is_phone:
        views.locator('a[href="#dock"]').click()
    expect(panel.get_by_role("status")).to_contain_text("6 stored rows", timeout=SLOW_MS)
    panel.get_by_text("12 mismatches").click()
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)
