"""What the steps of a lesson ask of the server: kept per person, shown again after a reload, closed to others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient

from lessons import answers, catalogue, lesson_folder, workspaces
from lessons.lesson import Lesson
from lessons.models import Event, Person, Workspace
from lessons.step_views import WORDS_LENGTH_MAX
from tests.lessons.a_lesson import make_lesson

pytestmark = pytest.mark.django_db(transaction=True)

RIGHT, WRONG = "1", "0"


@pytest.fixture
async def browser(no_deployment: None) -> AsyncClient:
    client = AsyncClient()
    await client.post("/start/", {"pseudonym": "Kittiwake"})
    return client


@pytest.fixture
async def workspace(browser: AsyncClient) -> Workspace:
    return (await browser.get("/learn/trash-can/")).context["workspace"]


@pytest.fixture
def lesson_with_words(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    lesson = lesson_folder.load(make_lesson(tmp_path), 12, workspace.lesson)
    monkeypatch.setattr(catalogue, "lesson", lambda slug: lesson)
    return lesson


async def post(browser: AsyncClient, workspace: Workspace, path: str, **fields: Any) -> Any:
    return await browser.post(f"/w/{workspace.id}/{path}", fields)


async def shown_step(browser: AsyncClient, query: str = "") -> int:
    return (await browser.get(f"/learn/trash-can/{query}")).context["current"]


async def events(kind: str) -> list[Any]:
    return [event.payload async for event in Event.objects.filter(kind=kind).order_by("id")]


async def test_a_lesson_opens_at_its_first_step_and_later_where_the_reader_was(browser, workspace) -> None:
    assert await shown_step(browser) == 1
    assert (await post(browser, workspace, "steps/read", step="2")).status_code == 204
    assert (await post(browser, workspace, "steps/read", step="2")).status_code == 204
    assert await shown_step(browser) == 2
    assert await shown_step(browser, "?step=3") == 3
    assert await events("read") == [{"step": 2}]


@pytest.mark.parametrize("query", ["?step=0", "?step=99", "?step=-1", "?step=x", "?step=1e9", "?step=٣"])
async def test_a_step_that_is_not_there_opens_one_that_is(browser, workspace, query) -> None:
    page = await browser.get(f"/learn/trash-can/{query}")
    assert page.status_code == 200
    assert 1 <= page.context["current"] <= len(page.context["steps"])


@pytest.mark.parametrize("step", ["", "0", "99", "x", "-1", "²"])
async def test_a_step_that_is_not_there_is_not_kept(browser, workspace, step) -> None:
    assert (await post(browser, workspace, "steps/read", step=step)).status_code == 400
    assert await events("read") == []


async def test_a_prediction_is_kept_once_and_explained(browser, workspace) -> None:
    page = await browser.get("/learn/trash-can/")
    assert "runs the query again" not in page.content.decode()
    for choice in (WRONG, RIGHT):
        answer = (await post(browser, workspace, "predict/bobs-list", choice=choice)).content.decode()
    assert "runs the query again" in answer
    assert "Something else happens." in answer
    assert await events("predicted") == [{"predict": "bobs-list", "choice": 0, "right": False}]
    reloaded = (await browser.get("/learn/trash-can/")).content.decode()
    assert "runs the query again" in reloaded


async def test_a_quiz_may_be_tried_again_and_once_right_is_done(browser, workspace) -> None:
    for choice, said in ((WRONG, "Not yet right."), (RIGHT, "That is right."), ("2", "Not yet right.")):
        answer = (await post(browser, workspace, "quiz/take-the-time-away", choice=choice)).content.decode()
        assert said in answer
        assert "neither" in answer
    again = (await post(browser, workspace, "quiz/take-the-time-away/again")).content.decode()
    assert "neither" not in again
    assert "data-done" in again
    assert [event["right"] for event in await events("answered")] == [False, True, False]


@pytest.mark.parametrize("address", ["predict/bobs-list", "quiz/take-the-time-away"])
@pytest.mark.parametrize("sent", [{}, {"choice": ["9"]}, {"choice": ["x"]}, {"choice": ["0", "1"]}, {"choice": [""]}])
async def test_an_answer_that_is_none_gets_a_sentence_and_is_not_kept(browser, workspace, address, sent) -> None:
    answer = await post(browser, workspace, address, **sent)
    assert re.search(r'role="alert">.*?Choose (one|an) answer first\.', answer.content.decode(), re.DOTALL)
    assert await events("predicted") + await events("answered") == []


@pytest.mark.parametrize(
    "address", ["predict/none", "predict/task-1", "quiz/bobs-list", "words/bobs-list", "demo-ran/x"]
)
async def test_a_block_that_the_lesson_lacks_is_not_found(browser, workspace, address) -> None:
    assert (await post(browser, workspace, address, choice="0")).status_code == 404


async def test_own_words_are_kept_and_counted(browser, workspace, lesson_with_words) -> None:
    for text, said in (("Two words", "One more word is needed."), ("Now three words", "Kept for you")):
        answer = (await post(browser, workspace, "words/mine", text=text)).json()
        assert said in answer["message"]
    assert answer == {"count": 3, "enough": True, "message": answer["message"]}
    await post(browser, workspace, "words/mine", text="Now three words")
    assert [event["text"] for event in await events("wrote")] == ["Two words", "Now three words"]


async def test_own_words_have_an_end(browser, workspace, lesson_with_words) -> None:
    answer = await post(browser, workspace, "words/mine", text="x" * (WORDS_LENGTH_MAX + 1))
    assert answer.status_code == 413
    assert answer.json()["message"].endswith("characters.")
    assert await events("wrote") == []


async def test_nobody_answers_for_somebody_else(browser, workspace) -> None:
    other = AsyncClient()
    for client in (AsyncClient(), other):
        if client is other:
            await client.post("/start/", {"pseudonym": "Tern"})
        for address in ("steps/read", "predict/bobs-list", "quiz/take-the-time-away", "words/x", "demo-ran/x"):
            assert (await post(client, workspace, address, choice="0", step="1")).status_code == 404
    assert await events("predicted") + await events("answered") + await events("read") == []


def test_a_laboratory_prediction_is_not_taken_for_one_of_the_lesson(person: Person, lesson: Lesson) -> None:
    workspace = workspaces.open_workspace(person, lesson)
    Event.objects.create(person=person, workspace=workspace, kind=Event.Kind.PREDICTED, payload={"scan": 1.0})
    assert answers.of(workspace).predicted == {}
