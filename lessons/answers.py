"""What a person has read, predicted, answered, written and opened in a lesson: actions, and what they add up to.

Everything is an event (payloads: sandbox/docs/lessons.md); nothing is ever changed. A prediction is made once, a
quiz may be tried again, of own words the last text counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from lessons.models import Event, Workspace


@dataclass(frozen=True, slots=True)
class QuizAnswer:
    """The last answer. `was_right` says whether any answer ever was."""

    choices: tuple[int, ...]
    right: bool
    was_right: bool
    tries: int


@dataclass(frozen=True, slots=True)
class HintUse:
    """The highest level opened for a task, and when."""

    level: int
    at: datetime


@dataclass(slots=True)
class Answers:
    """`step` is where the person was last, `seen` every step they were at."""

    step: int = 1
    seen: set[int] = field(default_factory=set)
    predicted: dict[str, int] = field(default_factory=dict)
    quizzes: dict[str, QuizAnswer] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    hints: dict[int, HintUse] = field(default_factory=dict)
    demos: set[str] = field(default_factory=set)


def of(workspace: Workspace) -> Answers:
    """The state now. One query."""
    answers = Answers()
    rows = workspace.events.filter(kind__in=_TAKE).order_by("id").values_list("kind", "payload", "at")
    for kind, payload, at in rows:
        _TAKE[kind](answers, payload, at)
    return answers


def read_step(workspace: Workspace, step: int) -> None:
    """The person is at this step. Staying there is no news."""
    last = workspace.events.filter(kind=Event.Kind.READ).order_by("id").last()
    if last is None or last.payload["step"] != step:
        _write(workspace, Event.Kind.READ, step=step)


def predict(workspace: Workspace, predict: str, choice: int, *, right: bool) -> None:
    """Keeps a prediction. The first one stays."""
    with transaction.atomic():
        if not workspace.events.filter(kind=Event.Kind.PREDICTED, payload__predict=predict).exists():
            _write(workspace, Event.Kind.PREDICTED, predict=predict, choice=choice, right=right)


def answer(workspace: Workspace, quiz: str, choices: tuple[int, ...], *, right: bool) -> None:
    _write(workspace, Event.Kind.ANSWERED, quiz=quiz, choices=list(choices), right=right)


def write_words(workspace: Workspace, words: str, text: str, count: int) -> None:
    """Keeps the text, unless it is the one that is kept already."""
    last = workspace.events.filter(kind=Event.Kind.WROTE, payload__words=words).order_by("id").last()
    if last is None or last.payload["text"] != text:
        _write(workspace, Event.Kind.WROTE, words=words, text=text, count=count)


def open_hint(workspace: Workspace, task: int, level: int) -> None:
    """The first opening of each level is written down; looking again is free."""
    with transaction.atomic():
        if not workspace.events.filter(kind=Event.Kind.HINTED, payload__task=task, payload__level=level).exists():
            _write(workspace, Event.Kind.HINTED, task=task, level=level)


def order_lines(workspace: Workspace, task: int, *, right: bool) -> None:
    """A Parsons exercise was checked."""
    _write(workspace, Event.Kind.ORDERED, task=task, right=right)


def run_demo(workspace: Workspace, demo: str, about: Mapping[str, Any]) -> None:
    _write(workspace, Event.Kind.DEMO, **{**about, "demo": demo})


def see_rename(workspace: Workspace, old: str, new: str, places: int) -> None:
    """A renamed field turned files red. Each pair of names is written down once."""
    payload = {"from": old, "to": new}
    seen = workspace.events.filter(kind=Event.Kind.RENAMED, payload__from=old, payload__to=new)
    with transaction.atomic():
        if not seen.exists():
            _write(workspace, Event.Kind.RENAMED, **payload, places=places)


def _write(workspace: Workspace, kind: Event.Kind, **payload: Any) -> None:
    Event.objects.create(person_id=workspace.person_id, workspace=workspace, kind=kind, payload=payload)


def _take_read(answers: Answers, payload: Mapping[str, Any], at: datetime) -> None:
    answers.step = payload["step"]
    answers.seen.add(payload["step"])


def _take_prediction(answers: Answers, payload: Mapping[str, Any], at: datetime) -> None:
    # The index laboratory keeps predictions too, without a name.
    if "predict" in payload:
        answers.predicted.setdefault(payload["predict"], payload["choice"])


def _take_answer(answers: Answers, payload: Mapping[str, Any], at: datetime) -> None:
    before = answers.quizzes.get(payload["quiz"])
    was_right = payload["right"] or (before is not None and before.was_right)
    tries = 1 if before is None else before.tries + 1
    answers.quizzes[payload["quiz"]] = QuizAnswer(tuple(payload["choices"]), payload["right"], was_right, tries)


def _take_words(answers: Answers, payload: Mapping[str, Any], at: datetime) -> None:
    answers.words[payload["words"]] = payload["text"]


def _take_hint(answers: Answers, payload: Mapping[str, Any], at: datetime) -> None:
    before = answers.hints.get(payload["task"])
    if before is None or before.level < payload["level"]:
        answers.hints[payload["task"]] = HintUse(payload["level"], at)


def _take_demo(answers: Answers, payload: Mapping[str, Any], at: datetime) -> None:
    answers.demos.add(payload["demo"])


_TAKE = {
    Event.Kind.READ: _take_read,
    Event.Kind.PREDICTED: _take_prediction,
    Event.Kind.ANSWERED: _take_answer,
    Event.Kind.WROTE: _take_words,
    Event.Kind.HINTED: _take_hint,
    Event.Kind.DEMO: _take_demo,
}
