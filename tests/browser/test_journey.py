"""What a visitor does, from the first page to the proved task, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.workspace_page import WorkspacePage

SOLUTION = Path(__file__).parents[2] / "lessons/content/09-trash-can/solutions/1/right-1-filter"
ALICES = ["Zainab Okonkwo", "Nguyễn Minh Anh", "João Pereira"]

SignUp = Callable[..., WorkspacePage]


def test_a_pseudonym_is_all_it_takes(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alice clicks. Bob’s list changes.")
    page.get_by_label("Your pseudonym").fill("Kittiwake")
    page.get_by_role("button", name="Start the course").click()
    page.wait_for_url("**/learn/**")
    expect(page.locator("lesson-steps h2:visible")).to_be_visible()


def test_an_empty_pseudonym_is_explained_and_nothing_is_lost(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/")
    page.get_by_label("Your pseudonym").fill("   ")
    page.get_by_role("button", name="Start the course").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.complaints.clear()  # the browser itself notes the refused request


def test_the_lesson_opens_with_everything_in_place(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    assert workspace.page.get_by_role("tab").all_inner_texts()[:3] == ["schema.ts", "signups.ts", "App.tsx"]
    expect(workspace.task.get_by_role("button", name="Check")).to_be_visible()
    for persona in ("alice", "bob"):
        expect(workspace.names(persona)).to_have_text(ALICES)
    expect(workspace.data.get_by_role("row")).to_have_count(7)


def test_a_click_in_alices_pane_changes_bobs_list(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.add("alice", "Amina Diallo")
    expect(workspace.names("bob")).to_have_text([*ALICES, "Amina Diallo"])
    workspace.press_on("bob", "João Pereira", "Remove")
    expect(workspace.names("alice")).to_have_text([*ALICES[:2], "Amina Diallo"])


def test_the_owner_can_be_switched_in_each_pane(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.app("bob").get_by_label("List of").select_option("bob")
    expect(workspace.names("bob")).to_have_text(["Aroha Ngata", "Yusuf Demir", "Ingrid Sæther"])
    expect(workspace.names("alice")).to_have_text(ALICES)


def test_a_renamed_field_turns_red_in_every_file(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.wait_for_types()
    workspace.change("schema.ts", "name: v.string()", "fullName: v.string()")
    for file in ("signups.ts", "App.tsx"):
        expect(workspace.tab(file)).to_contain_text("error", timeout=20_000)
    workspace.open("signups.ts")
    expect(workspace.page.locator("code-editor .cm-lens:visible").first).to_contain_text("name")


def test_completion_knows_tables_indexes_and_functions(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.wait_for_types()
    asked = {
        'query("signups")': ('query("', "signups"),
        'withIndex("by_owner",': ('withIndex("', "by_owner"),
    }
    for whole, (typed, offered) in asked.items():
        text = workspace.text("signups.ts")
        start = text.replace(whole, typed + '\u2038"' + whole[len(typed) + len(offered) + 1 :])
        offer_at_mark(workspace, "signups.ts", start, offered)
        workspace.write("signups.ts", text)
    app = workspace.text("App.tsx")
    offer_at_mark(workspace, "App.tsx", app.replace("api.signups.listActive", "api.signups.\u2038"), "listActive")


def offer_at_mark(workspace: WorkspacePage, file: str, text: str, offered: str) -> None:
    """Writes the text up to the mark last, as a typist would, and expects the word in the list."""
    before, _, after = text.partition("\u2038")
    workspace.write(file, before + after)
    for _ in range(len(after)):
        workspace.page.keyboard.press("ArrowLeft")
    workspace.page.keyboard.press("Control+Space")
    expect(workspace.page.get_by_role("option", name=offered).first).to_be_visible(timeout=15_000)
    workspace.page.keyboard.press("Escape")


def test_a_pause_deploys_and_both_panes_keep_their_state(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.app("alice").get_by_label("Name").fill("half typed")
    workspace.change("App.tsx", "Going ", "On the bus ")
    for persona in ("alice", "bob"):
        expect(workspace.app(persona).get_by_role("heading", name="On the bus")).to_be_visible()
    expect(workspace.app("alice").get_by_label("Name")).to_have_value("half typed")
    workspace.wait_until_saved(2)


def test_an_error_stands_at_its_place_and_the_last_good_code_stays_live(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.change("signups.ts", "await ctx.db.delete(id);", "await ctx.db.delete(id;")
    expect(workspace.tab("signups.ts")).to_contain_text("error")
    expect(workspace.page.locator("code-editor .cm-lens:visible").first).to_be_visible()
    workspace.add("alice", "Still here")
    expect(workspace.names("bob")).to_have_text([*ALICES, "Still here"])


def test_a_schema_that_contradicts_the_rows_names_the_row(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.change("schema.ts", "bus: v.number()", "bus: v.boolean()")
    lens = workspace.page.locator("code-editor .cm-lens:visible", has_text="does not match the schema")
    expect(lens).to_contain_text("signups")
    expect(workspace.names("alice")).to_have_text(ALICES)
    lens.get_by_role("button", name="See all such rows in Schema").click()
    schema = workspace.page.get_by_role("tabpanel", name="Schema", exact=True)
    expect(schema).to_contain_text("6 rows of signups do not match the schema", timeout=60_000)


def test_an_address_with_a_place_opens_the_editor_there_once(sign_up: SignUp) -> None:
    workspace = sign_up()
    page = workspace.page
    page.goto("/learn/trash-can/?file=convex/signups.ts&line=5#editor")
    expect(workspace.tab("signups.ts")).to_have_attribute("aria-selected", "true")
    expect(workspace.footer).to_contain_text("Line 5, column 1")
    expect(page).to_have_url("/learn/trash-can/#editor")


def test_a_component_that_throws_shows_where_and_recovers(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    app = workspace.text("App.tsx")
    workspace.write(
        "App.tsx", app.replace("  return (\n    <main>", '  throw new Error("lost");\n  return (\n    <main>', 1)
    )
    error = workspace.pane("alice").get_by_role("alert")
    expect(error).to_contain_text("lost")
    expect(error).to_contain_text("App.tsx")
    workspace.page.complaints.clear()  # React says the same in the console
    workspace.write("App.tsx", app)
    expect(workspace.names("alice")).to_have_text(ALICES)
    workspace.page.complaints.clear()


def test_a_query_that_throws_shows_where_and_recovers_with_the_data(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.app("bob").get_by_label("List of").select_option("bob")
    counted = """const all = await ctx.db.query("signups").collect();
    if (ownerId === "alice" && all.length > 6) throw new Error("too many");
    return await ctx.db"""
    workspace.change("signups.ts", "return await ctx.db\n", f"{counted}\n")
    workspace.wait_until_saved(2)
    workspace.add("bob", "One more")
    error = workspace.pane("alice").get_by_role("alert")
    expect(error).to_contain_text("listActive failed: Error: too many")
    expect(error.get_by_role("button", name="convex/signups.ts, line 9")).to_be_visible()
    workspace.press_on("bob", "One more", "Remove")
    expect(workspace.names("alice")).to_have_text(ALICES)
    expect(error).to_be_hidden()
    expect(workspace.pane("alice").get_by_text("up to date")).to_be_visible()


def test_a_query_that_throws_from_its_first_call_on_recovers_with_the_code(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.change(
        "signups.ts", "return await ctx.db\n", 'if (ownerId) throw new Error("no list");\nreturn await ctx.db\n'
    )
    expect(workspace.pane("bob").get_by_role("alert")).to_contain_text("no list")
    expect(workspace.pane("bob").get_by_role("status")).to_have_text("error")
    workspace.change("signups.ts", 'if (ownerId) throw new Error("no list");\n', "")
    for persona in ("alice", "bob"):
        expect(workspace.names(persona)).to_have_text(ALICES)
        expect(workspace.pane(persona).get_by_text("up to date")).to_be_visible()


def test_a_table_name_half_typed_neither_fails_the_save_nor_asks_anything(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.change("signups.ts", 'id: v.id("signups")', 'id: v.id("")')
    lens = workspace.page.locator("code-editor .cm-lens:visible", has_text="Identifier cannot be empty")
    expect(lens).to_be_visible()
    workspace.change("signups.ts", 'id: v.id("")', 'id: v.id("signups")')
    workspace.wait_until_saved(3)


def test_a_save_whose_answer_is_lost_is_not_asked_about(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    page = workspace.page

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/files", lose_the_answer, times=1)
    workspace.change("App.tsx", "Going ", "On the bus ")
    expect(page.locator("save-status")).to_contain_text("Not saved")
    workspace.change("App.tsx", "On the bus ", "Coming along ")
    workspace.wait_until_saved(3)
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.complaints.clear()  # the browser itself notes the lost answer and the refused base


def test_runs_tell_what_ran_why_and_what_it_read(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.add("alice", "Amina Diallo")
    latest = workspace.runs.locator("li.group").first
    expect(latest).to_contain_text("create")
    expect(latest).to_contain_text("Amina Diallo")
    woken = latest.locator("li", has_text="listActive")
    expect(woken).to_contain_text("by_owner · alice · 4 read")
    for name in ("Alice", "Bob"):
        expect(woken.locator(".sent").get_by_label(name)).to_be_visible()


def test_a_flood_of_log_lines_is_folded_and_a_missing_function_is_named(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    loop = "for (let i = 0; i < 300; i++) console.log(i);\nreturn await ctx.db\n"
    workspace.change("signups.ts", "return await ctx.db\n", loop)
    expect(workspace.runs.get_by_text("more lines").first).to_be_visible()
    workspace.change("signups.ts", "const listActive", "const listActiv")
    error = workspace.pane("alice").get_by_role("alert")
    expect(error).to_contain_text("There is no public function `listActive` in convex/signups.ts.")
    expect(error.get_by_role("button", name="convex/signups.ts")).to_be_visible()


def test_a_missing_await_is_named(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    forgetful = "ctx.db.query('signups').first();\nif (ownerId) return [];\nreturn await ctx.db\n"
    workspace.change("signups.ts", "return await ctx.db\n", forgetful)
    expect(workspace.runs.get_by_text("await is missing: db.query").first).to_be_visible()


def test_a_phone_without_a_network_says_what_is_not_saved(sign_up: SignUp) -> None:
    workspace = sign_up(viewport={"width": 390, "height": 844})
    page = workspace.page
    page.get_by_role("navigation", name="Views").locator('a[href="#editor"]').click()
    workspace.wait_for_types()
    page.context.set_offline(True)
    workspace.change("schema.ts", "bus: v.number(),", "bus: v.number(), // the seat is not known")
    expect(page.locator("save-status")).to_be_visible()
    expect(page.locator("save-status")).to_contain_text("Not saved: you are offline")
    page.context.set_offline(False)
    expect(page.locator("save-status")).to_be_hidden(timeout=20_000)
    page.complaints.clear()  # the browser itself notes the missing network


def test_seeding_and_comparing_are_measured(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.data.get_by_role("button", name="Seed 10,000").click()
    expect(workspace.data.get_by_text("10,006 rows", exact=True)).to_be_visible(timeout=60_000)
    workspace.add("bob", "Amina Diallo")
    latest = workspace.runs.locator("li.group", has_text="Amina Diallo").first
    latest.get_by_role("button", name="Compare").click()
    compared = workspace.runs.get_by_role("group", name="The same read, compared")
    expect(compared).to_be_visible(timeout=30_000)
    expect(compared).to_contain_text("10,007 read")
    expect(compared).to_contain_text("ms")


def test_the_starter_fails_the_check_and_says_what_is_missing(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.check()
    expect(workspace.task).to_contain_text("Not yet", timeout=30_000)
    expect(workspace.task.get_by_text("archive").first).to_be_visible()
    expect(workspace.data.get_by_role("row")).to_have_count(7)


def test_a_right_solution_is_proved_and_works_in_both_panes(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    for file in SOLUTION.rglob("*.ts*"):
        workspace.write(file.name, file.read_text())
    expect(workspace.app("alice").get_by_role("heading", name="In the bin")).to_be_visible()
    workspace.check()
    expect(workspace.task.get_by_text("Proved")).to_be_visible(timeout=30_000)
    workspace.press_on("alice", "João Pereira", "Archive")
    expect(workspace.app("bob").locator("li", has_text="João Pereira").get_by_role("button")).to_have_text("Restore")
    workspace.press_on("bob", "João Pereira", "Restore")
    expect(workspace.app("alice").locator("li", has_text="João Pereira").get_by_role("button")).to_have_text("Archive")


def test_two_people_do_not_see_each_others_rows(sign_up: SignUp) -> None:
    one, other = sign_up("Kittiwake"), sign_up("Razorbill")
    for workspace in (one, other):
        workspace.wait_until_live()
    one.add("alice", "Only mine")
    expect(one.names("bob")).to_have_text([*ALICES, "Only mine"])
    expect(other.names("bob")).to_have_text(ALICES)


def test_work_is_there_again_after_a_reload(sign_up: SignUp) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.change("App.tsx", "Going ", "On the bus ")
    workspace.wait_until_saved(2)
    workspace.add("alice", "Amina Diallo")
    expect(workspace.names("bob")).to_have_text([*ALICES, "Amina Diallo"])
    workspace.page.reload()
    workspace.wait_until_live()
    expect(workspace.app("bob").get_by_role("heading", name="On the bus")).to_be_visible()
    expect(workspace.names("alice")).to_have_text([*ALICES, "Amina Diallo"])
