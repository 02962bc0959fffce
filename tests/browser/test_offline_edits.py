"""Edits that the server does not have are kept in the browser, and become revisions when it can be reached again."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.workspace_page import WorkspacePage

KEPT = """() => new Promise(resolve => {
    const open = indexedDB.open('workspace-edits');
    open.onsuccess = () => {
        const all = open.result.transaction('kept').objectStore('kept').getAll();
        all.onsuccess = () => {
            open.result.close();
            resolve(all.result.flatMap(({pauses}) => pauses).length);
        };
    };
})"""


def wait_for_kept(workspace: WorkspacePage, count: int) -> None:
    """Until this browser keeps that many pauses."""
    workspace.page.wait_for_function(f"async () => await ({KEPT})() === {count}")


def test_a_reload_before_the_save_loses_nothing(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    page.route("**/files", lambda route: None if route.request.method == "POST" else route.continue_())
    workspace.change("App.tsx", "Going ", "On the bus ")
    wait_for_kept(workspace, 1)
    page.unroute_all()
    page.reload()
    expect(page.locator(".editor-message")).to_contain_text("They are back")
    assert "On the bus" in workspace.text("App.tsx")
    workspace.wait_until_saved(2)
    wait_for_kept(workspace, 0)


def test_every_pause_without_a_connection_becomes_a_revision(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    page.context.set_offline(True)
    status = page.locator("save-status")
    for number, words in enumerate(["On the bus ", "On board "], 1):
        workspace.write("App.tsx", workspace.text("App.tsx").replace("Going ", words).replace("On the bus ", words))
        expect(status).to_contain_text("Not saved")
        wait_for_kept(workspace, number)
    page.context.set_offline(False)
    workspace.wait_until_saved(3)
    page.complaints.clear()  # type: ignore[attr-defined]
    page.reload()
    expect(status).to_contain_text("Saved as revision 3")
    assert "On board" in workspace.text("App.tsx")
