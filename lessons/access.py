"""Who may have which workspace. Views and sockets get one from here and from nowhere else; and its lesson."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from lessons import catalogue
from lessons.lesson import Lesson, Task
from lessons.models import Workspace


async def access_workspace(user: Any, workspace_id: str) -> Workspace:
    """The workspace if it is this person's own. Raises Http404 otherwise, so that nobody learns which ids exist."""
    workspace = await workspace_for_socket(user, workspace_id)
    if workspace is None:
        raise Http404("No such workspace")
    return workspace


async def workspace_for_socket(user: Any, workspace_id: str) -> Workspace | None:
    """The same for a socket, which closes instead of answering 404. Signed out people have no workspace."""
    if not user.is_authenticated:
        return None
    return await Workspace.objects.filter(pk=workspace_id, person_id=user.pk).afirst()


def lesson_of(workspace: Workspace) -> Lesson:
    """Raises Http404 for a lesson that is not in the course any more."""
    lesson = catalogue.lesson(workspace.lesson)
    if lesson is None:
        raise Http404("This lesson is no longer part of the course")
    return lesson


def task_of(lesson: Lesson, number: int) -> Task:
    """Raises Http404."""
    task = lesson.task(number)
    if task is None:
        raise Http404("No such task")
    return task
