"""The whole cycle without a pointer: edit, save, run, leave, check, follow the verdict, look around."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]
TABS_MAX = 80
IN_EDITOR = "document.activeElement.closest('.cm-content') !== null"


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Presses Tab until the control has the focus; leaves the editor on the way as its footer says."""
    for _ in range(TABS_MAX):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        if page.evaluate(IN_EDITOR):
            page.keyboard.press("Escape")
        page.keyboard.press(key)
    raise AssertionError(f"Tab did not reach {wanted}")


def tab_into_editor(page: Page) -> None:
    for _ in range(TABS_MAX):
        if page.evaluate(IN_EDITOR):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Tab did not reach the editor")


def replace_text(page: Page, old: str, new: str) -> None:
    """By the editor's own search, which is reached by keys."""
    page.keyboard.press("Control+f")
    page.keyboard.type(old)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.type(new)


def test_edit_run_check_by_keyboard_alone(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    tab_to(page, workspace.tab("schema.ts"))
    page.keyboard.press("ArrowRight")
    expect(workspace.tab("signups.ts")).to_be_focused()
    expect(workspace.tab("signups.ts")).to_have_attribute("aria-selected", "true")
    tab_into_editor(page)
    replace_text(page, "await ctx.db.delete(id);", "return await ctx.db.delete(id);")
    page.keyboard.press("Control+s")
    workspace.wait_until_saved(2)

    # The cursor stands in "remove" now; the query above is reached by a search, too.
    page.keyboard.press("Control+f")
    page.keyboard.type("listActive")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    function = page.get_by_role("tabpanel", name="Function", exact=True)
    expect(function.get_by_role("heading", name="listActive")).to_be_visible(timeout=30_000)
    owner = function.get_by_label("ownerId")
    tab_to(page, owner)
    page.keyboard.type("alice")
    page.keyboard.press("Control+Enter")
    expect(function.locator(".tree")).to_contain_text("[3 items]")

    page.keyboard.press("Control+Shift+Enter")
    expect(workspace.task).to_contain_text("Not yet", timeout=30_000)
    look = workspace.task.locator("[data-go-to]").first
    tab_to(page, look, "Shift+Tab")
    page.keyboard.press("Enter")
    assert page.evaluate(IN_EDITOR)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert not page.evaluate(IN_EDITOR)


def test_tabs_splitters_and_the_list_of_keys_by_keyboard(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    tab_to(page, page.get_by_role("tab", name="Runs", exact=True))
    first, *others = page.get_by_role("tablist", name="What happened").get_by_role("tab").all_inner_texts()
    assert first == "Runs"
    assert {"Function", "Schema", "History"} <= {*others}
    for name in others:
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=name, exact=True)).to_be_focused()
        expect(page.get_by_role("tabpanel", name=name, exact=True)).to_be_visible()
    page.keyboard.press("Home")
    expect(workspace.runs).to_be_visible()

    dock = page.get_by_role("separator", name="Dock height")
    tab_to(page, dock)
    before = int(dock.get_attribute("aria-valuenow") or 0)
    page.keyboard.press("ArrowUp")
    expect(dock).to_have_attribute("aria-valuenow", str(before + 16))
    page.keyboard.press("Enter")
    expect(dock).to_have_attribute("aria-valuetext", "folded")
    page.keyboard.press("Enter")
    expect(dock).to_have_attribute("aria-valuetext", f"{before + 16} pixels")

    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Run the function at the cursor")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(dock).to_be_focused()
