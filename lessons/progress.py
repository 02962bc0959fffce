"""Attempts and what they add up to: actions that write events, and the views of them that pages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from lessons.models import Event, Workspace
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
