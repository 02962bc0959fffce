"""Folding events: states, minutes, findings, places. And that what is kept in memory is what the events say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons import catalogue, journeys, progress, workspaces
from lessons.catalogue import Lesson
from lessons.journey import PAUSE_S, Happening, Journey, State
from lessons.models import Event, Person, Workspace

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TASKS = {"one": (1, 2), "two": (1,)}


def tasks_of(slug: str) -> tuple[int, ...]:
    return TASKS.get(slug, ())


class Story:
    """Tells events one after another; `wait` lets time pass before the next."""

    def __init__(self) -> None:
        self.journey = Journey()
        self.at = START
        self.told = 0

    def wait(self, seconds: float) -> Story:
        self.at += timedelta(seconds=seconds)
        return self

    def tell(self, kind: str, lesson: str = "one", **payload: Any) -> Story:
        self.told += 1
        self.journey.fold(Happening(self.told, self.at, kind, lesson, payload), tasks_of)
        return self

    def check(self, task: int, finding: str = "", lesson: str = "one") -> Story:
        result = {"passed": not finding, "happened": finding, "finding": finding}
        return self.tell("checked", lesson, task=task, revision=1, result=result)

    def states(self, lesson: str = "one") -> list[State]:
        numbers = tasks_of(lesson)
        return [self.journey.lessons[lesson].state(number, numbers) for number in numbers]


def test_a_task_is_opened_then_under_way_then_proved_and_stays_so() -> None:
    story = Story().tell("opened")
    assert story.states() == [State.OPENED, State.NOT_OPENED]
    assert story.check(1, "wrong").states() == [State.UNDER_WAY, State.NOT_OPENED]
    assert story.check(1).states() == [State.PROVED, State.OPENED]
    assert story.check(1, "broken-again").states() == [State.PROVED, State.OPENED]


def test_three_like_failures_in_a_row_are_a_cross_and_another_one_is_not() -> None:
    story = Story().tell("opened")
    for _ in range(3):
        story.check(1, "restore-writes-null")
    assert story.states()[0] is State.FAILING
    assert story.check(1, "list-shows-archived").states()[0] is State.UNDER_WAY


def test_failures_without_an_id_are_told_apart_by_what_was_said() -> None:
    story = Story().tell("opened")
    for said in ("one", "one", "one"):
        story.tell("checked", task=1, revision=1, result={"passed": False, "happened": said})
    assert story.journey.lessons["one"].tasks[1].same_finding == 3


def test_time_goes_to_the_task_at_hand_and_a_pause_is_no_time() -> None:
    story = Story().tell("opened").wait(60).tell("saved").wait(PAUSE_S + 1).tell("saved").wait(30).check(1)
    story.wait(120).tell("saved").wait(PAUSE_S).check(2)
    lesson = story.journey.lessons["one"]
    assert (lesson.tasks[1].seconds, lesson.tasks[2].seconds) == (90, 120 + PAUSE_S)
    assert lesson.seconds == 210 + PAUSE_S


def test_time_before_a_check_goes_to_the_task_that_was_checked() -> None:
    story = Story().tell("opened").wait(100).check(2, "wrong")
    assert story.journey.lessons["one"].tasks[2].seconds == 100
    assert story.journey.lessons["one"].current_task((1, 2)) == 2


def test_the_way_from_one_lesson_to_the_next_belongs_to_the_one_before() -> None:
    story = Story().tell("opened").wait(40).tell("opened", "two").wait(20).tell("saved", "two")
    assert story.journey.lessons["one"].seconds == 40
    assert story.journey.lessons["two"].seconds == 20


def test_hints_words_quizzes_and_renames_are_remembered() -> None:
    story = Story().tell("hinted", task=1, level=1).tell("hinted", task=1, level=2)
    story.tell("answered", quiz="why", right=True).tell("answered", quiz="why", right=False)
    story.tell("wrote", words="own", count=46).tell("renamed", **{"from": "name", "to": "fullName", "places": 9})
    lesson = story.journey.lessons["one"]
    assert lesson.tasks[1].hints == {1, 2}
    assert lesson.quizzes == {"why": True}  # what was once answered right was understood
    assert lesson.words == {"own": 46}
    assert lesson.rename is not None
    assert (lesson.rename.old, lesson.rename.new, lesson.rename.places) == ("name", "fullName", 9)


KINDS = st.sampled_from(["opened", "saved", "checked", "hinted"])
STEPS = st.lists(st.tuples(KINDS, st.sampled_from(["one", "two"]), st.integers(1, 2), st.integers(0, 900)), max_size=40)


@given(STEPS, st.integers(0, 40))
def test_an_event_that_is_folded_twice_counts_once(steps: list[tuple[str, str, int, int]], again: int) -> None:
    once, twice = Story(), Story()
    for kind, lesson, task, seconds in steps:
        for story in (once, twice):
            story.wait(seconds)
            if kind == "checked":
                story.check(task, "wrong", lesson)
            else:
                story.tell(kind, lesson, task=task, level=1)
        if twice.told == again:
            twice.told -= 1
            twice.tell(kind, lesson, task=task, level=1)
    assert once.journey == twice.journey
    assert once.journey.seconds <= sum(min(seconds, PAUSE_S) for *_, seconds in steps)


# ── read from the database


def check(workspace: Workspace, task: int, *, passed: bool) -> None:
    result = {"passed": passed, "happened": "…", "finding": "" if passed else "wrong", "evidence": ["a row"] * 3}
    Event.objects.create(
        person=workspace.person,
        workspace=workspace,
        kind=Event.Kind.CHECKED,
        payload={"task": task, "revision": 1, "result": result},
    )


def test_a_journey_follows_its_events_and_equals_one_that_is_read_anew(person: Person, workspace: Workspace) -> None:
    assert progress.task_states(person)[workspace.lesson][1] is State.OPENED
    check(workspace, 1, passed=False)
    assert progress.task_states(person)[workspace.lesson][1] is State.UNDER_WAY
    check(workspace, 1, passed=True)
    kept = progress.journey(person)
    assert kept.lessons[workspace.lesson].tasks[1].attempts == 2
    journeys.forget_all()
    assert progress.journey(person) == kept


def test_people_who_are_known_and_people_who_are_not_cost_a_query_each(
    person: Person, workspace: Workspace, lesson: Lesson, django_assert_num_queries: Any
) -> None:
    progress.journey(person)
    other = workspaces.start_person("Tern")
    check(workspaces.open_workspace(other, lesson), 1, passed=True)
    check(workspace, 1, passed=True)
    with django_assert_num_queries(2):
        found = journeys.journeys([person.pk, other.pk])
    assert [found[each.pk].lessons[lesson.slug].is_proved(1) for each in (person, other)] == [True, True]
    with django_assert_num_queries(1):
        assert journeys.journeys([person.pk, other.pk]) == found


def test_evidence_never_leaves_the_database(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Happening] = []
    monkeypatch.setattr(Journey, "fold", lambda self, happening, tasks: seen.append(happening))
    check(workspace, 1, passed=True)
    progress.journey(workspace.person)
    assert seen[-1].payload["result"] == {"passed": True, "happened": "…", "finding": ""}


def test_the_last_place_is_where_the_next_task_is(person: Person, workspace: Workspace, lesson: Lesson) -> None:
    stranger = workspaces.start_person("Tern")
    assert progress.last_place(stranger) is None
    assert progress.last_place(person) == progress.LastPlace(lesson.slug, 1)
    for task in lesson.tasks:
        check(workspace, task.number, passed=True)
    place = progress.last_place(person)
    others = [one.slug for one in catalogue.course() if one.available and one.slug != lesson.slug]
    assert place is not None
    assert place == progress.LastPlace(lesson.slug, None) if not others else place.lesson in others
