from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from lessons import workspaces
from lessons.catalogue import Lesson
from lessons.classroom import actions
from lessons.classroom.models import ClassSection, Enrollment, Instructor
from lessons.models import Event, Person

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def instructor(db: None) -> Instructor:
    return actions.create_instructor("Ms Haddad", "haddad@school.example", PASSWORD)


@pytest.fixture
def section(instructor: Instructor) -> ClassSection:
    return actions.create_section(instructor, "9b", "Reactive databases, Monday")


@pytest.fixture
def other_instructor(db: None) -> Instructor:
    """Teaches another section."""
    other = actions.create_instructor("Mr Okafor", "okafor@school.example", PASSWORD)
    actions.create_section(other, "9c", "")
    return other


Enroll = Callable[[str], Enrollment]


@pytest.fixture
def enroll(section: ClassSection) -> Enroll:
    return lambda pseudonym: actions.join(section, workspaces.start_person(pseudonym))


class Doing:
    """Writes what learners did, at a moment of its own."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.now = timezone.now()

    def at(self, minutes_ago: float) -> datetime:
        return self.now - timedelta(minutes=minutes_ago)

    def event(self, person: Person, kind: str, minutes_ago: float, **payload: Any) -> None:
        workspace = workspaces.open_workspace(person, self.lesson)
        Event.objects.filter(person=person, kind__in=["started", "opened"], at__gt=self.at(minutes_ago)).update(
            at=self.at(minutes_ago)
        )
        event = Event.objects.create(person=person, workspace=workspace, kind=kind, payload=payload)
        Event.objects.filter(pk=event.pk).update(at=self.at(minutes_ago))

    def check(self, person: Person, minutes_ago: float, finding: str = "") -> None:
        said = {"did": "Archived `a` row.", "happened": f"It was {finding}.", "expected": "The row back."}
        result = {"passed": not finding, "finding": finding, "look_at": None, "evidence": [], **said}
        self.event(person, "checked", minutes_ago, task=1, revision=1, result=result)

    def work(self, person: Person, from_ago: int, to_ago: int = 0) -> None:
        """A save every minute."""
        for minutes_ago in range(from_ago, to_ago - 1, -1):
            self.event(person, "saved", minutes_ago, revision=1)


@pytest.fixture
def doing(lesson: Lesson) -> Doing:
    return Doing(lesson)
