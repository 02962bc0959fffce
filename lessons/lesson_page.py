"""A lesson as its page shows it: steps and blocks joined with what this person has done. Templates only print it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lessons import hint_page, prose
from lessons.answers import Answers
from lessons.hint_page import ShownHints
from lessons.lesson import Lesson, Task
from lessons.models import Workspace
from lessons.steps import Block, Demo, Option, Predict, Quiz, Step, TaskBlock, Text, Words
from sandbox.gateway import front_end

NOTHING = SafeString()


@dataclass(frozen=True, slots=True)
class ShownOption:
    """`number` is what the form sends, from 0."""

    number: int
    label: SafeString
    explanation: SafeString
    is_right: bool
    is_mine: bool


@dataclass(frozen=True, slots=True)
class ShownPart:
    """One part of a step. `name` says in words what is still open while `is_done` is false."""

    template: str
    kind: str
    id: str = ""
    url: str = ""
    name: str = ""
    is_done: bool = True
    is_answered: bool = False
    html: SafeString = NOTHING
    options: tuple[ShownOption, ...] = ()
    has_several: bool = False
    is_right: bool = False
    tries: int = 0
    text: str = ""
    words: int = 0
    words_min: int = 0
    task: Task | None = None
    result: Any = None
    hints: ShownHints | None = None
    demo: Demo | None = None
    waits: bool = False
    script: str = ""
    settings: str = ""


@dataclass(frozen=True, slots=True)
class ShownStep:
    number: int
    title: str
    parts: tuple[ShownPart, ...]
    is_seen: bool

    @property
    def open(self) -> list[ShownPart]:
        return [part for part in self.parts if not part.is_done]

    @property
    def is_done(self) -> bool:
        return self.is_seen and not self.open


@dataclass(frozen=True, slots=True)
class TaskState:
    """Whether a task was ever proved, and what its last check said, for _check_result.html."""

    is_passed: bool
    result: Any


Tasks = Mapping[int, TaskState]


def steps(workspace: Workspace, lesson: Lesson, answers: Answers, tasks: Tasks) -> tuple[ShownStep, ...]:
    """Every step of the lesson."""
    return tuple(_step(workspace, lesson, step, answers, tasks) for step in lesson.steps)


def _step(workspace: Workspace, lesson: Lesson, step: Step, answers: Answers, tasks: Tasks) -> ShownStep:
    parts = tuple(
        ShownPart(part.template, part.kind, html=part.html)
        if isinstance(part, Text)
        else block(workspace, lesson, part, answers, tasks)
        for part in step.parts
    )
    return ShownStep(step.number, step.title, parts, step.number in answers.seen)


def block(workspace: Workspace, lesson: Lesson, block: Block, answers: Answers, tasks: Tasks) -> ShownPart:
    match block:
        case Predict():
            return _predict(workspace, block, answers)
        case Quiz():
            return _quiz(workspace, block, answers)
        case Words():
            return _words(workspace, block, answers)
        case TaskBlock():
            return _task(workspace, lesson, block, answers, tasks[block.number])
        case Demo():
            return _demo(workspace, block, answers)


def _predict(workspace: Workspace, block: Predict, answers: Answers) -> ShownPart:
    choice = answers.predicted.get(block.id)
    return ShownPart(
        block.template,
        block.kind,
        id=block.id,
        url=reverse("predict", args=[workspace.id, block.id]),
        name=_("The prediction"),
        is_done=choice is not None,
        is_answered=choice is not None,
        html=block.question,
        options=_options(block.options, () if choice is None else (choice,)),
        is_right=choice is not None and choice < len(block.options) and block.options[choice].is_right,
    )


def _quiz(workspace: Workspace, block: Quiz, answers: Answers) -> ShownPart:
    last = answers.quizzes.get(block.id)
    return ShownPart(
        block.template,
        block.kind,
        id=block.id,
        url=reverse("quiz", args=[workspace.id, block.id]),
        name=_("The question"),
        is_done=last is not None and last.was_right,
        is_answered=last is not None,
        html=block.question,
        options=_options(block.options, () if last is None else last.choices),
        has_several=block.has_several,
        is_right=last is not None and last.right,
        tries=0 if last is None else last.tries,
    )


def _words(workspace: Workspace, block: Words, answers: Answers) -> ShownPart:
    text = answers.words.get(block.id, "")
    count = prose.count_words(text)
    return ShownPart(
        block.template,
        block.kind,
        id=block.id,
        url=reverse("words", args=[workspace.id, block.id]),
        name=_("Your own words"),
        is_done=count >= block.words_min,
        is_answered=bool(text),
        html=block.question,
        text=text,
        words=count,
        words_min=block.words_min,
    )


def _task(workspace: Workspace, lesson: Lesson, block: TaskBlock, answers: Answers, state: TaskState) -> ShownPart:
    task = lesson.task(block.number)
    assert task is not None  # noqa: S101 – the folder was refused otherwise
    return ShownPart(
        block.template,
        block.kind,
        id=block.id,
        name=_("Task %(number)s") % {"number": block.number},
        is_done=state.is_passed,
        html=block.html,
        task=task,
        result=state.result,
        hints=hint_page.shown(workspace, task, answers, timezone.now()),
    )


def _demo(workspace: Workspace, block: Demo, answers: Answers) -> ShownPart:
    return ShownPart(
        block.template,
        block.kind,
        id=block.id,
        url=reverse("demo-ran", args=[workspace.id, block.id]),
        html=block.text,
        demo=block,
        waits=bool(block.predict) and block.predict not in answers.predicted,
        is_answered=block.id in answers.demos,
        script=static(front_end.dist_path(f"demo-{block.name}.js")),
        settings=json.dumps(dict(block.settings), ensure_ascii=False),
    )


def _options(options: tuple[Option, ...], chosen: Collection[int]) -> tuple[ShownOption, ...]:
    return tuple(
        ShownOption(number, option.label, option.explanation, option.is_right, number in chosen)
        for number, option in enumerate(options)
    )


def context(workspace: Workspace, part: ShownPart, **more: Any) -> dict[str, Any]:
    """What a block's template needs when it is answered alone."""
    return {"workspace": workspace, "part": part, **more}
