"""What a lesson's prose is made of: steps, and in each step text and blocks. Shapes only; `step_parser.py` makes them.

A block has an id of its own in the lesson, by which answers are kept. `template` is the one that shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Text:
    """Running prose between two blocks."""

    kind: ClassVar[str] = "text"
    template: ClassVar[str] = "lessons/steps/_text.html"
    html: SafeString


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose. Its explanation is shown to everybody who has answered, whatever they chose."""

    label: SafeString
    explanation: SafeString
    is_right: bool


@dataclass(frozen=True, slots=True)
class Predict:
    """A question before a demonstration or a run. Exactly one option is right."""

    kind: ClassVar[str] = "predict"
    template: ClassVar[str] = "lessons/steps/_predict.html"
    id: str
    question: SafeString
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Quiz:
    """A question that may be tried again. One or several options are right."""

    kind: ClassVar[str] = "quiz"
    template: ClassVar[str] = "lessons/steps/_quiz.html"
    id: str
    question: SafeString
    options: tuple[Option, ...]

    @property
    def has_several(self) -> bool:
        return sum(option.is_right for option in self.options) > 1


@dataclass(frozen=True, slots=True)
class Words:
    """A place for the learner's own words, at least `words_min` of them."""

    kind: ClassVar[str] = "words"
    template: ClassVar[str] = "lessons/steps/_words.html"
    id: str
    question: SafeString
    words_min: int


@dataclass(frozen=True, slots=True)
class TaskBlock:
    """Where a task stands in the text; the task itself is the lesson's (`lesson.py`)."""

    kind: ClassVar[str] = "task"
    template: ClassVar[str] = "lessons/steps/_task.html"
    number: int
    html: SafeString

    @property
    def id(self) -> str:
        return f"task-{self.number}"


@dataclass(frozen=True, slots=True)
class Demo:
    """An interactive demonstration, the element <demo-NAME>. `text` is its text equivalent.

    One may stand several times in a lesson, each time for another prediction, which says what is shown.
    Its Run waits for the prediction `predict`, where there is one. `settings` come from lesson.toml.
    """

    kind: ClassVar[str] = "demo"
    template: ClassVar[str] = "lessons/steps/_demo.html"
    name: str
    predict: str
    text: SafeString
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.name}-{self.predict}" if self.predict else self.name


Block = Predict | Quiz | Words | TaskBlock | Demo


@dataclass(frozen=True, slots=True)
class Step:
    """One idea, one screen. `words` counts its prose, without blocks and code."""

    number: int
    title: str
    parts: tuple[Text | Block, ...]
    words: int

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(part for part in self.parts if not isinstance(part, Text))
