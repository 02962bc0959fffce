"""Attempts and what they add up to: actions that write events, and the views of them that pages show."""

from __future__ import annotations

from django.db.models import QuerySet

from lessons.models import Event, Workspace
from lessons.verdict import CheckResult


def record_attempt(workspace: Workspace, task: int, revision: int, result: CheckResult) -> int:
    """Writes down one run of a task's check. Returns how many there were, this one included."""
    Event.objects.create(
        person_id=workspace.person_id,
        workspace=workspace,
        kind=Event.Kind.CHECKED,
        payload={"task": task, "revision": revision, "result": result.to_json()},
    )
    return _attempts(workspace, task).count()


def last_attempt(workspace: Workspace, task: int) -> tuple[CheckResult, int, int] | None:
    """The last result of a task with its revision and the number of attempts, or None before the first."""
    last = _attempts(workspace, task).last()
    if last is None:
        return None
    return CheckResult.from_json(last.payload["result"]), last.payload["revision"], _attempts(workspace, task).count()


def has_passed(workspace: Workspace, task: int) -> bool:
    """A task once passed stays passed, whatever is tried afterwards."""
    return _attempts(workspace, task).filter(payload__result__passed=True).exists()


def _attempts(workspace: Workspace, task: int) -> QuerySet[Event]:
    return workspace.events.filter(kind=Event.Kind.CHECKED, payload__task=task).order_by("id")
