"""Attempts and what they add up to: actions that write events, and the views of them that pages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from lessons import catalogue
from lessons.journey import Journey, State
from lessons.journeys import journeys, task_numbers
from lessons.models import Event, Person, Workspace
from lessons.verdict import Verdict

LIKE_FAILURES_MAX = 10


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run of a task's check. `attempts` counts all up to this one."""

    result: Verdict
    revision: int
    attempts: int


def record_attempt(workspace: Workspace, task: int, revision: int, result: Verdict) -> int:
    """Writes down one run of a task's check. Returns how many there were, this one included."""
    Event.objects.create(
        person_id=workspace.person_id,
        workspace=workspace,
        kind=Event.Kind.CHECKED,
        payload={"task": task, "revision": revision, "result": result.to_json(), "finding": result.finding},
    )
    return _attempts(workspace, task).count()


def last_attempt(workspace: Workspace, task: int) -> Attempt | None:
    """The last attempt at a task, or None before the first."""
    last = _attempts(workspace, task).last()
    if last is None:
        return None
    result = Verdict.from_json(last.payload["result"])
    return Attempt(result, last.payload["revision"], _attempts(workspace, task).count())


def has_passed(workspace: Workspace, task: int) -> bool:
    """Whether a check of the task has ever passed."""
    return _attempts(workspace, task).filter(payload__result__passed=True).exists()


def passed_tasks(workspace: Workspace) -> set[int]:
    """The numbers of the tasks whose check has ever passed."""
    passed = workspace.events.filter(kind=Event.Kind.CHECKED, payload__result__passed=True)
    return set(passed.values_list("payload__task", flat=True))


def like_failures(workspace: Workspace, task: int) -> int:
    """How many of the last attempts failed with the finding of the very last one, without another in between."""
    results = [event.payload["result"] for event in _attempts(workspace, task).reverse()[:LIKE_FAILURES_MAX]]
    if not results or results[0]["passed"]:
        return 0
    same = [not result["passed"] and _cause(result) == _cause(results[0]) for result in results]
    return same.index(False) if False in same else len(same)


def _cause(result: Mapping[str, Any]) -> str:
    """Findings of a project that does not go live have no name of their own: their text tells them apart."""
    return result.get("finding") or str(result["happened"])


def _attempts(workspace: Workspace, task: int) -> QuerySet[Event]:
    return workspace.events.filter(kind=Event.Kind.CHECKED, payload__task=task).order_by("id")


# ── what all events of a person add up to ───────────────────────────────────


@dataclass(frozen=True, slots=True)
class LastPlace:
    """Where somebody left off. `task` is None when all tasks of the lesson are proved."""

    lesson: str
    task: int | None


def journey(person: Person) -> Journey:
    """Everything that the person's events add up to, right now."""
    return journeys([person.pk])[person.pk]


def task_states(person: Person) -> dict[str, dict[int, State]]:
    """The state of every task of the course, by lesson and number."""
    going = journey(person)
    return {listing.slug: lesson_states(going, listing.slug) for listing in catalogue.course()}


def lesson_states(going: Journey, slug: str) -> dict[int, State]:
    """The state of every task of one lesson."""
    numbers, lesson = task_numbers(slug), going.lessons.get(slug)
    if lesson is None:
        return dict.fromkeys(numbers, State.NOT_OPENED)
    return {number: lesson.state(number, numbers) for number in numbers}


def last_place(person: Person) -> LastPlace | None:
    """Where the person goes on; None before the first lesson was opened."""
    return place_of(journey(person))


def place_of(going: Journey) -> LastPlace | None:
    """The task at hand of the last lesson, else of the next one in which something is not proved."""
    if not going.lesson:
        return None
    order = [listing.slug for listing in catalogue.course() if listing.available]
    at = order.index(going.lesson) if going.lesson in order else 0
    for slug in order[at:] + order[:at]:
        task = current_task(going, slug)
        if task is not None:
            return LastPlace(slug, task)
    return LastPlace(going.lesson, None)


def current_task(going: Journey, slug: str) -> int | None:
    """The task of the lesson that comes next for the person, or None when all are proved."""
    numbers, lesson = task_numbers(slug), going.lessons.get(slug)
    if lesson is None:
        return numbers[0] if numbers else None
    return lesson.current_task(numbers)
