"""Files in the editor: made, renamed, deleted, and every name or text that cannot be, answered in place."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.workspace_page import WorkspacePage

LIST = "export const title = 'On the bus ';"


def choose(workspace: WorkspacePage, item: str) -> None:
    workspace.page.get_by_role("button", name="Files and editor").click()
    workspace.page.get_by_role("menuitem", name=item).click()


def test_a_file_is_made_imported_renamed_and_deleted(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.wait_for_types()
    page = workspace.page
    page.get_by_role("button", name="New file").click()
    dialog = page.get_by_role("dialog")
    for wrong, reason in {"../x.ts": "begin with", "src/a b.ts": "does not work", "src/App.ts": "one module"}.items():
        dialog.get_by_label("Path").fill(wrong)
        dialog.get_by_role("button", name="Create").click()
        expect(dialog.get_by_role("alert")).to_contain_text(reason)
    dialog.get_by_label("Path").fill("src/words.ts")
    dialog.get_by_label("Path").press("Enter")
    expect(workspace.tab("words.ts")).to_have_attribute("aria-selected", "true")
    page.keyboard.insert_text(LIST)
    text = workspace.text("App.tsx").replace("Going ", "{title}")
    workspace.write("App.tsx", f'import {{ title }} from "./words";\n{text}')
    expect(workspace.app("bob").get_by_role("heading", name="On the bus")).to_be_visible(timeout=30_000)

    workspace.open("words.ts")
    choose(workspace, "Rename words.ts")
    dialog.get_by_label("Path").fill("src/parts/labels.ts")
    dialog.get_by_role("button", name="Rename").click()
    expect(workspace.tab("labels.ts")).to_be_visible()
    assert 'from "./parts/labels"' in workspace.text("App.tsx")

    workspace.open("labels.ts")
    choose(workspace, "Delete labels.ts")
    dialog.get_by_role("button", name="Delete").click()
    expect(workspace.tab("labels.ts")).to_have_count(0)
    expect(workspace.tab("App.tsx")).to_contain_text("error")


def test_calls_by_api_follow_a_renamed_file(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.wait_for_types()
    workspace.open("signups.ts")
    choose(workspace, "Rename signups.ts")
    dialog = workspace.page.get_by_role("dialog")
    expect(dialog).to_contain_text("calls by api.… and internal.… in all files")
    dialog.get_by_label("Path").fill("convex/riders.ts")
    dialog.get_by_role("button", name="Rename").click()
    expect(workspace.tab("riders.ts")).to_be_visible()
    text = workspace.text("App.tsx")
    assert "api.riders.listActive" in text
    assert "api.signups" not in text
    workspace.wait_until_saved(2)
    expect(workspace.footer).to_contain_text("no problems", timeout=30_000)


def test_a_locked_file_is_read_and_says_why_it_cannot_be_changed(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    page = workspace.page

    # No lesson locks a file yet; the page is told that this one does.
    page.add_init_script(
        """const parse = JSON.parse;
        JSON.parse = (text, ...rest) => {
            const value = parse(text, ...rest);
            if (Array.isArray(value?.locked)) value.locked = ['convex/schema.ts'];
            return value;
        };"""
    )
    page.reload()
    workspace.wait_until_live()
    before = workspace.text("schema.ts")
    workspace.open("schema.ts").click()
    page.keyboard.type("x")
    note = page.locator(".editor-message")
    expect(note).to_contain_text("convex/schema.ts is read only: the lesson relies on it as it is.")
    for item in ("Rename schema.ts", "Delete schema.ts"):
        note.get_by_role("button", name="Close").click()
        choose(workspace, item)
        expect(note).to_contain_text("is read only")
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert workspace.text("schema.ts") == before
    expect(workspace.tab("schema.ts")).to_contain_text("read only")
