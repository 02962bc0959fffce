"""One lesson, as its folder describes it. Shapes only; `lesson_folder.py` reads folders, `catalogue.py` finds lessons.

What is language comes once per locale; `text` is that of the request, or else English.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from django.utils import translation
from django.utils.safestring import SafeString

from lessons.content_error import LessonFolderError
from lessons.hints import Hints
from lessons.steps import Block, Step

SOURCE_LOCALE = "en"

Rows = Mapping[str, tuple[dict[str, Any], ...]]


@dataclass(frozen=True, slots=True)
class Task:
    """One exercise of a lesson, with exactly one check. `hints` go from restating to the next fragment."""

    number: int
    title: str
    text_html: SafeString
    hints: Hints


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What a lesson's index laboratory is about. `data` names the data set: another name, another shelf.

    `sample` is a row by which a function's first arguments are made, `fields` those of the rows, and `other` fields by
    which nobody asks: for the wrong index, and for the second place of a compound one.
    """

    title: str
    data: str
    table: str
    function: str
    sample: Mapping[str, Any]
    fields: tuple[str, ...]
    other: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LessonText:
    """Everything of a lesson that is language, in one locale."""

    title: str
    summary: str
    steps: tuple[Step, ...]
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson folder. `files` is the starter by path, `seed` the first rows by table."""

    number: int
    slug: str
    folder: Path
    texts: Mapping[str, LessonText]
    files: Mapping[str, str]
    locked: frozenset[str]
    seed: Rows
    seeds_of_tasks: Mapping[int, Rows] = field(default_factory=dict)
    laboratory: Laboratory | None = None
    practice: bool = False
    """Whether the page has the Practice panel."""

    @property
    def text(self) -> LessonText:
        """In the language of this request; English where there is no translation."""
        language = translation.get_language() or SOURCE_LOCALE
        wanted = (language, language.partition("-")[0], SOURCE_LOCALE)
        return next(self.texts[name] for name in wanted if name in self.texts)

    @property
    def title(self) -> str:
        return self.text.title

    @property
    def summary(self) -> str:
        return self.text.summary

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.text.steps

    @property
    def tasks(self) -> tuple[Task, ...]:
        return self.text.tasks

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every block of every step, in order."""
        return tuple(block for step in self.steps for block in step.blocks)

    def task(self, number: int) -> Task | None:
        return next((task for task in self.tasks if task.number == number), None)

    def block(self, id_: str) -> Block | None:
        return next((block for block in self.blocks if block.id == id_), None)

    def seed_of(self, task: int) -> Rows:
        """The rows with which a fork of this task begins."""
        return self.seeds_of_tasks.get(task, self.seed)

    def checks(self) -> ModuleType:
        return _load_checks(self.folder, (self.folder / "checks.py").stat().st_mtime_ns)


@cache
def _load_checks(folder: Path, changed_ns: int) -> ModuleType:
    """Again after a change of the file: authors see their check at once."""
    name = "lessons.content.checks_" + folder.name.replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, folder / "checks.py")
    if spec is None or spec.loader is None:
        raise LessonFolderError(folder / "checks.py", 0, "The file cannot be read.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module
