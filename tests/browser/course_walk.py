"""Walks a lesson as a learner does who knows every answer: the shipped right ones, given through the page."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from lessons import corpus
from lessons.lesson import Lesson
from lessons.steps import Demo, Predict, Quiz, TaskBlock, Words
from tests.browser.workspace_page import WorkspacePage

CHECK_MS = 60_000
OWN_WORDS = "A table keeps every row in the shape that its schema names, and tells all who read it when a row changes."

# The page's own address of its files, as the editor saves there; the reload afterwards compiles what the panes show.
SAVE = """async (wanted) => {
  const config = JSON.parse(document.getElementById("workspace-config").textContent);
  const now = await (await fetch(config.urls.files)).json();
  const removed = Object.keys(now.files).filter((path) => !(path in wanted));
  const body = JSON.stringify({ base_revision: now.revision, files: wanted, compiled: {}, removed });
  const headers = { "Content-Type": "application/json", "X-CSRFToken": config.csrf };
  const saved = await fetch(config.urls.files, { method: "POST", headers, body });
  return saved.ok ? "" : await saved.text();
}"""


class Walk:
    """One lesson on the page, from its first step."""

    def __init__(self, page: Page, lesson: Lesson) -> None:
        self.page = page
        self.lesson = lesson
        self.workspace = WorkspacePage(page)

    def rename(self, file: str, old: str, new: str) -> None:
        """Turns files red, and waits until the course has heard of it."""
        self._arrive()
        with self.page.expect_response("**/renamed", timeout=CHECK_MS):
            self.workspace.change(file, old, new)

    def _arrive(self) -> None:
        self.page.goto(f"/learn/{self.lesson.slug}/?step=1")
        # The page brings what it opened live first; a save beside it would be another person's.
        expect(self.page.locator("save-status")).to_contain_text("Saved as revision", timeout=CHECK_MS)

    def through(self) -> None:
        self._arrive()
        for step in self.lesson.steps:
            expect(self.workspace.step.get_by_role("heading", level=2).first).to_have_text(step.title)
            for block in step.blocks:
                self._answer(block)
            if step is not self.lesson.steps[-1]:
                expect(self.workspace.step.locator("[data-open-note]")).to_have_text("")
                self.workspace.step.get_by_role("link", name="Next", exact=True).click()

    def see_it_run(self) -> None:
        """The panes show the last solution, with everything answered as it was."""
        self.page.reload()
        for persona in ("alice", "bob"):
            expect(self.workspace.pane(persona).get_by_text("up to date")).to_be_visible(timeout=CHECK_MS)
        ticks = self.page.locator("[data-tick]")
        for number in range(ticks.count()):
            expect(ticks.nth(number)).to_have_attribute("data-done", "")

    def _answer(self, block: object) -> None:
        match block:
            case Predict() | Quiz():
                self._choose(block)
            case Words():
                self._write(block)
            case TaskBlock():
                self._solve(block.number)
            case Demo():
                stage = self.workspace.step.locator(f"#block-{block.id} > :first-child")
                expect(stage).not_to_have_attribute("disabled", re.compile(".*"))
                expect(stage.locator(":scope > *").first).to_be_visible(timeout=CHECK_MS)

    def _choose(self, block: Predict | Quiz) -> None:
        place = self.workspace.step.locator(f"#block-{block.id}")
        for number, option in enumerate(block.options):
            if option.is_right:
                place.locator(f'input[value="{number}"]').check()
        place.locator("button[type=submit]").click()
        expect(place).to_have_attribute("data-done", "")

    def _write(self, block: Words) -> None:
        place = self.workspace.step.locator(f"#block-{block.id}")
        times = block.words_min // len(OWN_WORDS.split()) + 1
        place.get_by_role("textbox").fill(" ".join([OWN_WORDS] * times))
        expect(place.get_by_text("Kept for you")).to_be_visible()

    def _solve(self, number: int) -> None:
        right = next(solution for solution in corpus.solutions(self.lesson, number) if solution.is_right)
        assert self.page.evaluate(SAVE, dict(right.files)) == ""
        task = self.workspace.step.locator(f"#block-task-{number}")
        task.get_by_role("button", name="Check", exact=True).click()
        expect(task.locator("[data-proved], .badge.bad.state")).to_be_visible(timeout=CHECK_MS)
        assert task.locator("[data-proved]").count() == 1, task.locator(".outcome").inner_text()
