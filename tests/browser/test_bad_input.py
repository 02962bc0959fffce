"""Too much, of the wrong kind, or broken: each is answered in words, the page goes on, nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_function import open_functions
from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]

FILES_MAX = 40
PASTE = """(element, text) => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    element.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
}"""
DROP = """(element, files) => {
    const data = new DataTransfer();
    for (const [name, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name));
    const { x, y } = element.getBoundingClientRect();
    const at = { clientX: x + 60, clientY: y + 20 };
    element.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true, ...at}));
}"""
PNG = list(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
FLOOD = """
export const large = query({
  args: {},
  handler: async () => Array.from({ length: 8000 }, (_, at) => ({ at, text: "x".repeat(1250) })),
});
export const flood = mutation({
  args: {},
  handler: async () => {
    for (let line = 1; line <= 10_000; line++) console.log("line", line);
    return "through";
  },
});
"""


def assert_alive(workspace: WorkspacePage, name: str) -> None:
    """A click in one pane still changes the other."""
    workspace.add("alice", name)
    expect(workspace.names("bob").filter(has_text=name)).to_be_visible(timeout=30_000)


def test_five_megabytes_binary_and_many_files_stay_outside_of_the_editor(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    before = workspace.text("App.tsx")
    editor = workspace.open("App.tsx")
    note = workspace.page.locator(".editor-message")
    editor.evaluate(PASTE, "x" * 5_000_000)
    expect(note).to_contain_text("That would be 5.0 MB, and the whole project may hold 512 KiB. Nothing was changed.")
    editor.evaluate(PASTE, "PK\0\1\2")
    expect(note).to_contain_text("That is not text but a binary file.")
    note.get_by_role("button", name="Close").click()
    expect(note).to_be_empty()
    editor.evaluate(DROP, [["photo.png", PNG]])
    expect(note).to_contain_text("That is not text but a binary file.")
    editor.evaluate(DROP, [[f"{number}.ts", [65]] for number in range(200)])
    expect(note).to_contain_text("These are 200 files. Drop one at a time")
    assert workspace.text("App.tsx") == before
    editor.evaluate(DROP, [["words.ts", list(b"// dropped\n")]])
    expect(workspace.page.locator("code-editor .cm-content:visible")).to_contain_text("// dropped")


def test_names_that_cannot_be_are_refused_as_they_are_typed(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    page.get_by_role("button", name="New file").click()
    dialog = page.get_by_role("dialog")
    wrong = {
        "src//x.ts": "between two slashes has no name",
        "src/../../x.ts": "goes down only",
        "/etc/x.ts": "begin with one of them",
        "src\\x.ts": "parted by “/”",
        "src/a\u0007b.ts": "invisible character",
        "src/a\u202eb.ts": "invisible character",
        f"src/{'x' * 200}.ts": "At most 100 work",
        "src/photo.png": "ends with .ts",
        "src/_generated/x.ts": "written for you",
    }
    for name, reason in wrong.items():
        dialog.get_by_label("Path").fill(name)
        dialog.get_by_role("button", name="Create").click()
        expect(dialog.get_by_role("alert")).to_contain_text(reason)
        expect(dialog.get_by_label("Path")).to_have_value(name)
    page.keyboard.press("Escape")
    assert page.locator("code-editor [role=tab]").count() == 3


def test_the_forty_first_file_is_refused_in_words(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    config = page.locator("#workspace-config").evaluate("element => JSON.parse(element.textContent)")

    def save(count: int) -> tuple[int, str]:
        more = {f"src/part{number}.ts": f"export const part{number} = {number};\n" for number in range(count - 3)}
        body = {"base_revision": config["revision"], "files": {**config["files"], **more}, "compiled": {}}
        headers = {"X-CSRFToken": config["csrf"], "Content-Type": "application/json"}
        answer = page.request.post(config["urls"]["files"], data=json.dumps(body), headers=headers)
        return answer.status, answer.text()

    status, words = save(200)
    assert status == 400
    assert "A project has at most 40 files, this one has 200." in words
    assert save(FILES_MAX)[0] == 200
    page.reload()
    expect(page.locator("code-editor [role=tab]")).to_have_count(FILES_MAX, timeout=30_000)
    page.get_by_role("button", name="New file").click()
    expect(page.locator(".editor-message")).to_contain_text(
        "This project has 40 files, and 40 are the most it may have."
    )
    expect(page.get_by_role("dialog")).to_have_count(0)


def import_csv(data: Locator, lines: str) -> None:
    data.get_by_label("Import a file").set_input_files(
        {"name": "riders.csv", "mimeType": "text/csv", "buffer": lines.encode()}
    )


def test_two_hundred_thousand_rows_come_in_and_a_broken_line_keeps_all_out(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    data = workspace.data
    data.get_by_role("button", name="Import and more").click()
    rows = [f"carol,Rider {number:06},{number}" for number in range(200_000)]
    broken = [*rows[:10_000], "carol,Rider without a bus", *rows[:10_000]]
    import_csv(data, "\n".join(["ownerId,name,bus", *broken]))
    refusal = data.get_by_role("alert").filter(has_text="Line 10,002: there are 2 cells")
    expect(refusal).to_be_visible(timeout=60_000)
    expect(data.locator(".count")).to_have_text("6 rows")
    import_csv(data, "\n".join(["ownerId,name,bus", *rows]))
    expect(data.locator(".said")).to_contain_text("rows written", timeout=120_000)
    assert_alive(workspace, "Amina Diallo")
    expect(data.locator(".said")).to_have_text("200,000 rows imported.", timeout=240_000)
    expect(data.locator(".count")).to_have_text("200,007 rows")


def with_functions(workspace: WorkspacePage) -> Locator:
    workspace.wait_until_live()
    panel = open_functions(workspace)
    workspace.write("signups.ts", workspace.text("signups.ts") + FLOOD)
    expect(panel.get_by_role("button", name="flood")).to_be_visible(timeout=30_000)
    return panel


def test_a_result_of_ten_megabytes_and_ten_thousand_log_lines_leave_the_page_usable(sign_up: SignUp) -> None:
    workspace = sign_up()
    panel = with_functions(workspace)
    panel.get_by_role("button", name="large").click()
    panel.get_by_role("button", name="Run and stay live").click()
    tree = panel.locator(".tree")
    expect(tree).to_contain_text("[8,000 items]", timeout=60_000)
    tree.get_by_role("button", name="Show 100 more of 7,900").click()
    tree.get_by_text("150: ").click()
    tree.get_by_role("button", name="Show more of 1,252 characters").click()
    expect(tree.get_by_text("x" * 1250)).to_be_visible()

    panel.get_by_role("button", name="flood").click()
    for _ in range(3):
        panel.get_by_role("button", name="Run", exact=True).click()
        expect(panel.get_by_role("status")).to_contain_text("done in", timeout=30_000)
    expect(panel.locator(".result")).to_contain_text("through")
    expect(panel.locator(".result pre")).to_contain_text("line")
    assert_few_elements(workspace.page)
    assert_alive(workspace, "Amina Diallo")


def assert_few_elements(page: Page) -> None:
    """What came in stays data: the page draws what fits a screen, not ten thousand lines."""
    assert page.evaluate("document.querySelectorAll('*').length") < 6_000
