"""What helps while editing: a list of problems, fixes, definitions, search, keys, undo after a reload."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.test_accessibility import violations
from tests.browser.workspace_page import WorkspacePage


def test_problems_are_listed_and_fixed_and_undo_outlives_a_reload(
    sign_up: Callable[..., WorkspacePage], axe_source: str
) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.wait_for_types()
    page = workspace.page
    before = workspace.text("signups.ts")
    workspace.write("signups.ts", before.replace("import { v }", "import {}"))
    workspace.open("App.tsx")
    workspace.footer.get_by_role("button", name="problem").click()
    problems = page.get_by_role("list", name="Problems")
    expect(problems).to_contain_text("Cannot find name 'v'", timeout=30_000)
    assert violations(page, axe_source) == []
    problems.get_by_role("button", name="Show fixes").first.click()
    expect(workspace.tab("signups.ts")).to_have_attribute("aria-selected", "true")
    fix = page.locator(".editor-message").get_by_role("button", name="import").first
    expect(fix).to_be_visible(timeout=30_000)
    assert violations(page, axe_source) == []
    fix.click()
    expect(workspace.footer).to_contain_text("no problems", timeout=30_000)
    page.reload()
    workspace.wait_until_live()
    workspace.open("signups.ts").focus()
    page.keyboard.press("ControlOrMeta+z")
    page.keyboard.press("ControlOrMeta+z")
    assert workspace.text("signups.ts") == before


def test_definitions_format_search_and_keys(sign_up: Callable[..., WorkspacePage], axe_source: str) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.wait_for_types()
    page = workspace.page
    workspace.change("signups.ts", "import { v } from", "import {v} from")
    page.keyboard.press("Shift+Alt+f")
    expect(page.locator("code-editor .cm-content")).to_contain_text("import { v } from")
    page.keyboard.press("ControlOrMeta+Home")
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("F12")
    peeked = page.get_by_role("tab", name="read only")
    expect(peeked).to_have_attribute("aria-selected", "true")
    page.keyboard.type("x")
    expect(page.locator(".editor-message")).to_contain_text("read only")
    page.get_by_role("button", name="Files and editor").click()
    page.get_by_role("menuitem", name="Close").click()
    expect(peeked).to_have_count(0)
    workspace.open("signups.ts").focus()
    page.keyboard.press("ControlOrMeta+f")
    expect(page.get_by_role("textbox", name="Find")).to_be_focused()
    assert violations(page, axe_source) == []
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="signups.ts").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Format the file")
    assert violations(page, axe_source) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_function_at_the_cursor_is_run_by_key(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    content = workspace.open("signups.ts")
    content.get_by_text("listActive").click()
    workspace.page.keyboard.press("ControlOrMeta+Enter")
    expect(workspace.page.get_by_role("tab", name="Function", exact=True)).to_have_attribute("aria-selected", "true")
    expect(workspace.page.get_by_role("tabpanel", name="Function", exact=True)).to_contain_text("listActive")
