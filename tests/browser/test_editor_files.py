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
