"""The Data panel by keyboard and pointer: rows changed in place, added, deleted; long tables; files; snapshots."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.browser.workspace_page import WorkspacePage

SignUp = Callable[..., WorkspacePage]


def cell(workspace: WorkspacePage, name: str, field: str) -> Locator:
    row = workspace.data.locator("tbody tr", has=workspace.page.locator(f'td[title="{name}"]'))
    return row.locator(f'td[data-field="{field}"]')


def editor(workspace: WorkspacePage) -> Locator:
    return workspace.data.locator(".cell-editor input")


def test_a_cell_is_edited_by_keyboard_and_both_panes_see_it(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    cell(workspace, "João Pereira", "name").click()
    page.keyboard.press("Enter")
    expect(editor(workspace)).to_have_value("João Pereira")
    page.keyboard.press("Escape")
    expect(editor(workspace)).to_have_count(0)
    expect(cell(workspace, "João Pereira", "name")).to_be_focused()
    page.keyboard.press("F2")
    page.keyboard.insert_text("João Costa")
    page.keyboard.press("Enter")
    for persona in ("alice", "bob"):
        expect(workspace.names(persona).filter(has_text="João Costa")).to_be_visible()
    expect(cell(workspace, "João Costa", "name")).to_be_focused()
    expect(workspace.runs.locator("li.group").first).to_contain_text("data panel")


def test_what_the_validator_refuses_stays_in_the_cell_with_its_words(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    cell(workspace, "João Pereira", "bus").click()
    page.keyboard.press("x")
    expect(editor(workspace)).to_have_value("x")
    page.keyboard.press("Enter")
    expect(workspace.data.get_by_role("alert").filter(has_text="Validator: v.float64()")).to_be_visible()
    expect(editor(workspace)).to_have_value("x")
    expect(editor(workspace)).to_have_attribute("aria-invalid", "true")
    page.complaints.clear()  # type: ignore[attr-defined] # the browser itself notes the refused request
    page.keyboard.press("Escape")
    expect(cell(workspace, "João Pereira", "bus")).not_to_have_text("x")


def test_a_row_is_added_with_its_mistake_named_and_deleted_after_a_question(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page
    workspace.data.get_by_role("button", name="Add row").click()
    form = workspace.data.get_by_role("form", name="New row in signups")
    form.get_by_label("ownerId").fill("alice")
    form.get_by_label("name").fill("Amina Diallo")
    form.get_by_label("bus").fill("two")
    page.keyboard.press("Enter")
    expect(form.get_by_label("bus")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("bus")).to_be_focused()
    page.complaints.clear()  # type: ignore[attr-defined]
    form.get_by_label("bus").fill("2")
    page.keyboard.press("Enter")
    expect(form).to_have_count(0)
    expect(workspace.names("bob").filter(has_text="Amina Diallo")).to_be_visible()
    cell(workspace, "Amina Diallo", "name").click()
    page.keyboard.press("Delete")
    question = workspace.data.get_by_role("alertdialog")
    expect(question).to_contain_text("Delete the row Amina Diallo?")
    page.keyboard.press("Escape")
    expect(cell(workspace, "Amina Diallo", "name")).to_be_focused()
    page.keyboard.press("Delete")
    question.get_by_role("button", name="Delete row").click()
    expect(workspace.names("bob").filter(has_text="Amina Diallo")).to_have_count(0)


def test_a_row_far_away_is_shown_when_something_points_to_it(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    data = workspace.data
    data.get_by_role("button", name="Import and more").click()
    lines = "ownerId,name,bus\n" + "".join(f"carol,Rider {number:06},{number}\n" for number in range(3_000))
    odd = "aaron,Far away,1\n"  # by owner it is the first, by time the last
    data.get_by_label("Import a file").set_input_files(
        {"name": "riders.csv", "mimeType": "text/csv", "buffer": (lines + odd).encode()}
    )
    expect(data.locator(".said")).to_have_text("3,001 rows imported.", timeout=60_000)
    data.get_by_label("Order of rows").select_option("")
    expect(data.locator('td[title="Far away"]')).to_have_count(0)
    workspace.page.get_by_role("tab", name="Schema", exact=True).click()
    workspace.change(
        "schema.ts", "ownerId: v.string()", 'ownerId: v.union(v.literal("carol"), v.literal("alice"), v.literal("bob"))'
    )
    panel = workspace.page.get_by_role("tabpanel", name="Schema", exact=True)
    panel.get_by_text("1 mismatch").click(timeout=60_000)
    panel.get_by_role("button", name="show this row in Data").click()
    shown = data.locator('tr[aria-current="true"]')
    expect(shown).to_contain_text("Far away")
    # Other windows follow the first one; the row stays where it is.
    expect(data.locator("tbody tr[aria-rowindex]").first).not_to_have_attribute("aria-rowindex", "2")
    expect(data.locator("tbody tr[aria-rowindex]").nth(100)).to_have_count(0)
    expect(shown).to_contain_text("Far away")
    expect(shown).to_be_in_viewport()


def test_a_hundred_thousand_rows_scroll_filter_and_stay_in_place(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page, data = workspace.page, workspace.data
    data.get_by_role("button", name="Import and more").click()
    lines = "ownerId,name,bus\n" + "".join(f"carol,Rider {number:06},{number}\n" for number in range(100_000))
    data.get_by_label("Import a file").set_input_files(
        {"name": "riders.csv", "mimeType": "text/csv", "buffer": lines.encode()}
    )
    expect(data.locator(".said")).to_have_text("100,000 rows imported.", timeout=120_000)
    expect(data.locator(".count")).to_have_text("100,006 rows")
    first = data.locator("tbody tr[aria-rowindex] td[data-field=name]").first
    first.click()
    page.keyboard.press("Control+End")
    expect(data.locator('tbody tr[aria-rowindex="100007"]')).to_be_visible()
    assert data.locator("tbody tr[aria-rowindex]").count() <= 200
    page.keyboard.press("Control+Home")
    expect(data.locator('tbody tr[aria-rowindex="2"]')).to_be_visible()
    scroll = data.get_by_role("region", name="Rows of signups")
    scroll.evaluate("element => { element.scrollTop = element.scrollHeight / 2 }")
    seen = data.locator("tbody tr[aria-rowindex] td[title^='Rider 05']").first
    expect(seen).to_be_visible()
    held = seen.get_attribute("title")
    top = data.locator(f'td[title="{held}"]').bounding_box()
    workspace.add("alice", "Amina Diallo")
    expect(data.locator(".count")).to_have_text("100,007 rows")
    assert data.locator(f'td[title="{held}"]').bounding_box() == top
    data.get_by_role("button", name="Filter").click()
    data.get_by_label("ownerId: comparison").select_option("is")
    data.get_by_label("ownerId: value", exact=True).fill("bob")
    expect(data.locator(".count")).to_have_text("3 of 100,007 rows")
    expect(data.get_by_text('.withIndex("by_owner", (q) => q.eq("ownerId", "bob"))')).to_be_visible()


def test_a_broken_file_is_named_by_its_line_and_a_snapshot_brings_a_cleared_table_back(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    data = workspace.data
    data.get_by_role("button", name="Import and more").click()
    broken = {"name": "broken.csv", "mimeType": "text/csv", "buffer": b"ownerId,name,bus\nalice,Mia,1\nalice,Bo\n"}
    data.get_by_label("Import a file").set_input_files(broken)
    expect(data.get_by_role("alert").filter(has_text="Line 3: there are 2 cells")).to_be_visible()
    expect(data.locator(".count")).to_have_text("6 rows")
    with workspace.page.expect_download() as download:
        data.get_by_role("link", name="Export CSV").click()
    assert download.value.suggested_filename == "signups.csv"
    assert "João Pereira" in download.value.path().read_text()
    data.get_by_label("Name of the snapshot").fill("all six")
    data.get_by_role("button", name="Take snapshot").click()
    expect(data.get_by_role("listitem").filter(has_text="all six")).to_contain_text("6 rows")
    data.get_by_role("button", name="Clear table").click()
    data.get_by_role("alertdialog").get_by_role("button", name="Clear table").click()
    expect(data.locator(".count")).to_have_text("0 rows")
    expect(workspace.names("bob")).to_have_count(0)
    data.get_by_role("button", name="Restore all six").click()
    data.get_by_role("alertdialog").get_by_role("button", name="Restore").click()
    expect(data.locator(".said")).to_have_text("Restored: 6 changes.")
    expect(workspace.names("bob").filter(has_text="João Pereira")).to_be_visible()
    expect(data.get_by_role("listitem").filter(has_text="before “all six”")).to_contain_text("0 rows")
    expect(workspace.runs.locator("li.group").first).to_contain_text("Restored")
