"""Panes: asked once beside subscribed, and a network that behaves badly on request."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import LOOKS, violations
from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]
ALICES = ["Zainab Okonkwo", "Nguyễn Minh Anh", "João Pereira"]


def test_a_pane_that_asked_once_says_how_far_behind_it_is(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    bob = workspace.pane("bob")
    bob.get_by_text("Asked once", exact=True).click()
    expect(bob.get_by_role("button", name="Ask again")).to_be_visible()
    expect(workspace.names("bob")).to_have_text(ALICES)
    workspace.add("alice", "Amina Diallo")
    expect(bob.get_by_role("status")).to_contain_text("1 behind")
    expect(workspace.names("bob")).to_have_text(ALICES)
    bob.get_by_role("button", name="Ask again").click()
    expect(workspace.names("bob")).to_have_text([*ALICES, "Amina Diallo"])
    expect(bob.get_by_role("status")).to_contain_text("up to date")
    workspace.add("alice", "Kofi Mensah")
    expect(bob.get_by_role("status")).to_contain_text("1 behind")
    bob.get_by_text("Subscribed", exact=True).click()
    expect(workspace.names("bob")).to_have_text([*ALICES, "Amina Diallo", "Kofi Mensah"])


def test_chaos_cuts_the_line_delays_and_fails_a_call(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    alice = workspace.pane("alice")
    alice.get_by_text("Chaos", exact=True).click()
    alice.get_by_label("Offline").check()
    expect(alice.get_by_role("status")).to_contain_text("offline")
    workspace.add("alice", "Amina Diallo")
    workspace.add("bob", "Kofi Mensah")
    expect(workspace.names("bob")).to_have_text([*ALICES, "Kofi Mensah"])
    expect(workspace.names("alice")).to_have_text(ALICES)
    alice.get_by_label("Offline").uncheck()
    everybody = [*ALICES, "Kofi Mensah", "Amina Diallo"]
    expect(workspace.names("alice")).to_have_text(everybody, timeout=30_000)
    expect(workspace.names("bob")).to_have_text(everybody)
    alice.get_by_role("button", name="Fail the next call").click()
    workspace.add("alice", "Nobody")
    expect(alice.get_by_role("alert")).to_contain_text("failed on purpose")
    expect(alice.locator(".chaos .words")).to_contain_text("no errors")
    expect(workspace.names("bob")).to_have_text(everybody)
    assert [text for text in workspace.page.complaints if "failed on purpose" not in text] == []
    workspace.page.complaints.clear()
    alice.get_by_label("Delay of Alice’s network").fill("2000")
    expect(alice.locator(".chaos .words")).to_contain_text("2,000 ms delay")
    alice.get_by_role("button", name="Calm again").click()
    expect(alice.locator(".chaos .words")).to_have_text("online · no delay · no errors")


@pytest.mark.parametrize(("scheme", "viewport"), [LOOKS[0], LOOKS[-1]], ids=["light-1440", "dark-390"])
def test_axe_finds_nothing_in_a_pane_under_chaos(sign_up: SignUp, axe_source: str, scheme: str, viewport: dict) -> None:
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    if viewport["width"] < 760:
        workspace.page.get_by_role("navigation", name="Views").locator('a[href="#panes"]').click()
    workspace.wait_until_live()
    for persona in ("alice", "bob"):
        workspace.pane(persona).get_by_text("Chaos", exact=True).click()
    workspace.pane("bob").get_by_text("Asked once", exact=True).click()
    workspace.pane("alice").get_by_label("Slow results").check()
    expect(workspace.pane("bob").get_by_role("button", name="Ask again")).to_be_visible()
    assert violations(workspace.page, axe_source) == []
