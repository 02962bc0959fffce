"""The lesson page as a learner uses it: what can be done there, in the words of the page."""

from __future__ import annotations

from playwright.sync_api import FrameLocator, Locator, Page, expect


class WorkspacePage:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.runs = page.get_by_role("tabpanel", name="Runs", exact=True)
        self.data = page.get_by_role("region", name="Data", exact=True)
        self.task = page.get_by_role("region", name="Task 1")

    # ── panes

    def pane(self, persona: str) -> Locator:
        return self.page.locator(f'client-pane[persona="{persona}"]')

    def app(self, persona: str) -> FrameLocator:
        return self.pane(persona).frame_locator("iframe")

    def names(self, persona: str) -> Locator:
        """The names on the list of sign-ups in a pane."""
        return self.app(persona).locator("li > span:first-child")

    def add(self, persona: str, name: str) -> None:
        self.app(persona).get_by_label("Name").fill(name)
        self.app(persona).get_by_role("button", name="Add").click()

    def press_on(self, persona: str, name: str, button: str) -> None:
        self.app(persona).locator("li", has_text=name).get_by_role("button", name=button).click()

    def wait_until_live(self) -> None:
        for persona in ("alice", "bob"):
            expect(self.pane(persona).get_by_text("up to date")).to_be_visible(timeout=30_000)
            expect(self.names(persona).first).to_be_visible(timeout=30_000)

    def wait_for_types(self) -> None:
        expect(self.footer.get_by_text("problem")).to_be_visible(timeout=40_000)

    # ── editor

    @property
    def footer(self) -> Locator:
        return self.page.locator("code-editor .editor-foot")

    def tab(self, file: str) -> Locator:
        return self.page.get_by_role("tab", name=file)

    def open(self, file: str) -> Locator:
        self.tab(file).click()
        return self.page.locator("code-editor .cm-content:visible")

    def text(self, file: str) -> str:
        content = self.open(file)
        expect(content).to_be_visible()
        return str(content.evaluate("element => element.cmTile?.view?.state.doc.toString() ?? element.innerText"))

    def write(self, file: str, text: str) -> None:
        self.open(file).click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def change(self, file: str, old: str, new: str) -> None:
        text = self.text(file)
        assert old in text, f"{old!r} is not in {file}"
        self.write(file, text.replace(old, new))

    def wait_until_saved(self, revision: int) -> None:
        saved = self.page.locator("save-status")
        expect(saved).to_contain_text(f"Saved as revision {revision} · live after", timeout=20_000)

    # ── lesson

    @property
    def step(self) -> Locator:
        """The step in view."""
        return self.page.locator("[data-step]:not([hidden])")

    def open_step(self, number: int) -> None:
        self.page.locator(f'[data-tick="{number}"]').click()
        expect(self.page.locator("lesson-steps")).to_have_attribute("data-current", str(number))

    def open_task(self, number: int = 1) -> None:
        """Goes to the step with the task."""
        step = self.page.locator(f"[data-step]:has(#block-task-{number})").get_attribute("data-step")
        self.open_step(int(step or 0))

    def check(self) -> None:
        self.task.get_by_role("button", name="Check").click()
