"""The table of a class section: learners × tasks, the class median, and who needs help first.

Computed from journeys (`lessons/journeys.py`) whenever it is shown; nothing of it is stored.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from lessons import catalogue
from lessons.classroom.columns import Column, Group, groups_of
from lessons.classroom.models import ClassSection, Enrollment
from lessons.classroom.reasons import Median, Medians, Reason, reason_for
from lessons.journey import Journey, State
from lessons.journeys import journeys
from lessons.progress import lesson_states, place_of

MINUTES_OF_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Cell:
    """One task of one learner, or a folded lesson of one. `minutes` is None where no time was spent."""

    state: State
    word: str
    minutes: int | None = None
    attempts: int = 0
    is_slow: bool = False
    is_folded: bool = False
    starts_group: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """`ends_help` marks the last row of those that need help."""

    enrollment: int
    name: str
    reason: Reason
    cells: tuple[Cell, ...]
    last: str
    last_at: datetime | None
    is_done: bool
    ends_help: bool = False


@dataclass(frozen=True, slots=True)
class Foot:
    """The class median under one column."""

    minutes: int | None
    is_folded: bool
    starts_group: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """How many rows are of which kind; together all of them."""

    bad: int
    warn: int
    working: int
    done: int


@dataclass(frozen=True, slots=True)
class Table:
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    feet: tuple[Foot, ...]
    summary: Summary

    @property
    def order(self) -> str:
        return " ".join(str(row.enrollment) for row in self.rows)

    @property
    def unfolded(self) -> str:
        """As `columns.parse_unfolded` reads it: rows that are swapped into this table need the same columns."""
        return ".".join(str(group.lesson) for group in self.groups if not group.is_folded) or "none"

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(column for group in self.groups for column in group.columns)


def shown_name(enrollment: Enrollment, *, aliases: bool) -> str:
    """What stands for the learner on an instructor's page."""
    return enrollment.alias if aliases else enrollment.person.pseudonym


def table_of(section: ClassSection, now: datetime, *, aliases: bool, unfolded: Collection[int] | None = None) -> Table:
    """The whole table in two queries: who is in the section, and what they did since it was last read.

    `unfolded` are the numbers of lessons that are shown task by task; None leaves it to where the class is.
    """
    learners = list(section.enrollments.filter(role=Enrollment.Role.LEARNER).select_related("person"))
    going = journeys(enrollment.person_id for enrollment in learners)
    groups = groups_of(unfolded, Counter(_lesson_number(journey) for journey in going.values()))
    medians = medians_of(going.values(), groups)
    rows = []
    for enrollment in learners:
        journey = going[enrollment.person_id]
        reason = reason_for(journey, medians, now)
        cells = tuple(cell for group in groups for cell in _cells(group, journey, medians))
        place = place_of(journey)
        is_done = place is not None and place.task is None
        name = shown_name(enrollment, aliases=aliases)
        last = last_words(journey.last_at, now)
        rows.append(Row(enrollment.pk, name, reason, cells, last, journey.last_at, is_done))
    feet = tuple(_foot(column, medians) for group in groups for column in group.columns)
    return Table(groups, _arranged(rows), feet, _summary(rows))


def medians_of(going: Iterable[Journey], groups: Iterable[Group]) -> Medians:
    """By lesson and task, over everybody who spent time on it."""
    going = list(going)
    found = {}
    for column in (column for group in groups for column in group.tasks):
        spent = [_minutes(journey, column) for journey in going]
        minutes = [value for value in spent if value > 0]
        if minutes:
            found[column.slug, column.task] = Median(statistics.median(minutes), len(minutes))
    return found


def last_words(last_at: datetime | None, now: datetime) -> str:
    """How long ago the last event was, for a narrow column."""
    if last_at is None:
        return ""
    minutes = int((now - last_at).total_seconds() / 60)
    if minutes < 1:
        return _("now")
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes < MINUTES_OF_A_DAY:
        return _("%(hours)d h") % {"hours": minutes // 60}
    return _("%(days)d d") % {"days": minutes // MINUTES_OF_A_DAY}


def state_word(state: State) -> str:
    match state:
        case State.PROVED:
            return _("proved")
        case State.UNDER_WAY:
            return _("under way")
        case State.OPENED:
            return _("opened, not checked")
        case State.FAILING:
            return _("failing the same way")
        case State.NOT_OPENED:
            return _("not opened")


def shown_minutes(seconds: float) -> int | None:
    """Whole minutes, and at least one for whoever spent any time."""
    return max(round(seconds / 60), 1) if seconds > 0 else None


def _lesson_number(journey: Journey) -> int:
    """Where somebody is, or 0."""
    return next((listing.number for listing in catalogue.course() if listing.slug == journey.lesson), 0)


def _minutes(journey: Journey, column: Column) -> float:
    lesson = journey.lessons.get(column.slug)
    task = lesson.tasks.get(column.task) if lesson else None
    return task.seconds / 60 if task else 0.0


def _cells(group: Group, journey: Journey, medians: Medians) -> list[Cell]:
    states = lesson_states(journey, group.slug)
    if group.is_folded:
        return [_folded(states)]
    return [_cell(column, states[column.task], journey, medians) for column in group.tasks]


def _cell(column: Column, state: State, journey: Journey, medians: Medians) -> Cell:
    lesson = journey.lessons.get(column.slug)
    task = lesson.tasks.get(column.task) if lesson else None
    if task is None:
        return Cell(state, state_word(state), starts_group=column.starts_group)
    median = medians.get((column.slug, column.task))
    is_slow = median is not None and median.is_slow(task.seconds / 60)
    minutes = shown_minutes(task.seconds)
    return Cell(state, state_word(state), minutes, task.attempts, is_slow, starts_group=column.starts_group)


def _folded(states: dict[int, State]) -> Cell:
    """A whole lesson in one mark."""
    proved = sum(1 for state in states.values() if state is State.PROVED)
    if proved == len(states):
        state = State.PROVED
    else:
        worse = (State.FAILING, State.UNDER_WAY, State.OPENED)
        state = next((state for state in worse if state in states.values()), State.NOT_OPENED)
        state = State.UNDER_WAY if proved and state in (State.OPENED, State.NOT_OPENED) else state
    word = _("%(proved)d of %(all)d proved") % {"proved": proved, "all": len(states)}
    return Cell(state, word, is_folded=True, starts_group=True)


def _foot(column: Column, medians: Medians) -> Foot:
    median = medians.get((column.slug, column.task))
    minutes = None if median is None else max(round(median.minutes), 1)
    return Foot(minutes, not column.task, column.starts_group)


def _arranged(rows: list[Row]) -> tuple[Row, ...]:
    rank = {"bad": 0, "warn": 1, "": 2}
    ordered = sorted(rows, key=lambda row: (rank[row.reason.level], -row.reason.weight))
    help_wanted = sum(1 for row in rows if row.reason.level)
    if help_wanted:
        ordered[help_wanted - 1] = replace(ordered[help_wanted - 1], ends_help=True)
    return tuple(ordered)


def _summary(rows: list[Row]) -> Summary:
    levels = Counter(row.reason.level for row in rows)
    done = sum(1 for row in rows if row.is_done)
    return Summary(levels["bad"], levels["warn"], len(rows) - levels["bad"] - levels["warn"] - done, done)
