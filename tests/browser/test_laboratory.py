"""The index laboratory in Chromium, on the small tables of the test server; by keyboard too."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_accessibility import PHONE, assert_nothing_sticks_out, looks, violations
from tests.browser.workspace_page import WorkspacePage
from tests.conftest import LABORATORY_SIZES

ADDRESS = "/learn/trash-can/laboratory/"
SIZES = LABORATORY_SIZES.split(",")
LONG = 120_000


@pytest.fixture
def open_laboratory(sign_up: Callable[..., WorkspacePage]) -> Callable[..., Page]:
    def open_laboratory(**options) -> Page:
        workspace = sign_up(**options)
        workspace.page.wait_for_url("**/learn/trash-can/**")
        workspace.page.goto(ADDRESS)
        wait_for_plan(workspace.page)
        return workspace.page

    return open_laboratory


def wait_for_plan(page: Page) -> None:
    expect(page.locator("#lab-plan")).to_have_text("by_owner · eq ownerId · all", timeout=LONG)
    expect(page.get_by_role("button", name="Stop")).to_be_hidden(timeout=LONG)


def predict(page: Page, scan: str = "4", index: str = "0,3") -> None:
    page.get_by_role("textbox", name="Full scan").fill(scan)
    page.get_by_role("textbox", name="By index").fill(index)
    page.get_by_role("button", name="Keep my prediction").click()
    expect(page.get_by_role("button", name="Predict again")).to_be_visible()


def measure(page: Page) -> None:
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden(timeout=LONG)
    expect(page.locator("#lab-problem")).to_be_hidden()


def rows(page: Page) -> Locator:
    return page.get_by_role("region", name="Measured figures").locator("tbody tr")


def test_a_prediction_then_the_measured_lines_and_the_same_numbers_as_csv(open_laboratory, tmp_path) -> None:
    page = open_laboratory()
    page.get_by_role("button", name="Measure", exact=True).click(force=True)  # it is not ready, and says why
    expect(page.get_by_role("textbox", name="Full scan")).to_be_focused()
    page.get_by_role("button", name="Keep my prediction").click()
    expect(page.get_by_role("alert").filter(has_text="milliseconds")).to_be_visible()
    predict(page)
    page.get_by_role("checkbox", name="JavaScript filter").check()
    page.get_by_role("checkbox", name="prefix only").check()
    measure(page)
    expect(rows(page)).to_have_count(len(SIZES))
    last = rows(page).last
    expect(last.locator("th")).to_have_text("40,000")
    assert last.locator("td").first.inner_text() == "10"
    expect(page.locator("#lab-summary")).to_contain_text("You said the scan takes 4 ms at 40,000 documents. It took")
    chart = page.locator("lab-chart svg:visible")
    for line in ("own", "scan", "wrong", "prefix"):
        expect(chart.locator(f"g.l-{line} .pt")).to_have_count(len(SIZES))
    # A function may not read so many: hollow. The index reads ten.
    expect(chart.locator("g.l-scan .pt.hol")).to_have_count(1)
    expect(chart.locator("g.l-own .pt.hol")).to_have_count(0)
    expect(chart.locator("g.l-javascript .pt")).to_have_count(3)
    expect(page.locator(".cost tbody tr")).to_have_count(3)
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as CSV").click()
    download.value.save_as(tmp_path / "figures.csv")
    saved = list(csv.DictReader((tmp_path / "figures.csv").read_text().splitlines()))
    scans = [row for row in saved if row["line"] == "scan"]
    assert [row["documents_read"] for row in scans] == SIZES
    assert [row["name"] for row in saved[-3:]] == ["0 indexes", "1 indexes", "5 indexes"]
    # Another visit shows what was kept.
    page.reload()
    wait_for_plan(page)
    expect(rows(page)).to_have_count(len(SIZES))
    page.get_by_role("checkbox", name="full scan").uncheck()
    expect(chart.locator("g.l-scan")).to_have_count(0)


def test_the_prediction_is_drawn_with_the_pointer(open_laboratory) -> None:
    page = open_laboratory()
    box = page.locator("lab-chart svg:visible .pad").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + box["height"] - 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=12)
    page.mouse.up()
    assert 1 < float(page.get_by_role("textbox", name="Full scan").input_value()) < 100
    assert page.locator("lab-chart svg:visible .pred.now").get_attribute("d").count("L") == len(SIZES) - 1


def test_all_by_keyboard_on_a_smaller_table_cold(open_laboratory) -> None:
    page = open_laboratory()
    page.get_by_role("textbox", name="Full scan").focus()
    page.keyboard.type("20")
    page.keyboard.press("Tab")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Measure", exact=True)).to_be_focused()
    page.get_by_role("slider", name="Documents").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("slider", name="Documents")).to_have_attribute("aria-valuetext", "1,000 documents")
    page.get_by_role("radio", name="Warm").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Measure", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden(timeout=LONG)
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_role("region", name="Measured figures").locator("caption")).to_contain_text("cold runs")


def test_the_refusal_is_real_and_on_the_learners_own_table(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    page.get_by_role("link", name="Laboratory", exact=True).first.click()
    wait_for_plan(page)
    page.get_by_role("button", name="Run it on my table").click()
    notice = page.get_by_role("group", name="The limit of one function")
    expect(notice).to_contain_text("Your own table has 6 rows, too few to be refused", timeout=LONG)
    notice.get_by_role("button", name="Fill my table").click()
    expect(notice).to_contain_text("stopped at 32,000 documents", timeout=LONG)
    expect(notice).to_contain_text("Too many documents read in a single function execution (limit: 32000)")


def test_a_measurement_is_stopped_and_another_begins(open_laboratory) -> None:
    page = open_laboratory()
    predict(page)
    page.get_by_label("Runs a point").select_option("15")
    page.get_by_role("button", name="Measure", exact=True).click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status").filter(has_text="Stopped.")).to_be_visible()
    page.get_by_role("slider", name="Documents").fill("1")
    measure(page)
    expect(rows(page)).to_have_count(1)


def test_arguments_that_are_none_are_said_in_place(open_laboratory) -> None:
    page = open_laboratory()
    page.get_by_label("Arguments").fill("alice")
    page.get_by_label("Arguments").press("Tab")
    expect(page.locator("#lab-problem")).to_contain_text('{"ownerId": "alice"}')
    page.get_by_label("Arguments").fill('{"ownerId": 7}')
    page.get_by_label("Arguments").press("Tab")
    expect(page.locator("#lab-problem")).to_contain_text("ArgumentValidationError", timeout=LONG)


@looks
def test_axe_finds_nothing_in_the_laboratory(
    open_laboratory: Callable[..., Page], axe_source: str, scheme: str, viewport: dict[str, int]
) -> None:
    page = open_laboratory(viewport=viewport, color_scheme=scheme)
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)
    predict(page)
    page.get_by_role("slider", name="Documents").fill("2")
    measure(page)
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)
    if viewport is PHONE:
        expect(page.locator("lab-chart svg.nar")).to_be_visible()
