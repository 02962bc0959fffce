"""Lesson 4: predict, pull the plug, and collect what is broken; in one mutation nothing stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from lessons import catalogue, corpus
from tests.browser.test_accessibility import LOOKS, assert_nothing_sticks_out, violations
from tests.browser.test_transactions import column, press
from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]


def open_lesson(sign_up: SignUp, **options: object) -> Page:
    page = sign_up(**options).page
    page.goto("/learn/all-or-nothing/")
    if options.get("viewport", {"width": 1440})["width"] < 760:  # type: ignore[index]
        page.get_by_role("navigation", name="Views").locator('a[href="#lesson"]').click()
    return page


def predict(page: Page, answer: str) -> None:
    page.get_by_label(answer).check()
    page.get_by_role("button", name="Keep my prediction").click()


def pull(demo: Locator, until: str) -> None:
    demo.get_by_role("button", name="Book, and pull the plug").click()
    expect(demo.get_by_role("status")).to_contain_text(until, timeout=30_000)


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [LOOKS[0], LOOKS[-1]],
    ids=[f"{s}-{v['width']}" for s, v in (LOOKS[0], LOOKS[-1])],
)
def test_the_plug_is_pulled_after_the_prediction_and_broken_states_are_kept(
    sign_up: SignUp, axe_source: str, scheme: str, viewport: dict
) -> None:
    page = open_lesson(sign_up, viewport=viewport, color_scheme=scheme)
    demo = page.locator("demo-unplug").first
    expect(demo.get_by_role("button", name="Book, and pull the plug")).to_be_disabled()
    predict(page, "A seat fewer and a payment, but no name.")
    pull(demo, "The store has a seat taken and a payment. Nobody takes it back.")
    museum = demo.get_by_role("region", name="Museum of broken states")
    expect(museum).to_contain_text("Paid, and not on the list")
    demo.get_by_role("button", name="Move addToList(bus, name) up").click()
    pull(demo, "The store has a seat taken and a name on the list.")
    expect(museum).to_contain_text("2 of 6 pieces.")
    demo.get_by_label("one mutation").check()
    pull(demo, "The store has nothing of the booking. Gone with the run: a seat taken and a name on the list.")
    expect(museum).to_contain_text("2 of 6 pieces.")
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)
    page.reload()
    expect(page.get_by_role("region", name="Museum of broken states").first).to_contain_text("A free ride")


def test_two_at_the_last_seat_with_the_learners_own_function(sign_up: SignUp) -> None:
    lesson = catalogue.lesson("all-or-nothing")
    assert lesson is not None
    right = next(one for one in corpus.solutions(lesson, 1) if one.is_right)
    page = open_lesson(sign_up)
    workspace = WorkspacePage(page)
    page.goto("/learn/all-or-nothing/?step=6")
    workspace.write("bookings.ts", right.files["convex/bookings.ts"])
    opener = page.get_by_role("button", name="Open Transactions")
    expect(opener).to_be_disabled()
    predict(page, "It starts again, reads “no seat left”, and throws.")
    opener.click()
    panel = page.get_by_role("tabpanel", name="Transactions", exact=True)
    alice, bob = column(panel, "Alice"), column(panel, "Bob")
    for side, name in ((alice, "Zainab"), (bob, "João")):
        side.get_by_label("Call", exact=True).select_option(label="book", timeout=30_000)
        picker = side.get_by_label("Row of buses for bus").first
        option = picker.locator("option", has_text="Bus 2")
        expect(option).to_be_attached()
        picker.select_option(option.get_attribute("value"))
        side.get_by_label("name string").first.fill(name)
        press(side, "Begin", "Held before step 1, db.get")
        press(side, "Step", "Held before step 2, db.patch")
    press(bob, "Run to end", "Committed at")
    press(alice, "Step", "step 3")
    press(alice, "Step", "step 4")
    press(alice, "Step", "the commit")
    press(alice, "Step", "Conflict: book changed row")
    press(alice, "Step", "The bus is full.")
    expect(page.locator("demo-last-seat").get_by_role("status")).to_contain_text("It was thrown away and began again.")
