"""Lesson 7: a field is renamed in the schema, the files that turn red are noted, and the type checker prints them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import LOOKS, assert_nothing_sticks_out, violations
from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]


def open_lesson(sign_up: SignUp, **options: object) -> Page:
    page = sign_up(**options).page
    page.goto("/learn/pull-one-thread/")
    return page


def test_a_rename_turns_files_red_is_noted_and_printed_and_its_lines_lead_to_their_places(
    sign_up: SignUp, axe_source: str
) -> None:
    page = open_lesson(sign_up)
    workspace = WorkspacePage(page)
    workspace.wait_until_live()
    with page.expect_request("**/renamed", timeout=60_000) as noted:
        workspace.change("schema.ts", "name: v.string()", "fullName: v.string()")
    assert noted.value.post_data_json == {"from": "name", "to": "fullName", "places": 4}
    workspace.open_step(3)
    demo = page.locator("demo-tsc-output")
    run = demo.get_by_role("button", name="Run the type checker")
    expect(run).to_be_disabled()
    page.get_by_label("The places in all files, those in the component too").check()
    page.get_by_role("button", name="Keep my prediction").click()
    expect(run).to_be_enabled()
    run.press("Enter")
    expect(demo.get_by_role("status")).to_contain_text("4 errors in 2 files, without running anything.", timeout=40_000)
    output = demo.get_by_role("group", name="Output of the type checker")
    expect(output).to_contain_text("error TS2339: Property 'name' does not exist")
    assert violations(page, axe_source) == []
    output.get_by_role("link", name="src/App.tsx").click()
    expect(workspace.tab("App.tsx")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("slug", ["yours-and-mine", "pull-one-thread", "the-librarian"])
def test_each_step_is_clean_in_the_dark_on_a_phone(sign_up: SignUp, axe_source: str, slug: str) -> None:
    scheme, viewport = LOOKS[-1]
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    page = workspace.page
    page.goto(f"/learn/{slug}/")
    page.get_by_role("navigation", name="Views").locator('a[href="#lesson"]').click()
    for number in range(1, page.locator("[data-step]").count() + 1):
        workspace.open_step(number)
        assert violations(page, axe_source) == []
        assert_nothing_sticks_out(page)
