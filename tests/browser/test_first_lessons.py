"""The desk with its file, and the counter with four windows: predicted, run, read and reached by keys alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import WIDE
from tests.browser.test_accessibility import PHONE, assert_nothing_sticks_out, violations
from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]
LONG = 60_000
looks = pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", WIDE), ("dark", PHONE)], ids=["light-1440", "dark-390"]
)


def open_step(sign_up: SignUp, lesson: str, step: int, **options: object) -> Page:
    page = sign_up(reduced_motion="reduce", **options).page
    page.goto(f"/learn/{lesson}/?step={step}")
    expect(page.locator(f'[data-step="{step}"]').first).to_be_visible()
    return page


def predict(page: Page, prediction: str, option: str) -> None:
    block = page.locator(f"#block-{prediction}")
    block.get_by_label(option, exact=False).check()
    block.get_by_role("button", name="Keep my prediction").click()


def run(demo: Locator, name: str) -> None:
    demo.get_by_role("button", name=name).click()
    expect(demo).not_to_have_attribute("aria-busy", "", timeout=LONG)


@looks
def test_the_file_loses_a_pupil_and_the_store_refuses_one(
    sign_up: SignUp, axe_source: str, scheme: str, viewport: dict[str, int]
) -> None:
    page = open_step(sign_up, "not-a-spreadsheet", 2, color_scheme=scheme, viewport=viewport)
    demo = page.locator("demo-csv-desk:visible")
    expect(demo.get_by_role("button", name="Run with the file")).to_be_disabled()
    predict(page, "last-seat", "20 lines in the file, 21 tickets printed.")
    run(demo, "Run with the file")
    expect(demo.get_by_role("log")).to_contain_text("Zainab Okonkwo holds a ticket and is not in the file.")
    expect(demo.locator(".desk-facts")).to_contain_text("Tickets printed21")
    expect(demo.get_by_role("img", name="20 seats taken. 1 with a ticket and without a seat.")).to_be_visible()
    assert violations(page, axe_source) == []
    run(demo, "Run with the store")
    expect(demo.get_by_role("log")).to_contain_text("The trip is full.")
    expect(demo.locator(".desk-facts")).to_contain_text("Rows in the store20")
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)


def test_the_other_mornings_are_as_real(sign_up: SignUp) -> None:
    page = open_step(sign_up, "not-a-spreadsheet", 3)
    predict(page, "bad-row", "On Friday")
    demo = page.locator("demo-csv-desk:visible")
    run(demo, "Run with the file")
    expect(demo.get_by_role("log")).to_contain_text("Mei Chen: “tomorrow” is nothing to dial.")
    run(demo, "Run with the store")
    expect(demo).to_contain_text("Path: .phone")

    page.goto("/learn/not-a-spreadsheet/?step=5")
    predict(page, "cut-save", "The first part of the new lines")
    demo = page.locator("demo-csv-desk:visible")
    run(demo, "Run with the file")
    expect(demo.get_by_role("log")).to_contain_text("SIGKILL")
    expect(demo.get_by_role("log")).to_contain_text("The file ends in the middle of a line")
    run(demo, "Run with the store")
    expect(demo.get_by_role("log")).to_contain_text("The table has 19 rows")


@looks
def test_a_request_is_handed_in_by_keys_and_a_wrong_window_answers(
    sign_up: SignUp, axe_source: str, scheme: str, viewport: dict[str, int]
) -> None:
    page = open_step(sign_up, "four-building-blocks", 2, color_scheme=scheme, viewport=viewport)
    predict(page, "window-for-weather", "The runtime refuses the request")
    demo = page.locator("demo-windows")
    card = demo.get_by_role("button", name="Book a seat for Yusuf")
    expect(card).to_be_enabled(timeout=LONG)
    card.focus()
    page.keyboard.press("Enter")
    expect(card).to_have_attribute("aria-pressed", "true")
    demo.get_by_role("button", name="Look query").focus()
    page.keyboard.press("Enter")
    expect(demo).to_contain_text("ctx.db.insert is not a function", timeout=LONG)
    assert violations(page, axe_source) == []
    demo.get_by_role("button", name="Change mutation").focus()
    page.keyboard.press("Enter")
    expect(demo).to_contain_text("It ran as one transaction and changed one row.", timeout=LONG)
    expect(demo).to_contain_text("11 of 12 left.")
    # The hand goes on to the next request.
    expect(demo.get_by_role("button", name="A bus is a number")).to_be_focused()
    assert violations(page, axe_source) == []


def test_a_request_is_dragged_to_its_window(sign_up: SignUp) -> None:
    page = open_step(sign_up, "four-building-blocks", 2)
    predict(page, "window-for-weather", "The runtime refuses the request")
    demo = page.locator("demo-windows")
    card, window = (demo.get_by_role("button", name=name) for name in ("Move João to bus 3", "Change mutation"))
    expect(card).to_be_enabled(timeout=LONG)
    data = page.evaluate_handle("new DataTransfer()")
    card.dispatch_event("dragstart", {"dataTransfer": data})
    window.dispatch_event("dragover", {"dataTransfer": data})
    expect(window).to_have_attribute("data-over", "")
    window.dispatch_event("drop", {"dataTransfer": data})
    expect(demo).to_contain_text("Move João to bus 3 at Change.", timeout=LONG)
    expect(demo).to_contain_text("It ran as one transaction and changed one row.")
