"""The course map: where somebody is on any machine, what the certificate waits for, and a project to take along."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import assert_nothing_sticks_out, looks, violations


def start(page: Page, pseudonym: str) -> None:
    page.goto("/")
    page.get_by_label("Your pseudonym").fill(pseudonym)
    page.get_by_role("button", name="Start the course").click()
    page.goto("/learn/trash-can/")
    expect(page.get_by_role("heading", name="Trash can").first).to_be_visible()


def test_work_goes_on_at_the_same_place_on_another_machine(open_page: Callable[..., Page]) -> None:
    here = open_page()
    start(here, "Kittiwake")
    here.get_by_role("link", name="Course", exact=True).first.click()
    expect(here.get_by_role("heading", name="Your reactive database")).to_be_visible()
    expect(here.locator("li[aria-current=step]")).to_contain_text("Trash can")
    expect(here.locator("li[aria-current=step]")).to_contain_text("you are here")
    here.get_by_role("link", name="any machine").click()
    here.get_by_role("button", name="Make a return code").click()
    code = here.locator("#return-code").inner_text()

    there = open_page()
    there.goto("/")
    there.get_by_label("Return code").fill(code)
    there.get_by_role("button", name="Continue").click()
    there.get_by_role("link", name="Continue: Trash can, task 1").click()
    expect(there).to_have_url(re.compile("/learn/trash-can/"))


def test_a_signed_in_home_leads_to_the_course(open_page: Callable[..., Page]) -> None:
    page = open_page()
    start(page, "Tern")
    page.goto("/")
    expect(page.get_by_role("link", name="Continue: Trash can, task 1")).to_be_visible()
    page.get_by_role("link", name="Open the course").click()
    expect(page.get_by_role("heading", name="What you can prove")).to_be_visible()


def test_the_certificate_says_what_it_waits_for(open_page: Callable[..., Page]) -> None:
    page = open_page()
    start(page, "Sandpiper")
    page.goto("/course/")
    page.get_by_role("link", name="What the certificate waits for").click()
    expect(page.get_by_role("heading", name="Your certificate waits")).to_be_visible()
    expect(page.get_by_role("link", name="Trash can", exact=True)).to_be_visible()
    page.goto("/certificate/verify/")
    page.get_by_label("Certificate").fill('{"statement": {}}')
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("alert")).to_contain_text("This is no certificate")


def test_a_lesson_downloads_as_a_project(open_page: Callable[..., Page]) -> None:
    page = open_page()
    start(page, "Dunlin")
    page.goto("/course/")
    with page.expect_download() as downloading:
        page.locator(".take").get_by_role("link", name="Trash can").click()
    download = downloading.value
    assert download.suggested_filename == "reactive-sandbox-trash-can.zip"
    archive = zipfile.ZipFile(io.BytesIO(Path(download.path()).read_bytes()))
    assert "reactive-sandbox-trash-can/package.json" in archive.namelist()


@looks
def test_axe_finds_nothing_on_the_course_pages(
    open_page: Callable[..., Page], axe_source: str, scheme: str, viewport: dict[str, int]
) -> None:
    page = open_page(viewport=viewport, color_scheme=scheme)
    start(page, "Plover")
    for address in ("/course/", "/certificate/", "/certificate/verify/"):
        page.goto(address)
        assert violations(page, axe_source) == [], address
        assert_nothing_sticks_out(page)
