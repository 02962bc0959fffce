"""A task's hints: five levels from restating the goal to the next fragment. `parse` reads a locale's hints.toml.

Level 4 is a line with a gap, or a Parsons exercise: lines to put in order, with some that do not belong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.safestring import SafeString

from lessons import prose
from lessons.content_error import LessonFolderError, line_of, read_text, read_toml

PARSONS_LINES_MIN = 3
LEVELS = 5


@dataclass(frozen=True, slots=True)
class Parsons:
    """`lines` are in the right order, with their indentation; equal lines may change places."""

    prompt: SafeString
    lines: tuple[str, ...]
    distractors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hints:
    """`blank` is None where level 4 is the Parsons exercise, and the other way round."""

    restate: SafeString
    point: SafeString
    concept: SafeString
    blank: SafeString | None
    parsons: Parsons | None
    next: SafeString

    def level(self, number: int) -> SafeString:
        """The text of a level, 1 to 5; of a Parsons exercise, what is asked."""
        fourth = self.blank if self.parsons is None else self.parsons.prompt
        return (self.restate, self.point, self.concept, fourth or SafeString(), self.next)[number - 1]


def parse(file: Path, tasks: tuple[int, ...]) -> dict[int, Hints]:
    """The hints by task number. Raises LessonFolderError where a level of a task is missing."""
    entries = read_toml(file)
    text = read_text(file)
    unknown = sorted(set(entries) - {str(task) for task in tasks})
    if unknown:
        raise LessonFolderError(file, line_of(text, rf"^\[{unknown[0]}"), f"There is no task {unknown[0]}.")
    return {task: _Reader(file, text, task).read(entries.get(str(task))) for task in tasks}


class _Reader:
    """Reads the hints of one task."""

    def __init__(self, file: Path, text: str, task: int) -> None:
        self._file = file
        self._task = task
        self._line = line_of(text, rf"^\[{task}\]")
        self._parsons_line = line_of(text, rf"^\[{task}\.parsons\]")

    def read(self, entry: Any) -> Hints:
        if not isinstance(entry, Mapping):
            raise self._error(f"Task {self._task} has no hints: write them under `[{self._task}]`.")
        if ("blank" in entry) == ("parsons" in entry):
            raise self._error(f"Level 4 of task {self._task} is either `blank` or `[{self._task}.parsons]`.")
        return Hints(
            restate=self._level(entry, "restate"),
            point=self._level(entry, "point"),
            concept=self._level(entry, "concept"),
            blank=self._level(entry, "blank") if "blank" in entry else None,
            parsons=self._parsons(entry["parsons"]) if "parsons" in entry else None,
            next=self._level(entry, "next"),
        )

    def _level(self, entry: Mapping[str, Any], name: str) -> SafeString:
        text = entry.get(name)
        if not isinstance(text, str) or not text.strip():
            raise self._error(f"The hint `{name}` of task {self._task} is missing.")
        return prose.render(text)

    def _parsons(self, entry: Any) -> Parsons:
        lines = entry.get("lines") if isinstance(entry, Mapping) else None
        others = entry.get("distractors", []) if isinstance(entry, Mapping) else None
        if not _are_lines(lines) or not _are_lines(others):
            raise self._error("`lines` and `distractors` are lists of lines of code.", self._parsons_line)
        if len(lines) < PARSONS_LINES_MIN:
            reason = f"A Parsons exercise has {PARSONS_LINES_MIN} lines or more; shorter fragments are a `blank`."
            raise self._error(reason, self._parsons_line)
        if {line.strip() for line in lines} & {line.strip() for line in others}:
            raise self._error("A distractor is also one of the right lines.", self._parsons_line)
        return Parsons(self._level(entry, "prompt"), tuple(lines), tuple(others))

    def _error(self, reason: str, line: int | None = None) -> LessonFolderError:
        return LessonFolderError(self._file, self._line if line is None else line, reason)


def _are_lines(lines: Any) -> bool:
    return isinstance(lines, list) and all(isinstance(line, str) and line.strip() for line in lines)
