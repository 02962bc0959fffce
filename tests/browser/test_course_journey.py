"""The whole course by one learner who answers everything right, and one lesson by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from lessons import catalogue, corpus
from tests.browser.course_walk import CHECK_MS, Walk
from tests.browser.test_keyboard import tab_into_editor, tab_to
from tests.browser.test_lesson_page import LINES, WAIT_MS
from tests.browser.workspace_page import WorkspacePage

OPEN = [lesson for listing in catalogue.course() if listing.available and (lesson := catalogue.lesson(listing.slug))]


def begin(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Your pseudonym").fill("Kittiwake")
    page.get_by_role("button", name="Start the course").click()
    page.wait_for_url("**/learn/**")


@pytest.mark.slow
def test_the_course_is_walked_with_the_right_solutions_to_the_certificate(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.set_default_timeout(CHECK_MS)
    begin(page)
    for lesson in OPEN:
        walk = Walk(page, lesson)
        if lesson.slug == "pull-one-thread":
            walk.rename("schema.ts", "name: v.string()", "fullName: v.string()")
        walk.through()
        walk.see_it_run()
    tasks = sum(len(lesson.tasks) for lesson in OPEN)
    page.goto("/course/")
    expect(page.get_by_text(f"{tasks} of {tasks} tasks proved")).to_be_visible()
    page.goto("/certificate/")
    expect(page.get_by_role("link", name="Download the signed file")).to_be_visible()


def test_a_lesson_by_keyboard_alone(sign_up: Callable[..., WorkspacePage]) -> None:
    """Predict, answer, put lines in order, edit, check: no mouse."""
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    page.goto("/learn/trash-can/?step=1")
    tab_to(page, workspace.step.get_by_role("radio").first)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(workspace.step.get_by_text("Your prediction is kept.")).to_be_visible()
    go_on(workspace)

    tab_to(page, workspace.step.get_by_role("radio").first)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(workspace.step.get_by_text("That is right.")).to_be_visible()
    workspace.open_task()

    put_in_order(workspace)
    write_the_solution(workspace)
    page.keyboard.press("Control+Shift+Enter")
    expect(workspace.task.locator("[data-proved]")).to_be_visible(timeout=30_000)


def go_on(workspace: WorkspacePage) -> None:
    tab_to(workspace.page, workspace.step.get_by_role("link", name="Next", exact=True))
    workspace.page.keyboard.press("Enter")
    expect(workspace.step.get_by_role("heading", level=2)).to_be_focused()


def put_in_order(workspace: WorkspacePage) -> None:
    page, task = workspace.page, workspace.task
    for number, word in enumerate(["Restate", "Point", "Concept", "Blocks"]):
        if number:
            expect(task.locator(".hint-note")).to_contain_text("can be opened now", timeout=WAIT_MS)
        hint = task.get_by_role("button", name=word, exact=True)
        tab_to(page, hint)
        page.keyboard.press("Enter")
        expect(hint).to_have_attribute("aria-expanded", "true")
    ready = task.get_by_role("listbox", name="Blocks to choose from")
    tab_to(page, ready)
    for line in LINES:
        page.keyboard.press("Home")
        for _ in range(ready.get_by_role("option").locator("code").all_inner_texts().index(line)):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    tab_to(page, task.get_by_role("button", name="Check the order"))
    page.keyboard.press("Enter")
    expect(task.get_by_text("The blocks are in order.")).to_be_visible()


def write_the_solution(workspace: WorkspacePage) -> None:
    page = workspace.page
    lesson = catalogue.lesson("trash-can")
    right = next(solution for solution in corpus.solutions(lesson, 1) if solution.is_right)
    for file in ("convex/signups.ts", "src/App.tsx"):
        tab_to(page, page.get_by_role("tab", selected=True).first, "Shift+Tab")
        name = file.rpartition("/")[2]
        while name not in page.evaluate("document.activeElement.textContent"):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        tab_into_editor(page)
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(right.files[file])
        page.keyboard.press("Escape")
