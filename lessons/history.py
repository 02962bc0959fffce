"""The history of a workspace: its revisions as a timeline, and when the solution may be seen. Reads, and one action.

Restoring is no action of the server: a tab saves the old files as a new revision, like any other edit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from lessons import corpus, progress
from lessons.catalogue import Lesson
from lessons.models import Event, Revision, Workspace

PAGE_MAX = 100


def timeline(workspace: Workspace, before: int | None = None) -> dict[str, Any]:
    """At most PAGE_MAX revisions older than `before`, newest first; `more` says whether older ones follow.

    Each: number, saved_at (ISO), is_good (None: never tried), changed (paths that differ from the one before),
    same_as (the oldest other revision with the same files, or None), passed (a check passed on it).
    """
    everything = list(workspace.revisions.order_by("number").only("number", "files", "is_good", "saved_at"))
    first_with: dict[str, int] = {}
    passed = _passed_revisions(workspace)
    entries: list[dict[str, Any]] = []
    last: Mapping[str, str] = {}
    for revision in everything:
        first = first_with.setdefault(json.dumps(revision.files, sort_keys=True), revision.number)
        entries.append(_entry(revision, last, first, revision.number in passed))
        last = revision.files
    older = [entry for entry in entries if before is None or entry["number"] < before]
    return {"revisions": older[::-1][:PAGE_MAX], "more": len(older) > PAGE_MAX}


def _entry(revision: Revision, last: Mapping[str, str], first: int, passed: bool) -> dict[str, Any]:
    changed = {path for path, _ in revision.files.items() ^ last.items()}
    return {
        "number": revision.number,
        "saved_at": revision.saved_at.isoformat(),
        "is_good": revision.is_good,
        "changed": sorted(changed),
        "same_as": None if first == revision.number else first,
        "passed": passed,
    }


def _passed_revisions(workspace: Workspace) -> set[int]:
    checked = workspace.events.filter(kind=Event.Kind.CHECKED).values_list("payload", flat=True)
    return {payload["revision"] for payload in checked if payload["result"]["passed"]}


def solution_is_open(workspace: Workspace, task: int) -> bool:
    """Whether the person has passed the task or asked for its solution."""
    asked = workspace.events.filter(kind=Event.Kind.SOLUTION, payload__task=task).exists()
    return asked or progress.has_passed(workspace, task)


def open_solution(workspace: Workspace, lesson: Lesson, task: int) -> dict[str, str]:
    """The files of the first right solution. Asking before passing is written down, once."""
    with transaction.atomic():
        if not solution_is_open(workspace, task):
            Event.objects.create(
                person_id=workspace.person_id, workspace=workspace, kind=Event.Kind.SOLUTION, payload={"task": task}
            )
    right = next(solution for solution in corpus.solutions(lesson, task) if solution.is_right)
    return dict(right.files)
