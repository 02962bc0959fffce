from __future__ import annotations

import pytest
from django.test import AsyncClient

from lessons import history, progress, workspaces
from lessons.catalogue import Lesson
from lessons.models import Person, Workspace
from lessons.verdict import Verdict
from lessons.workspaces import save_revision

APP = "src/App.tsx"
PASSED = Verdict(passed=True, did="", happened="", expected="", look_at=None)
ADDRESSES = ["history", "history/1", "history/starter"]


def test_the_timeline_says_what_changed_and_what_is_the_same_again(workspace: Workspace, lesson: Lesson) -> None:
    save_revision(workspace, 1, {APP: "// mine", "src/Row.tsx": ""}, {})
    save_revision(workspace, 2, lesson.files, {}, {"src/Row.tsx"})
    progress.record_attempt(workspace, 1, 2, PASSED)
    again, mine, first = history.timeline(workspace)["revisions"]
    assert (first["number"], first["same_as"], set(first["changed"])) == (1, None, set(lesson.files))
    assert (mine["number"], mine["changed"], mine["passed"]) == (2, [APP, "src/Row.tsx"], True)
    assert (again["number"], again["same_as"], again["passed"]) == (3, 1, False)


def test_the_timeline_comes_in_pages(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAGE_MAX", 2)
    for number in (1, 2):
        save_revision(workspace, number, {APP: f"// {number}"}, {})
    newest = history.timeline(workspace)
    assert ([entry["number"] for entry in newest["revisions"]], newest["more"]) == ([3, 2], True)
    older = history.timeline(workspace, before=2)
    assert ([entry["number"] for entry in older["revisions"]], older["more"]) == ([1], False)


def test_the_oldest_revisions_go_but_never_the_starter_or_the_one_that_runs(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspaces, "REVISIONS_KEPT_MAX", 2)
    for number in range(1, 6):
        revision = save_revision(workspace, number, {APP: f"// {number}"}, {})
        if number == 1:
            workspaces.record_deploy(workspace, revision, is_good=True, problems=0)
    assert list(workspace.revisions.values_list("number", flat=True)) == [1, 2, 5, 6]


def test_a_solution_is_open_once_asked_for_and_the_first_request_is_an_event(
    workspace: Workspace, lesson: Lesson
) -> None:
    assert not history.solution_is_open(workspace, 1)
    for _ in range(2):
        files = history.open_solution(workspace, lesson, 1)
    assert "archive" in files["convex/signups.ts"]
    assert history.solution_is_open(workspace, 1)
    assert workspace.events.filter(kind="solution").count() == 1


def test_whoever_has_passed_asks_for_nothing(workspace: Workspace, lesson: Lesson) -> None:
    progress.record_attempt(workspace, 1, 1, PASSED)
    assert history.solution_is_open(workspace, 1)
    history.open_solution(workspace, lesson, 1)
    assert not workspace.events.filter(kind="solution").exists()


@pytest.mark.django_db(transaction=True)
async def test_everything_is_answered_to_its_owner(workspace: Workspace, person: Person, lesson: Lesson) -> None:
    client = AsyncClient()
    await client.aforce_login(person)
    timeline, revision, starter = [(await client.get(f"/w/{workspace.id}/{address}")).json() for address in ADDRESSES]
    assert (timeline["revisions"][0]["number"], timeline["solution_is_open"]) == (1, False)
    assert revision == {"number": 1, "files": lesson.files}
    assert starter == {"files": lesson.files}
    solution = await client.post(f"/w/{workspace.id}/history/solution/1")
    assert "archive" in solution.json()["files"]["convex/signups.ts"]
    for missing in ("history/2", "history/99999999999"):
        assert (await client.get(f"/w/{workspace.id}/{missing}")).status_code == 404
    assert (await client.post(f"/w/{workspace.id}/history/solution/9")).status_code == 404
    for odd in ("x", "-1", "1" * 50, "²"):
        assert (await client.get(f"/w/{workspace.id}/history", {"before": odd})).status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_nothing_is_answered_to_anybody_else(workspace: Workspace) -> None:
    other = AsyncClient()
    await other.aforce_login(await Person.objects.acreate(pseudonym="Tern"))
    for client in (other, AsyncClient()):
        for address in ADDRESSES:
            assert (await client.get(f"/w/{workspace.id}/{address}")).status_code == 404
        assert (await client.post(f"/w/{workspace.id}/history/solution/1")).status_code == 404
    assert not await workspace.events.filter(kind="solution").aexists()
