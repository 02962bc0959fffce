"""One instructor and three learners: joining, a table that stays live, help, return codes; and axe."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import ROOT
from tests.browser.test_accessibility import assert_nothing_sticks_out, looks, violations
from tests.browser.workspace_page import WorkspacePage

PASSWORD = "correct horse battery"
PROJECTOR = {"width": 1920, "height": 1080}


@pytest.fixture(scope="module")
def instructor(live_server_url: str, live_server_log: Path) -> str:
    """The e-mail of an instructor of the live site, made as the handbook says."""
    command = [sys.executable, "manage.py", "create_instructor", "--data", str(live_server_log.parent / "var")]
    about = ["--name", "Ms Haddad", "--email", "haddad@school.example", "--password", "-"]
    subprocess.run([*command, *about], cwd=ROOT, input=f"{PASSWORD}\n", text=True, check=True)
    return "haddad@school.example"


class Classroom:
    """The instructor's pages, in the words of the pages."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def sign_in(self, email: str) -> None:
        self.page.goto("/sign-in/")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()

    def make(self, name: str) -> str:
        """Makes a class and returns its code."""
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_role("button", name="Make the class").click()
        return self.page.locator("#join-code").inner_text()

    def open_table(self) -> None:
        self.page.get_by_role("link", name="Open the table").click()
        expect(self.page.get_by_role("status")).to_have_text("live")

    def row(self, name: str) -> Locator:
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("rowheader", name=name, exact=True))

    def names(self) -> list[str]:
        return self.page.locator("#class-rows th").all_inner_texts()


@pytest.fixture
def classroom(open_page: Callable[..., Page], instructor: str) -> Classroom:
    classroom = Classroom(open_page(viewport=PROJECTOR))
    classroom.sign_in(instructor)
    return classroom


Join = Callable[[str, str], Page]


@pytest.fixture
def join(open_page: Callable[..., Page]) -> Join:
    """Somebody types the code on the first page and joins."""

    def join(code: str, pseudonym: str) -> Page:
        page = open_page()
        page.goto("/")
        page.get_by_label("Class code").fill(code)
        page.get_by_role("button", name="Join", exact=True).click()
        expect(page.get_by_text("The instructors of this class see:")).to_be_visible()
        page.get_by_label("Your pseudonym").fill(pseudonym)
        page.get_by_role("button", name="Join", exact=True).click()
        expect(page.get_by_role("heading", name="Your reactive database")).to_be_visible()
        return page

    return join


def test_an_instructor_sees_three_learners_work_and_helps_one(classroom: Classroom, join: Join) -> None:
    code = classroom.make("9b")
    classroom.open_table()
    expect(classroom.page.get_by_text("Nobody has joined yet")).to_be_visible()
    classroom.page.goto(f"{classroom.page.url}?unfolded=9")

    # they appear as they join
    tala, kwame, priya = (join(code, name) for name in ("Tala Reyes", "Kwame Boateng", "Priya Raman"))
    for name in ("Tala Reyes", "Kwame Boateng", "Priya Raman"):
        expect(classroom.row(name)).to_contain_text("not started yet")

    # one starts, and fails the same way three times: first row, reason in words
    kwame.goto("/learn/trash-can/")
    expect(classroom.row("Kwame Boateng")).to_contain_text("on 9.1", timeout=10_000)
    workspace = WorkspacePage(kwame)
    workspace.wait_until_live()
    workspace.open_task()
    for attempt in (1, 2, 3):
        workspace.check()
        expect(workspace.task).to_contain_text(f"try {attempt}" if attempt > 1 else "Not yet", timeout=30_000)
    expect(classroom.row("Kwame Boateng")).to_contain_text("same failure 3 times on 9.1", timeout=10_000)
    assert classroom.names()[0] == "Kwame Boateng"
    expect(classroom.page.locator("#class-summary")).to_contain_text("1 need help")

    # a reload shows the same
    before = classroom.page.locator("#class-rows").inner_text()
    classroom.page.reload()
    assert classroom.page.locator("#class-rows").inner_text() == before

    # beside the table, then on a page of its own
    classroom.page.get_by_role("link", name="Kwame Boateng").click()
    panel = classroom.page.get_by_role("complementary", name="Chosen learner")
    expect(panel.get_by_role("heading", name="Kwame Boateng")).to_be_focused()
    expect(panel).to_contain_text("Last check: not yet")
    panel.get_by_role("link", name="Attempts and code").click()
    expect(classroom.page.locator("ol.attempts > li")).to_have_count(3)
    expect(classroom.page.get_by_role("region", name="convex/signups.ts")).to_contain_text("export const listActive")

    # the learner lost the code: the instructor hands out a new one, which opens the work elsewhere
    classroom.page.get_by_role("button", name="Make a new return code").click()
    return_code = classroom.page.locator("#return-code").inner_text()
    tala.goto("/return/")
    tala.get_by_label("Return code").fill(return_code.upper())
    tala.get_by_role("button", name="Come back").click()
    expect(tala.get_by_role("link", name="Kwame Boateng")).to_be_visible()
    expect(tala.get_by_role("link", name="Continue: Trash can, task 1")).to_be_visible()

    # who leaves is gone from the table
    classroom.page.get_by_role("link", name="Class", exact=True).click()
    classroom.page.get_by_role("link", name="9b").first.click()
    priya.goto("/account/")
    priya.get_by_role("button", name="Leave 9b").click()
    expect(classroom.row("Priya Raman")).to_have_count(0, timeout=10_000)


def test_the_table_catches_up_after_a_gap(classroom: Classroom, join: Join) -> None:
    code = classroom.make("gap")
    classroom.open_table()
    classroom.page.context.set_offline(True)
    classroom.page.evaluate("document.querySelector('class-grid').disconnectedCallback()")
    join(code, "Noam Levi")
    assert classroom.names() == []
    classroom.page.context.set_offline(False)
    classroom.page.evaluate("document.querySelector('class-grid').connectedCallback()")
    expect(classroom.row("Noam Levi")).to_be_visible(timeout=20_000)


def test_names_give_way_to_aliases(classroom: Classroom, join: Join) -> None:
    code = classroom.make("aliases")
    join(code, "Sofia Papadaki")
    classroom.open_table()
    classroom.page.get_by_role("button", name="Aliases").click()
    expect(classroom.page.get_by_role("button", name="Aliases")).to_have_attribute("aria-pressed", "true")
    assert "Sofia" not in classroom.page.content()
    alias = classroom.names()[0]
    classroom.page.reload()
    assert classroom.names() == [alias]
    classroom.page.goto(str(classroom.page.get_by_role("link", name=alias).get_attribute("href")))
    expect(classroom.page).to_have_title(re.compile(alias))
    assert "Sofia" not in classroom.page.content()


def test_lessons_fold_and_unfold(classroom: Classroom) -> None:
    classroom.make("folds")
    classroom.open_table()
    link = classroom.page.locator("tr.gr a").filter(has_text="Trash can")
    was = link.get_attribute("aria-expanded")
    link.click()
    expect(classroom.page.locator("tr.gr a").filter(has_text="Trash can")).not_to_have_attribute("aria-expanded", was)


@looks
def test_axe_finds_nothing_in_the_classroom(
    open_page: Callable[..., Page], axe_source: str, join: Join, instructor: str, scheme: str, viewport: dict[str, int]
) -> None:
    classroom = Classroom(open_page(viewport=viewport, color_scheme=scheme))
    page = classroom.page
    page.goto("/sign-in/")
    assert violations(page, axe_source) == []
    classroom.sign_in(instructor)
    code = classroom.make(f"look {scheme} {viewport['width']}")
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)
    learner = join(code, "Malik Thompson")
    learner.goto("/learn/trash-can/")
    classroom.open_table()
    grid = page.url
    for address in (grid, str(page.locator("[data-learner]").get_attribute("href")), "/teach/", "/account/"):
        page.goto(address)
        assert violations(page, axe_source) == [], address
        assert_nothing_sticks_out(page)


@looks
def test_axe_finds_nothing_where_learners_come_in(
    open_page: Callable[..., Page],
    axe_source: str,
    join: Join,
    classroom: Classroom,
    scheme: str,
    viewport: dict[str, int],
) -> None:
    code = classroom.make(f"door {scheme} {viewport['width']}")
    page = open_page(viewport=viewport, color_scheme=scheme)
    for address in ("/join/", f"/join/{code.replace('-', '')}/", "/return/"):
        page.goto(address)
        assert violations(page, axe_source) == [], address
        assert_nothing_sticks_out(page)
    page.goto(f"/join/{code}/")
    page.get_by_label("Your pseudonym").fill("Hana Kobayashi")
    page.get_by_role("button", name="Join", exact=True).click()
    page.get_by_role("link", name="Hana Kobayashi").click()
    expect(page.get_by_role("button", name="Make a return code")).to_be_visible()
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)
    page.get_by_role("button", name="Make a return code").click()
    expect(page.locator("#return-code")).to_be_visible()
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)
