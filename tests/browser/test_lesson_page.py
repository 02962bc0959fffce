"""The lesson column: steps, predictions, questions, hints and blocks, by mouse, keyboard and finger."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from lessons import hint_page
from tests.browser.test_accessibility import PHONE, assert_nothing_sticks_out, looks, violations
from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]

WAIT_MS = int(hint_page.PAUSE_SECONDS * 1000) + 12_000
LINES = [
    "export const listArchived = query({",
    "args: { ownerId: v.string() },",
    "handler: async (ctx, { ownerId }) => {",
    "const rows = await ctx.db",
    '.query("signups")',
    '.withIndex("by_owner", (q) => q.eq("ownerId", ownerId))',
    ".collect();",
    "return rows.filter((row) => row.archivedAt !== undefined);",
    "},",
    "});",
]


@pytest.fixture
def lesson(sign_up: SignUp) -> WorkspacePage:
    workspace = sign_up()
    workspace.open_step(1)
    return workspace


def heading(workspace: WorkspacePage) -> str:
    return workspace.step.get_by_role("heading", level=2).inner_text()


def test_steps_go_on_and_back_and_a_reload_stays(lesson: WorkspacePage) -> None:
    page = lesson.page
    lesson.step.get_by_role("link", name="Next").click()
    second = heading(lesson)
    expect(page).to_have_url(re.compile(r"\?step=2$"))
    expect(page.locator(":focus")).to_have_text(second)
    page.go_back()
    expect(page.locator("lesson-steps")).to_have_attribute("data-current", "1")
    page.go_forward()
    page.reload()
    assert heading(lesson) == second
    expect(page.get_by_role("navigation", name="Steps")).to_contain_text("step 2 of")
    page.goto("/learn/trash-can/")
    assert heading(lesson) == second


def test_what_is_open_is_said_and_nothing_is_locked(lesson: WorkspacePage) -> None:
    page = lesson.page
    expect(lesson.step.get_by_text("The prediction is still open")).to_be_visible()
    lesson.open_task()
    expect(lesson.step.get_by_text("Task 1 is still open")).to_be_visible()
    lesson.open_step(1)
    lesson.step.get_by_role("radio").first.check()
    lesson.step.get_by_role("button", name="Keep my prediction").click()
    expect(lesson.step.get_by_text("is still open")).to_be_hidden()
    expect(page.locator('[data-tick="1"]')).to_have_attribute("data-done", "")


def test_a_prediction_is_kept_and_explained_when_wanted(lesson: WorkspacePage) -> None:
    lesson.step.get_by_role("button", name="Keep my prediction").click()
    expect(lesson.step.get_by_role("alert")).to_have_text("Choose one answer first.")
    lesson.step.get_by_label("The row stays until Bob reloads.").check()
    lesson.step.get_by_role("button", name="Keep my prediction").click()
    why = lesson.step.get_by_text("What happens, and why")
    expect(lesson.step.get_by_text("Something else happens.")).to_be_hidden()
    expect(lesson.page.locator(":focus")).to_contain_text("Your prediction is kept")
    why.click()
    expect(lesson.step.get_by_text("Something else happens.")).to_be_visible()
    expect(lesson.step.locator(".reasons").get_by_text("Right", exact=True)).to_have_count(1)
    lesson.page.reload()
    expect(lesson.step.get_by_label("The row stays until Bob reloads.")).to_be_checked()
    expect(lesson.step.get_by_role("button", name="Keep my prediction")).to_have_count(0)


def test_a_question_is_explained_and_tried_again(lesson: WorkspacePage) -> None:
    lesson.open_step(2)
    lesson.step.get_by_label("patch(id, {})").check()
    lesson.step.get_by_role("button", name="Answer").click()
    expect(lesson.step.get_by_text("Not yet right.")).to_be_visible()
    expect(lesson.step.locator(".is-mine")).to_contain_text("your answer")
    lesson.step.get_by_role("button", name="Try again").click()
    expect(lesson.step.get_by_role("radio").first).to_be_focused()
    lesson.step.get_by_label("patch(id, { archivedAt: undefined })").check()
    lesson.page.keyboard.press("Enter")
    expect(lesson.step.get_by_text("That is right.")).to_be_visible()
    lesson.page.reload()
    expect(lesson.step.get_by_text("That is right.")).to_be_visible()


def test_a_file_named_in_the_prose_opens_in_the_editor(lesson: WorkspacePage) -> None:
    lesson.wait_until_live()
    lesson.step.get_by_role("link", name="signups.ts").click()
    expect(lesson.tab("signups.ts")).to_have_attribute("aria-selected", "true")


def test_the_check_key_goes_to_the_task(lesson: WorkspacePage) -> None:
    lesson.wait_until_live()
    lesson.page.keyboard.press("Control+Shift+Enter")
    expect(lesson.task).to_contain_text("Not yet", timeout=30_000)
    expect(lesson.task).to_be_visible()


def open_hints(workspace: WorkspacePage, last: int) -> None:
    """Each after the pause: the note says when."""
    words = ["Restate", "Point", "Concept", "Blocks", "Next line"]
    for number, word in enumerate(words[:last]):
        if number:
            expect(workspace.task.locator(".hint-note")).to_contain_text("can be opened now", timeout=WAIT_MS)
        workspace.task.get_by_role("button", name=word, exact=True).click()
        expect(workspace.task.get_by_role("button", name=word, exact=True)).to_have_attribute("aria-expanded", "true")


def test_hints_open_one_by_one_with_a_pause_in_words(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.task.get_by_role("button", name="Restate").click()
    expect(workspace.task.locator(".hint-text")).to_contain_text("still in the table")
    expect(workspace.task.locator(".hint-note")).to_contain_text("“Point” opens in a moment.")
    workspace.task.get_by_role("button", name="Point", exact=True).click()
    expect(workspace.task.locator(".hint-note")).to_contain_text(re.compile(r"“Point” opens in \d+ s"))
    workspace.task.get_by_role("button", name="Next line").dispatch_event("click")
    expect(workspace.task.locator(".hint-note")).to_contain_text("“Point” comes first.")
    workspace.task.get_by_role("button", name="Restate").click()
    expect(workspace.task.locator(".hint-text")).to_be_hidden()


def test_blocks_are_put_in_order_by_keyboard_and_the_next_line_is_copied(sign_up: SignUp) -> None:
    workspace = sign_up()
    open_hints(workspace, 4)
    page = workspace.page
    ready = workspace.task.get_by_role("listbox", name="Blocks to choose from")
    chosen = workspace.task.get_by_role("listbox", name="Your order")
    # The first two change places afterwards: Alt with an arrow.
    for line in [LINES[1], LINES[0], *LINES[2:]]:
        ready.focus()
        page.keyboard.press("Home")
        lines = ready.get_by_role("option").locator("code").all_inner_texts()
        for _ in range(lines.index(line)):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    check = workspace.task.get_by_role("button", name="Check the order")
    check.press("Enter")
    expect(workspace.task.get_by_text("Block 1 is the first wrong one")).to_be_visible()
    expect(chosen.get_by_role("option").first).to_contain_text("first wrong block")
    chosen.focus()
    page.keyboard.press("Home")
    page.keyboard.press("Alt+ArrowDown")
    expect(workspace.task.locator("parsons-blocks > [role=status]").first).to_contain_text("is block 2 of 10")
    check.press("Enter")
    expect(workspace.task.get_by_text("The blocks are in order.")).to_be_visible()
    assert workspace.text("signups.ts").count("listArchived") == 0, "the editor is the learner's"
    open_next = workspace.task.get_by_role("button", name="Next line")
    expect(workspace.task.locator(".hint-note")).to_contain_text("can be opened now", timeout=WAIT_MS)
    open_next.click()
    workspace.task.get_by_role("button", name="Copy").click()
    expect(workspace.task.get_by_role("button", name="Copied")).to_be_visible()


def test_blocks_are_put_in_order_with_a_finger(sign_up: SignUp, axe_source: str) -> None:
    workspace = sign_up(viewport=PHONE, has_touch=True, is_mobile=True)
    open_hints(workspace, 4)
    page = workspace.page
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)
    blocks = workspace.task.locator("parsons-blocks")
    for line in LINES[:2]:
        blocks.get_by_role("option", name=line).tap()
        blocks.get_by_role("button", name="Choose").tap()
    chosen = blocks.get_by_role("listbox", name="Your order").get_by_role("option")
    expect(chosen).to_have_count(2)
    drag_by_grip(page, chosen.nth(1).locator(".grip"), chosen.nth(0))
    expect(chosen.locator("code").first).to_have_text(LINES[1])
    blocks.get_by_role("button", name="Move down").tap()
    expect(chosen.locator("code").first).to_have_text(LINES[0])
    blocks.get_by_role("button", name="Check the order").tap()
    expect(blocks.get_by_text("Right so far. Blocks that are missing: 8.")).to_be_visible()


def drag_by_grip(page: Page, grip, target) -> None:
    """A finger on the grip, moved above the middle of another block: the browser's own touch events."""
    grip.scroll_into_view_if_needed()
    start, end = grip.bounding_box(), target.bounding_box()
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    client = page.context.new_cdp_session(page)

    def touch(kind: str, at: float | None) -> None:
        points = [] if at is None else [{"x": x, "y": at}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", y)
    for step in range(1, 6):
        touch("touchMove", y + (end["y"] + 2 - y) * step / 5)
    touch("touchEnd", None)


@looks
def test_axe_finds_nothing_in_answered_steps(
    sign_up: SignUp, axe_source: str, scheme: str, viewport: dict[str, int]
) -> None:
    workspace = sign_up(color_scheme=scheme, viewport=viewport)
    page = workspace.page
    if 760 <= viewport["width"] < 1200:
        page.get_by_role("link", name="Lesson", exact=True).click()
    workspace.open_step(1)
    workspace.step.get_by_role("radio").first.check()
    workspace.step.get_by_role("button", name="Keep my prediction").click()
    workspace.step.get_by_text("What happens, and why").click()
    assert violations(page, axe_source) == []
    workspace.open_step(2)
    workspace.step.get_by_role("radio").first.check()
    workspace.step.get_by_role("button", name="Answer").click()
    expect(workspace.step.get_by_role("button", name="Try again")).to_be_visible()
    assert violations(page, axe_source) == []
    workspace.open_task()
    workspace.task.get_by_role("button", name="Restate").click()
    expect(workspace.task.locator(".hint-text")).to_be_visible()
    assert violations(page, axe_source) == []
    assert_nothing_sticks_out(page)


def test_an_answer_that_cannot_be_sent_stays_and_is_sent_again(lesson: WorkspacePage) -> None:
    lesson.wait_until_live()
    page = lesson.page
    page.context.set_offline(True)
    lesson.step.get_by_role("radio").nth(1).check()
    lesson.step.get_by_role("button", name="Keep my prediction").click()
    expect(lesson.step.get_by_role("alert")).to_contain_text("That could not be sent.")
    expect(lesson.step.get_by_role("radio").nth(1)).to_be_checked()
    page.context.set_offline(False)
    lesson.step.get_by_role("button", name="Keep my prediction").click()
    expect(lesson.step.get_by_text("Your prediction is kept.")).to_be_visible()
    page.complaints.clear()  # the browser itself notes that it was offline
