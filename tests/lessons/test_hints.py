"""Hints open one after the other, with a pause between; an order of blocks is judged by its text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import AsyncClient
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from lessons import hint_page, progress
from lessons.hints import Parsons
from lessons.lesson import Lesson
from lessons.models import Event, Workspace
from lessons.verdict import Verdict

LINES = ("start({", "  one();", "});", "start({", "  two();", "});")
EXERCISE = Parsons(SafeString("Order."), LINES, ("  three();",))


@pytest.fixture
async def browser(no_deployment: None) -> AsyncClient:
    client = AsyncClient()
    await client.post("/start/", {"pseudonym": "Kittiwake"})
    return client


@pytest.fixture
async def own(browser: AsyncClient) -> Workspace:
    return (await browser.get("/learn/trash-can/")).context["workspace"]


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hint_page, "PAUSE_SECONDS", 0.0)


async def open_hint(browser: AsyncClient, workspace: Workspace, level: int) -> Any:
    return await browser.post(f"/w/{workspace.id}/tasks/1/hints/{level}")


pytestmark = pytest.mark.django_db(transaction=True)


async def test_no_hint_is_in_the_page_before_it_is_opened(browser: AsyncClient, own: Workspace) -> None:
    page = (await browser.get("/learn/trash-can/")).content.decode()
    assert "ctx.db.delete</code>" not in page
    assert "A library that withdraws" not in page


async def test_hints_open_one_after_the_other(browser: AsyncClient, own: Workspace, no_pause: None) -> None:
    for level in range(1, 6):
        answer = await open_hint(browser, own, level)
        assert answer.context["hints"].shown == level
        assert answer.context["note"] == ""
    hinted = [event.payload async for event in Event.objects.filter(kind="hinted").order_by("id")]
    assert hinted == [{"task": 1, "level": level} for level in range(1, 6)]
    await open_hint(browser, own, 1)
    assert await Event.objects.filter(kind="hinted").acount() == 5


async def test_a_level_that_is_skipped_to_says_what_comes_first(browser: AsyncClient, own: Workspace) -> None:
    answer = await open_hint(browser, own, 3)
    assert (answer.context["hints"].shown, answer.context["note"]) == (0, "“Restate” comes first.")
    assert await Event.objects.filter(kind="hinted").acount() == 0


async def test_the_next_level_waits_and_says_how_long(browser: AsyncClient, own: Workspace) -> None:
    first = await open_hint(browser, own, 1)
    assert 0 < first.context["hints"].wait <= hint_page.PAUSE_SECONDS
    second = await open_hint(browser, own, 2)
    assert second.context["hints"].shown == 1
    assert second.context["note"].startswith("“Point” opens in ")


@pytest.mark.parametrize("level", [0, 6, 99])
async def test_a_level_that_is_none_is_not_found(browser: AsyncClient, own: Workspace, level: int) -> None:
    assert (await open_hint(browser, own, level)).status_code == 404


async def test_nobody_opens_the_hints_of_somebody_else(own: Workspace) -> None:
    other = AsyncClient()
    await other.post("/start/", {"pseudonym": "Tern"})
    assert (await open_hint(other, own, 1)).status_code == 404
    assert (await other.post(f"/w/{own.id}/tasks/1/parsons", {"order": ""})).status_code == 404


async def test_an_order_is_checked_on_the_server(
    browser: AsyncClient, own: Workspace, lesson: Lesson, no_pause: None
) -> None:
    address = f"/w/{own.id}/tasks/1/parsons"
    assert (await browser.post(address, {"order": ""})).status_code == 404, "not opened yet"
    for level in range(1, 5):
        answer = await open_hint(browser, own, level)
    blocks = json.loads(answer.context["hints"].blocks)
    exercise = lesson.tasks[0].hints.parsons
    left = list(enumerate(blocks))
    order = []
    for line in exercise.lines:
        number = next(number for number, text in left if text == line.strip())
        left = [one for one in left if one[0] != number]
        order.append(str(number))
    right = (await browser.post(address, {"order": ",".join(order)})).json()
    assert right["right"]
    assert right["code"].splitlines() == list(exercise.lines)
    wrong = (await browser.post(address, {"order": ",".join(order[::-1])})).json()
    assert (wrong["right"], wrong["wrong"]) == (False, 1)
    assert "code" not in wrong
    for bad in ("x", "0,0", "99", "-1", ",".join(["1"] * 900)):
        assert (await browser.post(address, {"order": bad})).status_code == 400


def test_the_blocks_lie_the_same_at_every_visit_and_not_in_order(own_sync: Workspace) -> None:
    first = hint_page.blocks(own_sync, 1, EXERCISE)
    assert first == hint_page.blocks(own_sync, 1, EXERCISE)
    assert sorted(first) == sorted(line.strip() for line in (*LINES, "three();"))


@pytest.fixture
def own_sync() -> Workspace:
    return Workspace(id="bcdfghjkmnpqrstv")


@given(st.permutations(range(len(LINES))))
def test_an_order_is_right_when_its_text_is(order: list[int]) -> None:
    lines = [LINES[number].strip() for number in order]
    judged = hint_page.judge(EXERCISE, lines)
    assert judged.right == (lines == [line.strip() for line in LINES])


@pytest.mark.parametrize(
    ("lines", "good", "wrong", "said"),
    [
        ([], 0, None, "No block is chosen yet. Blocks that are missing: 6."),
        (["start({", "one();"], 2, None, "Right so far. Blocks that are missing: 4."),
        (["start({", "three();"], 1, 2, "does not belong"),
        (["start({", "});"], 1, 2, "another block comes before it"),
        ([*(line.strip() for line in LINES), "three();"], 6, 7, "one too many"),
    ],
)
def test_the_first_wrong_block_is_named(lines: list[str], good: int, wrong: int | None, said: str) -> None:
    judged = hint_page.judge(EXERCISE, lines)
    assert (judged.right, judged.good, judged.wrong) == (False, good, wrong)
    assert said in judged.message


def test_like_failures_are_counted_back_to_another_finding(workspace: Workspace) -> None:
    def attempt(finding: str, *, passed: bool = False) -> int:
        verdict = Verdict(passed, "Did.", "Happened.", "Expected.", finding=finding)
        progress.record_attempt(workspace, 1, 1, verdict)
        return progress.like_failures(workspace, 1)

    assert [attempt(name) for name in "aabbb"] == [1, 2, 1, 2, 3]
    assert attempt("b", passed=True) == 0
    assert attempt("b") == 1


async def test_after_three_like_failures_a_hint_is_offered(
    browser: AsyncClient, own: Workspace, tools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(*_: Any, **__: Any) -> Verdict:
        return Verdict(False, "Called it.", "Nothing.", "Something.", finding="row-is-gone")

    monkeypatch.setattr("lessons.checking.run", run)
    answers = [(await browser.post(f"/w/{own.id}/tasks/1/check")).content.decode() for _ in range(3)]
    assert ['data-open-hint="1"' in answer for answer in answers] == [False, False, True]
