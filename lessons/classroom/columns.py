"""The columns of a class section's table: one for each task, and one for each lesson that is folded.

A course has more tasks than a screen has room for, so only the lessons where the class is are shown task by task,
unless the instructor says which.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lessons import catalogue
from lessons.journeys import task_numbers

UNFOLDED_MAX = 3
# With more, the reasons have no room on a laptop.
TASKS_MAX = 11


@dataclass(frozen=True, slots=True)
class Column:
    """`task` is 0 for a whole lesson."""

    lesson: int
    slug: str
    task: int
    title: str
    starts_group: bool = False

    @property
    def label(self) -> str:
        return f"{self.lesson}.{self.task}" if self.task else str(self.lesson)


@dataclass(frozen=True, slots=True)
class Group:
    """One lesson. `toggled` is the list of unfolded lessons with this one folded or unfolded, for the link."""

    lesson: int
    slug: str
    title: str
    tasks: tuple[Column, ...]
    is_folded: bool
    toggled: str

    @property
    def columns(self) -> tuple[Column, ...]:
        return (Column(self.lesson, self.slug, 0, self.title, True),) if self.is_folded else self.tasks


def groups_of(unfolded: Collection[int] | None, places: Mapping[int, int]) -> tuple[Group, ...]:
    """The open lessons of the course in order. `places` says how many learners are in which lesson."""
    listings = [listing for listing in catalogue.course() if listing.available]
    if unfolded is None:
        unfolded = _where_the_class_is({one.number: len(task_numbers(one.slug)) for one in listings}, places)
    groups = []
    for listing in listings:
        is_folded = listing.number not in unfolded
        toggled = sorted({*unfolded} ^ {listing.number})
        tasks = _tasks(listing.number, listing.slug)
        text = ".".join(map(str, toggled)) or "none"
        groups.append(Group(listing.number, listing.slug, listing.title, tasks, is_folded, text))
    return tuple(groups)


def parse_unfolded(text: str) -> frozenset[int] | None:
    """`8.9.10`, or `none`; None when nothing sensible is said."""
    if text == "none":
        return frozenset()
    numbers = text[:200].split(".")
    if not text or not all(number.isascii() and number.isdigit() and len(number) < 4 for number in numbers):
        return None
    return frozenset(int(number) for number in numbers)


def _where_the_class_is(tasks: Mapping[int, int], places: Mapping[int, int]) -> frozenset[int]:
    """Some lessons in a row, with as many learners as possible; the earlier ones when it is the same.

    `tasks` says how many each lesson has, in the order of the course.
    """
    numbers = list(tasks)
    windows = [_window(numbers[at:], tasks) for at in range(len(numbers))] or [[]]
    return frozenset(max(windows, key=lambda window: sum(places.get(number, 0) for number in window)))


def _window(numbers: list[int], tasks: Mapping[int, int]) -> list[int]:
    """The first lesson, and those after it that fit beside it."""
    chosen = numbers[:1]
    for number in numbers[1:UNFOLDED_MAX]:
        if sum(tasks[one] for one in (*chosen, number)) > TASKS_MAX:
            break
        chosen.append(number)
    return chosen


def _tasks(lesson: int, slug: str) -> tuple[Column, ...]:
    found = catalogue.lesson(slug)
    if found is None:
        return ()
    return tuple(
        Column(lesson, slug, task.number, task.title, starts_group=at == 0) for at, task in enumerate(found.tasks)
    )
