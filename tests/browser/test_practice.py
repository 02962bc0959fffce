"""Practice: the outside world of a lesson is seen, set and reset beside the code that calls it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import WIDE
from tests.browser.test_accessibility import PHONE, assert_nothing_sticks_out, violations
from tests.browser.workspace_page import WorkspacePage

ERRANDS = """
import { v } from "convex/values";
import { action, query } from "./_generated/server";

export const forecast = query({ args: { city: v.string() }, handler: async () => null });

export const pay = action({
  args: { key: v.optional(v.string()) },
  handler: async (ctx, { key }) => {
    const headers: Record<string, string> = key === undefined ? {} : { "Idempotency-Key": key };
    const body = JSON.stringify({ amount: 20, description: "Seat 7" });
    const answer = await fetch("https://practice.test/charges", { method: "POST", headers, body });
    return answer.status;
  },
});

export const write = action({
  args: {},
  handler: async () => {
    const body = JSON.stringify({ to: "mai@example.org", subject: "Your seat", body: "Bus 2." });
    return (await fetch("https://practice.test/mails", { method: "POST", body })).status;
  },
});
"""
CALL = """async ([path, args]) => {
  const { token } = JSON.parse(document.getElementById("workspace-config").textContent);
  const response = await fetch(`/s/${token}/api/action`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ path, args, format: "json" }),
  });
  return await response.json();
}"""


def open_errands(sign_up: Callable[..., WorkspacePage], **options: object) -> WorkspacePage:
    workspace = sign_up(**options)
    workspace.page.goto("/learn/errands/")
    workspace.wait_until_live()
    return workspace


def open_practice(workspace: WorkspacePage) -> Locator:
    workspace.page.get_by_role("tab", name="Practice", exact=True).click()
    panel = workspace.page.get_by_role("tabpanel", name="Practice", exact=True)
    expect(panel.get_by_text("Nobody was charged.")).to_be_visible()
    return panel


def call(page: Page, path: str, **args: object) -> dict[str, object]:
    answer: dict[str, object] = page.evaluate(CALL, [path, args])
    return answer


def rows(panel: Locator, name: str) -> Locator:
    return panel.get_by_role("region", name=name, exact=True).locator("tbody tr")


def test_calls_receipts_and_mails_appear_as_they_happen(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = open_errands(sign_up)
    workspace.write("board.ts", ERRANDS)
    workspace.wait_until_saved(2)
    panel = open_practice(workspace)
    assert call(workspace.page, "board:pay", key="seat-7")["value"] == 201
    expect(rows(panel, "Calls").first).to_contain_text("POST /charges")
    expect(rows(panel, "Calls").first).to_contain_text("board:pay")
    expect(rows(panel, "Calls").first).to_contain_text("201 · done")
    assert call(workspace.page, "board:pay", key="seat-7")["value"] == 200
    expect(rows(panel, "Calls")).to_have_count(2)
    expect(rows(panel, "Calls").first).to_contain_text("known key, nothing new")
    expect(rows(panel, "Receipts")).to_have_count(1)
    call(workspace.page, "board:pay")
    expect(rows(panel, "Receipts")).to_have_count(2)
    expect(rows(panel, "Receipts").first).to_contain_text("no key")
    call(workspace.page, "board:write")
    expect(rows(panel, "Outbox")).to_contain_text(re.compile("mai@example.org.*Your seat"))
    workspace.page.get_by_role("button", name="Reset", exact=True).click()
    expect(panel.get_by_text("Nobody was charged.")).to_be_visible()
    expect(rows(panel, "Calls")).to_have_count(0)


def test_it_fails_as_it_is_told_to(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = open_errands(sign_up)
    workspace.write("board.ts", ERRANDS)
    workspace.wait_until_saved(2)
    panel = open_practice(workspace)
    panel.get_by_role("button", name="Fail the next call").click()
    expect(panel.get_by_text("The next call fails before anything is done.", exact=True)).to_be_visible()
    assert call(workspace.page, "board:pay", key="seat-7")["value"] == 503
    expect(rows(panel, "Calls").first).to_contain_text("503 · nothing was done")
    panel.get_by_role("button", name="Lose the next answer").click()
    expect(panel.get_by_text("The next answer gets lost.", exact=True)).to_be_visible()
    assert call(workspace.page, "board:pay", key="seat-7")["status"] == "error"
    expect(rows(panel, "Calls").first).to_contain_text("done, the answer got lost")
    expect(rows(panel, "Receipts")).to_have_count(1)
    failures = panel.get_by_role("slider", name="Failures")
    failures.focus()
    workspace.page.keyboard.press("End")
    expect(panel.get_by_text("100 %")).to_be_visible()
    expect(failures).to_have_attribute("aria-valuetext", "100 %")
    before = rows(panel, "Calls").count()
    call(workspace.page, "board:write")
    expect(rows(panel, "Calls")).to_have_count(before + 1)
    expect(rows(panel, "Calls").first).not_to_contain_text("202 · done")


def test_a_lesson_without_errands_has_no_practice_tab(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    expect(workspace.page.get_by_role("tab", name="Runs", exact=True)).to_be_visible()
    assert workspace.page.get_by_role("tab", name="Practice", exact=True).count() == 0


@pytest.mark.parametrize(("scheme", "viewport"), [("light", WIDE), ("dark", WIDE), ("light", PHONE)])
def test_axe_finds_nothing_in_practice(
    sign_up: Callable[..., WorkspacePage], axe_source: str, scheme: str, viewport: dict[str, int]
) -> None:
    workspace = sign_up(viewport=viewport, color_scheme=scheme)
    workspace.page.goto("/learn/errands/")
    if viewport is PHONE:
        workspace.page.get_by_role("link", name="Data", exact=True).click()
    panel = open_practice(workspace)
    panel.get_by_role("button", name="Lose the next answer").click()
    expect(panel.get_by_text("The next answer gets lost.", exact=True)).to_be_visible()
    assert violations(workspace.page, axe_source) == []
    assert_nothing_sticks_out(workspace.page)


def predict(workspace: WorkspacePage, demo: str, choice: str) -> Locator:
    """Opens the step with the demonstration and predicts. Answers with the demonstration."""
    step = workspace.page.locator(f"[data-step]:has({demo})")
    workspace.open_step(int(step.get_attribute("data-step") or 0))
    element = step.locator(demo)
    expect(element.get_by_role("button").first).to_be_disabled()
    step.get_by_role("radio", name=choice, exact=True).check()
    step.get_by_role("button", name="Predict").click()
    expect(element.get_by_role("button").first).to_be_enabled()
    return element


def test_the_phone_rings_for_every_run(sign_up: Callable[..., WorkspacePage], axe_source: str) -> None:
    workspace = open_errands(sign_up)
    phone = predict(workspace, "demo-phone", "18 times")
    phone.get_by_role("button", name="Let it ring").click()
    tape = phone.get_by_role("log")
    expect(tape).to_contain_text("The real runtime, asked for the same query: 0 calls.", timeout=40_000)
    expect(tape).to_contain_text("18 calls, 90 cents")
    expect(tape).to_contain_text("2 seats, 3 receipts")
    expect(phone).to_contain_text("Can't use fetch() in queries and mutations")
    assert violations(workspace.page, axe_source) == []


def test_the_clock_moves_the_real_store_by_keyboard(sign_up: Callable[..., WorkspacePage], axe_source: str) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    clock = predict(workspace, "demo-clock", "In the bin")
    expect(clock).to_contain_text("the real time")
    clock.get_by_role("button", name="One day on").focus()
    workspace.page.keyboard.press("Enter")
    expect(clock).to_contain_text("1 day ahead")
    clock.get_by_role("button", name="30 days on").press("Space")
    expect(clock).to_contain_text("31 days ahead")
    expect(clock.get_by_role("region", name="Live")).to_contain_text("Minh Anh")
    clock.get_by_role("button", name="Let days pass").click()
    expect(clock).to_contain_text("33 days ahead")
    clock.get_by_role("button", name="Stop").click()
    clock.get_by_role("button", name="Back to now").click()
    expect(clock).to_contain_text("the real time")
    assert violations(workspace.page, axe_source) == []
