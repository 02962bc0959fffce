"""Attempts and what they add up to: actions that write events, and the views of them that pages show."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from lessons.models import Event, Workspace
from lessons.verdict import Verdict


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


def _attempts(workspace: Workspace, task: int) -> QuerySet[Event]:
    return workspace.events.filter(kind=Event.Kind.CHECKED, payload__task=task).order_by("id")
