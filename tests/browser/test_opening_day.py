"""Opening day: a project with names of its own, roles chosen by hand, and the attack on the score card."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from lessons import catalogue, corpus
from tests.browser.conftest import WIDE
from tests.browser.test_accessibility import PHONE, assert_nothing_sticks_out, violations
from tests.browser.workspace_page import WorkspacePage

# Names that no guess finds: each function says what a shelf does.
OWN_NAMES = {"add": "shelve", "mine": "inSight", "archive": "store", "restore": "fetchUp"}
ROLES = {
    "create": "notes:shelve",
    "list": "notes:inSight",
    "archive": "notes:store",
    "restore": "notes:fetchUp",
    "erase": "erasure:everythingOfMine",
}


def shop_files() -> dict[str, str]:
    lesson = catalogue.lesson("opening-day")
    assert lesson is not None
    solution = next(one for one in corpus.solutions(lesson, 3) if one.name == "right-1-notes")
    files = {path: text for path, text in solution.files.items() if path.startswith("convex/")}
    for name, own in OWN_NAMES.items():
        files["convex/notes.ts"] = files["convex/notes.ts"].replace(f"export const {name} =", f"export const {own} =")
    return files


def open_shop(sign_up: Callable[..., WorkspacePage]) -> WorkspacePage:
    workspace = sign_up()
    page = workspace.page
    page.goto("/learn/opening-day/")
    expect(workspace.app("alice").get_by_text("Nothing is on the shelves yet.")).to_be_visible(timeout=20_000)
    expect(page.locator("save-status")).to_contain_text("Saved as revision 1", timeout=20_000)
    config = json.loads(page.locator("#workspace-config").text_content() or "")
    answer = page.request.post(
        config["urls"]["files"],
        data={"base_revision": config["revision"], "files": shop_files(), "compiled": {}},
        headers={"X-CSRFToken": config["csrf"], "Referer": page.url},
    )
    assert answer.ok, answer.text()
    assert answer.json()["problems"] == []
    # The tab compiles what the panes show, and with that the revision goes live.
    page.reload()
    expect(page.locator("save-status")).to_contain_text("Saved as revision 2", timeout=20_000)
    return workspace


def predict(workspace: WorkspacePage, option: str) -> None:
    workspace.step.get_by_label(option).check()
    workspace.step.get_by_role("button", name="Keep my prediction").click()


def choose_roles(workspace: WorkspacePage) -> Locator:
    workspace.open_task(1)
    roles = workspace.step.locator("demo-roles")
    expect(roles.locator("select").first).to_be_visible()
    for role, path in ROLES.items():
        with workspace.page.expect_response(lambda answer: answer.url.endswith("/demos/roles/") and answer.ok):
            roles.locator(f'select[name="{role}"]').select_option(path)
    expect(roles.get_by_role("status")).to_have_text("Every role is played.")
    return roles


def test_own_names_are_cast_and_stand_the_attack(sign_up: Callable[..., WorkspacePage], axe_source: str) -> None:
    workspace = open_shop(sign_up)
    roles = choose_roles(workspace)
    assert violations(workspace.page, axe_source) == []
    workspace.page.reload()
    expect(roles.locator('select[name="archive"]')).to_have_value("notes:store")
    workspace.open_task(3)
    card = workspace.step.locator("demo-score-card")
    expect(card.get_by_role("button", name="Attack")).to_have_attribute("aria-disabled", "true")
    predict(workspace, "The archive: the list reads its own rows only")
    card.get_by_role("button", name="Attack").click()
    expect(card.get_by_role("status")).to_have_text("7 of 7 promises held.", timeout=60_000)
    expect(card.get_by_role("listitem").filter(has_text="holds")).to_have_count(7)
    workspace.step.get_by_role("button", name="Check").click()
    expect(workspace.step.locator("section.task")).to_contain_text("Proved", timeout=60_000)
    assert violations(workspace.page, axe_source) == []
    workspace.page.set_viewport_size(PHONE)
    assert_nothing_sticks_out(workspace.page)
    workspace.page.set_viewport_size(WIDE)
