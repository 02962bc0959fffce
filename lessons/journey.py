"""What one person's events add up to, folded one event at a time.

A journey is never stored and never edited: it is the fold of the person's events in their order, so it cannot drift
from them. `progress.py` reads the events and keeps journeys in memory; pages ask it and not this module.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

PAUSE_S = 5 * 60
"""Two events further apart than this have a pause between them, and a pause is no work."""

SAME_FINDING_MANY = 3
"""So many like failures in a row, and the next look should be a person's."""

TasksOf = Callable[[str], tuple[int, ...]]
"""The numbers of a lesson's tasks in their order; none for a lesson that the course does not have."""


class State(StrEnum):
    """How far somebody is with a task. Pages show a shape for each."""

    NOT_OPENED = "none"
    OPENED = "ring"
    UNDER_WAY = "half"
    FAILING = "cross"
    PROVED = "ok"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as it is folded. `lesson` is empty for what belongs to none."""

    id: int
    at: datetime
    kind: str
    lesson: str
    payload: Mapping[str, Any]


@dataclass(slots=True)
class TaskJourney:
    """`same_finding` counts the last failures in a row that ended with `finding`."""

    seconds: float = 0.0
    attempts: int = 0
    attempts_to_prove: int = 0
    proved_at: datetime | None = None
    finding: str = ""
    same_finding: int = 0
    hints: set[int] = field(default_factory=set)
    saw_solution: bool = False

    @property
    def is_failing(self) -> bool:
        return self.proved_at is None and self.same_finding >= SAME_FINDING_MANY


@dataclass(frozen=True, slots=True)
class Rename:
    """A rename that turned files red, as the learner saw it."""

    old: str
    new: str
    places: int
    at: datetime


@dataclass(slots=True)
class LessonJourney:
    """`named` is the task that the last event named; `quizzes` says of each whether it was ever answered right."""

    opened_at: datetime
    last_at: datetime
    seconds: float = 0.0
    named: int | None = None
    tasks: dict[int, TaskJourney] = field(default_factory=dict)
    quizzes: dict[str, bool] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    step: int = 0
    rename: Rename | None = None

    def task(self, number: int) -> TaskJourney:
        return self.tasks.setdefault(number, TaskJourney())

    def is_proved(self, number: int) -> bool:
        return number in self.tasks and self.tasks[number].proved_at is not None

    def current_task(self, numbers: tuple[int, ...]) -> int | None:
        """The task at hand: the one that was named last, or the first that is not proved. None when all are."""
        if self.named in numbers and self.named is not None and not self.is_proved(self.named):
            return self.named
        return next((number for number in numbers if not self.is_proved(number)), None)

    def state(self, number: int, numbers: tuple[int, ...]) -> State:
        task = self.tasks.get(number)
        if task is not None and task.proved_at is not None:
            return State.PROVED
        if task is not None and task.is_failing:
            return State.FAILING
        if task is not None and task.attempts:
            return State.UNDER_WAY
        return State.OPENED if number == self.current_task(numbers) else State.NOT_OPENED


@dataclass(slots=True)
class Journey:
    """`lesson` is where the person is: the lesson of the last event that had one."""

    last_event_id: int = 0
    last_at: datetime | None = None
    lesson: str = ""
    lessons: dict[str, LessonJourney] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return sum(lesson.seconds for lesson in self.lessons.values())

    def fold(self, happening: Happening, tasks_of: TasksOf) -> None:
        """Takes the next event in. One that was taken in before is left out."""
        if happening.id <= self.last_event_id:
            return
        self._credit(happening, tasks_of)
        self.last_event_id, self.last_at = happening.id, happening.at
        if not happening.lesson:
            return
        self.lesson = happening.lesson
        lesson = self.lessons.setdefault(happening.lesson, LessonJourney(happening.at, happening.at))
        lesson.last_at = happening.at
        _take_in(lesson, happening)

    def _credit(self, happening: Happening, tasks_of: TasksOf) -> None:
        """The time since the event before goes to where the person was, unless it was a pause."""
        lesson = self.lessons.get(self.lesson)
        if self.last_at is None or lesson is None:
            return
        seconds = (happening.at - self.last_at).total_seconds()
        if not 0 < seconds <= PAUSE_S:
            return
        lesson.seconds += seconds
        numbers = tasks_of(self.lesson)
        named = _task_of(happening) if happening.lesson == self.lesson else None
        at_hand = named if named in numbers else lesson.current_task(numbers)
        if at_hand is not None:
            lesson.task(at_hand).seconds += seconds


def _task_of(happening: Happening) -> int | None:
    task = happening.payload.get("task")
    return task if isinstance(task, int) else None


def _take_in(lesson: LessonJourney, happening: Happening) -> None:
    payload, number = happening.payload, _task_of(happening)
    if number is not None:
        lesson.named = number
    match happening.kind:
        case "checked" if number is not None:
            _check(lesson.task(number), payload, happening.at)
        case "hinted" if number is not None and isinstance(payload.get("level"), int):
            lesson.task(number).hints.add(payload["level"])
        case "solution" if number is not None:
            lesson.task(number).saw_solution = True
        case "answered":
            quiz = str(payload.get("quiz"))
            lesson.quizzes[quiz] = lesson.quizzes.get(quiz, False) or payload.get("right") is True
        case "wrote" if isinstance(payload.get("count"), int):
            lesson.words[str(payload.get("words"))] = payload["count"]
        case "read" if isinstance(payload.get("step"), int):
            lesson.step = payload["step"]
        case "renamed":
            places = payload.get("places")
            count = places if isinstance(places, int) else len(places) if isinstance(places, list) else 0
            lesson.rename = Rename(str(payload.get("from", "")), str(payload.get("to", "")), count, happening.at)


def _check(task: TaskJourney, payload: Mapping[str, Any], at: datetime) -> None:
    task.attempts += 1
    result = payload["result"]
    if result["passed"]:
        if task.proved_at is None:
            task.proved_at, task.attempts_to_prove = at, task.attempts
        task.finding, task.same_finding = "", 0
        return
    finding = finding_of(payload)
    task.same_finding = task.same_finding + 1 if finding == task.finding else 1
    task.finding = finding


def finding_of(payload: Mapping[str, Any]) -> str:
    """The id of the finding that a failed check ended with. Checks without ids are told apart by what they said."""
    result = payload["result"]
    named = payload.get("finding") or result.get("finding")
    if named:
        return str(named)
    return "said-" + hashlib.sha256(str(result.get("happened", "")).encode()).hexdigest()[:12]
