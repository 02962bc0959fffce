"""What the table says: states, minutes, medians, who needs help first, and in which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lessons import journeys
from lessons.classroom import columns, csv_export, table
from lessons.classroom.models import ClassSection, Enrollment
from lessons.classroom.table import Row, Table
from lessons.journey import State
from lessons.models import Event
from tests.lessons.classroom.conftest import Doing, Enroll


@pytest.fixture
def read(section: ClassSection, doing: Doing) -> Any:
    def read(minutes_later: float = 0, *, aliases: bool = False) -> Table:
        journeys.forget_all()  # tests move events in time, which nothing else does
        now = doing.now + timedelta(minutes=minutes_later)
        return table.table_of(section, now, aliases=aliases, unfolded={doing.lesson.number})

    return read


def row_of(shown: Table, enrollment: Enrollment) -> Row:
    return next(row for row in shown.rows if row.enrollment == enrollment.pk)


def first_cell(shown: Table, enrollment: Enrollment, doing: Doing) -> table.Cell:
    at = [column.label for column in shown.columns].index(f"{doing.lesson.number}.1")
    return row_of(shown, enrollment).cells[at]


def test_who_has_joined_and_done_nothing_has_not_started(read: Any, enroll: Enroll) -> None:
    tala = enroll("Tala Reyes")
    row = row_of(read(), tala)
    assert (row.name, row.reason.text, row.reason.level, row.last) == ("Tala Reyes", "not started yet", "", "now")
    assert {cell.state for cell in row.cells} == {State.NOT_OPENED}


def test_minutes_attempts_and_state_of_a_task(read: Any, enroll: Enroll, doing: Doing) -> None:
    tala = enroll("Tala Reyes")
    doing.work(tala.person, 6)
    doing.check(tala.person, 0, "restore-writes-null")
    cell = first_cell(read(), tala, doing)
    assert (cell.state, cell.minutes, cell.attempts) == (State.UNDER_WAY, 6, 1)


def test_the_same_failure_again_and_again_comes_first_with_its_reason(read: Any, enroll: Enroll, doing: Doing) -> None:
    quiet, failing, fine = enroll("Amina Diallo"), enroll("Kwame Boateng"), enroll("Priya Raman")
    for enrollment in (quiet, failing, fine):
        doing.work(enrollment.person, 20, 12 if enrollment is quiet else 1)
    for minutes_ago in (3, 2, 1):
        doing.check(failing.person, minutes_ago, "restore-writes-null")
    shown = read()
    where = f"{doing.lesson.number}.1"
    assert [row.enrollment for row in shown.rows] == [failing.pk, quiet.pk, fine.pk]
    assert shown.rows[0].reason.text == f"same failure 3 times on {where}: restore writes null"
    assert shown.rows[1].reason.text == f"no key for 12 min on {where}, never checked"
    assert [row.reason.level for row in shown.rows] == ["bad", "warn", ""]
    assert [row.ends_help for row in shown.rows] == [False, True, False]
    assert (shown.summary.bad, shown.summary.warn, shown.summary.working, shown.summary.done) == (1, 1, 1, 0)


def test_silence_becomes_a_reason_with_time_alone_and_ends_with_the_lesson(
    read: Any, enroll: Enroll, doing: Doing
) -> None:
    tala = enroll("Tala Reyes")
    doing.work(tala.person, 3)
    levels = [row_of(read(minutes), tala).reason.level for minutes in (0, 6, 10, 59, 61)]
    assert levels == ["", "", "warn", "warn", ""]
    assert "away 6 min" in row_of(read(6), tala).reason.text
    assert row_of(read(61), tala).last == "1 h"


def test_twice_the_median_of_the_class_is_slow(read: Any, enroll: Enroll, doing: Doing) -> None:
    learners = [enroll(f"Learner {number}") for number in range(4)]
    for enrollment, minutes in zip(learners, (4, 5, 6, 21), strict=True):
        doing.work(enrollment.person, minutes)
    doing.event(learners[3].person, "hinted", 0, task=1, level=1)
    shown = read()
    slow = row_of(shown, learners[3])
    assert slow.reason.text == f"21 min on {doing.lesson.number}.1, median 6; 1 hint open"
    assert first_cell(shown, learners[3], doing).is_slow
    assert not first_cell(shown, learners[2], doing).is_slow
    at = [column.label for column in shown.columns].index(f"{doing.lesson.number}.1")
    assert shown.feet[at].minutes == 6


def test_two_learners_have_no_median_to_be_slow_against(read: Any, enroll: Enroll, doing: Doing) -> None:
    one, other = enroll("One"), enroll("Other")
    doing.work(one.person, 2)
    doing.work(other.person, 40)
    assert row_of(read(), other).reason.level == ""


def test_who_proved_everything_is_done_and_last(
    read: Any, enroll: Enroll, doing: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = [listing for listing in columns.catalogue.course() if listing.slug == doing.lesson.slug]
    monkeypatch.setattr("lessons.catalogue.course", lambda: tuple(only))
    done, working = enroll("Sofia Papadaki"), enroll("Noam Levi")
    doing.work(working.person, 2)
    for task in doing.lesson.tasks:
        doing.event(done.person, "checked", 1, task=task.number, revision=1, result={"passed": True})
    shown = read()
    assert [row.enrollment for row in shown.rows] == [working.pk, done.pk]
    assert shown.summary.done == 1
    assert row_of(shown, done).reason.text == "all tasks proved"


def test_an_alias_stays_whoever_comes_and_goes(read: Any, enroll: Enroll) -> None:
    first, second = enroll("Tala Reyes"), enroll("Kwame Boateng")
    alias = second.alias
    first.delete()
    third = enroll("Priya Raman")
    shown = read(aliases=True)
    assert row_of(shown, second).name == alias
    assert len({first.alias, second.alias, third.alias}) == 3
    assert "Kwame" not in str(shown)


def test_a_folded_lesson_is_one_mark(section: ClassSection, enroll: Enroll, doing: Doing) -> None:
    tala = enroll("Tala Reyes")
    doing.check(tala.person, 1, "restore-writes-null")
    shown = table.table_of(section, doing.now, aliases=False, unfolded=())
    at = [column.lesson for column in shown.columns].index(doing.lesson.number)
    cell = row_of(shown, tala).cells[at]
    assert (cell.state, cell.is_folded) == (State.UNDER_WAY, True)
    assert cell.word == f"0 of {len(doing.lesson.tasks)} proved"


def test_the_lessons_where_the_class_is_are_unfolded() -> None:
    tasks = dict.fromkeys(range(1, 12), 3)
    assert columns._where_the_class_is(tasks, {8: 3, 9: 20, 10: 2}) == {8, 9, 10}
    assert columns._where_the_class_is(tasks, {}) == {1, 2, 3}
    assert columns._where_the_class_is({9: 4}, {9: 1}) == {9}
    assert columns._where_the_class_is({}, {}) == frozenset()


def test_no_more_tasks_are_unfolded_than_a_laptop_has_room_for() -> None:
    assert columns._where_the_class_is({1: 4, 2: 4, 3: 6}, {3: 1}) == {2, 3}
    assert columns._where_the_class_is({1: 30, 2: 3}, {1: 5}) == {1}


@pytest.mark.parametrize(("text", "numbers"), [("8.9.10", {8, 9, 10}), ("none", set()), ("", None), ("8;9", None)])
def test_which_lessons_are_unfolded_can_be_said_in_the_address(text: str, numbers: set[int] | None) -> None:
    assert columns.parse_unfolded(text) == numbers


def test_rows_can_be_asked_for_with_the_columns_of_a_table(section: ClassSection, enroll: Enroll, doing: Doing) -> None:
    tala = enroll("Tala Reyes")
    before = table.table_of(section, doing.now, aliases=False)
    doing.check(tala.person, 1)  # moves the class, and with it the lessons that would be unfolded
    after = table.table_of(section, doing.now, aliases=False, unfolded=columns.parse_unfolded(before.unfolded))
    assert after.columns == before.columns
    nothing = table.table_of(section, doing.now, aliases=False, unfolded=())
    assert columns.parse_unfolded(nothing.unfolded) == frozenset()


def test_the_table_costs_two_queries(
    section: ClassSection, enroll: Enroll, doing: Doing, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        doing.check(enroll(f"Learner {number}").person, 1)
    with django_assert_num_queries(2):
        table.table_of(section, doing.now, aliases=False)
    with django_assert_num_queries(2):
        table.table_of(section, doing.now, aliases=False)


def test_the_table_is_the_same_after_a_restart(read: Any, enroll: Enroll, doing: Doing) -> None:
    tala = enroll("Tala Reyes")
    doing.work(tala.person, 4)
    before = read()
    Event.objects.create(person=tala.person, kind="started")
    assert replace(before, rows=()) == replace(read(), rows=())


@pytest.mark.parametrize("text", ["=1+1", "+49", "-3", "@SUM(A1)", "\t=1", "  =cmd|' /C calc'!A0", "\n=1"])
def test_nothing_that_learners_wrote_becomes_a_formula(text: str) -> None:
    assert csv_export.harmless(text) == f"'{text}"


def test_the_file_holds_every_task_of_every_learner(read: Any, enroll: Enroll, doing: Doing) -> None:
    tala = enroll("=HYPERLINK(1)")
    doing.check(tala.person, 1, "restore-writes-null")
    text = csv_export.write(read())
    assert text.startswith("\ufeff")
    assert "'=HYPERLINK(1)" in text
    assert f"{doing.lesson.number}.1 {doing.lesson.tasks[0].title}" in text
    assert "under way,1," in text
