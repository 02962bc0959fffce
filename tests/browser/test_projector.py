"""Projector mode: larger, without the pseudonym, the chaos lines open, Runs over the whole dock; remembered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WIDE
from tests.browser.test_accessibility import TABLET, assert_nothing_sticks_out, violations
from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]


def sign_up_amina(workspace: WorkspacePage) -> None:
    """By keyboard: Playwright looks for what lies in an enlarged frame at the wrong place."""
    name = workspace.app("alice").get_by_label("Name")
    name.fill("Amina Diallo")
    name.press("Enter")
    expect(workspace.runs.locator("li.group").first).to_contain_text("Amina Diallo")


def test_projector_is_a_key_a_button_and_a_menu_item_and_is_remembered(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    button = page.get_by_role("button", name="Projector", exact=True)
    expect(button).to_have_attribute("aria-pressed", "false")
    row = workspace.pane("alice").get_by_role("heading", name="Alice")
    usual = row.bounding_box()
    page.get_by_role("tab", name="Schema", exact=True).click()
    page.keyboard.press("Shift+Alt+KeyP")
    expect(button).to_have_attribute("aria-pressed", "true")
    large = row.bounding_box()
    assert usual
    assert large
    assert large["height"] == pytest.approx(usual["height"] * 1.25, abs=1)
    expect(page.get_by_text("Kittiwake")).to_be_hidden()
    expect(workspace.data).to_be_hidden()
    for persona in ("alice", "bob"):
        expect(workspace.pane(persona).get_by_label("Offline")).to_be_visible()
    runs, dock = workspace.runs.bounding_box(), page.locator("#dock").bounding_box()
    assert runs
    assert dock
    assert runs["width"] == pytest.approx(dock["width"], abs=1)
    page.reload()
    workspace.wait_until_live()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(workspace.pane("bob").get_by_label("Offline")).to_be_visible()
    page.get_by_role("button", name="Files and editor").click()
    page.get_by_role("menuitemcheckbox", name="Projector").click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(workspace.data).to_be_visible()
    expect(page.get_by_text("Kittiwake")).to_be_visible()
    expect(workspace.pane("bob").get_by_label("Offline")).to_be_hidden()


def test_what_is_enlarged_still_types_drags_and_clicks_in_place(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    page.get_by_role("button", name="Projector", exact=True).click()
    line = workspace.open("signups.ts").locator(".cm-line", has_text="handler").first
    box = line.bounding_box()
    assert box
    page.mouse.click(box["x"] + 100, box["y"] + box["height"] / 2)
    page.keyboard.press("End")
    page.keyboard.type(" // here")
    expect(line).to_contain_text("// here")
    page.keyboard.press("ControlOrMeta+z")
    bar = page.get_by_role("separator", name="Dock height")
    at = bar.bounding_box()
    assert at
    x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 50)
    page.mouse.up()
    moved = bar.bounding_box()
    assert moved
    assert moved["y"] + moved["height"] / 2 == pytest.approx(y - 50, abs=3)
    sign_up_amina(workspace)


@pytest.mark.parametrize(("scheme", "viewport"), [("light", WIDE), ("dark", TABLET)], ids=["light-1440", "dark-1024"])
def test_axe_finds_nothing_on_the_projector(
    sign_up: SignUp, axe_source: str, scheme: str, viewport: dict[str, int]
) -> None:
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    workspace.wait_until_live()
    workspace.page.get_by_role("button", name="Projector", exact=True).click()
    sign_up_amina(workspace)
    dock = workspace.page.locator("#dock").bounding_box()
    assert dock
    assert dock["y"] + dock["height"] <= viewport["height"], "the page is higher than the window"
    assert violations(workspace.page, axe_source) == []
    assert_nothing_sticks_out(workspace.page)
