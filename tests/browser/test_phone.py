"""A third client on a phone: its address is given to the owner alone, and the app there lives with the others."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import PHONE, violations
from tests.browser.workspace_page import WorkspacePage


def test_a_phone_follows_the_others_and_takes_part(
    sign_up: Callable[..., WorkspacePage], open_page: Callable[..., Page], axe_source: str
) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.page.get_by_role("button", name="Phone").click()
    dialog = workspace.page.get_by_role("dialog")
    dialog.get_by_label("Whose pane").select_option("bob")
    expect(dialog.get_by_role("img", name="Bob’s pane")).to_be_visible()
    link = dialog.get_by_role("link", name="Open it in a tab")
    expect(link).to_have_attribute("href", re.compile("/phone/bob/"))
    assert violations(workspace.page, axe_source) == []
    address = link.get_attribute("href")
    dialog.get_by_role("button", name="Close").click()
    phone = open_page(viewport=PHONE)
    phone.goto(address)
    expect(phone.get_by_role("status")).to_have_text("up to date", timeout=30_000)
    names = phone.locator("li > span:first-child")
    expect(names).to_have_count(3)
    workspace.add("alice", "Amina Diallo")
    expect(names.last).to_have_text("Amina Diallo")
    phone.locator("li", has_text="Amina Diallo").get_by_role("button", name="Remove").click()
    expect(workspace.names("alice")).to_have_count(3)
    workspace.change("App.tsx", "Going ", "On the bus ")
    expect(phone.get_by_role("heading", name="On the bus")).to_be_visible(timeout=30_000)
    # An origin of its own: what runs there has no cookie of the site.
    assert phone.evaluate("window.origin") == "null"
    # React greets developers in a window that is nobody's frame.
    assert [text for text in phone.complaints if "React DevTools" not in text] == []
    phone.complaints.clear()
