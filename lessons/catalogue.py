"""The course as it lies in `content/`: which lessons there are, and everything one lesson folder holds.

A folder that contradicts itself is refused when it is first read, with the file and the reason. Checks are run by
`checking.py`; nothing here touches the database.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from django.utils.safestring import SafeString

from lessons import prose

CONTENT = Path(__file__).parent / "content"


class LessonFolderError(Exception):
    """A lesson folder that cannot be taught: says which file and why."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One line of the course map. `available` is true when the lesson can be opened."""

    number: int
    title: str
    slug: str
    available: bool


@dataclass(frozen=True, slots=True)
class Task:
    """One step of a lesson's exercise, with exactly one check. `hints` go from restating to the next fragment."""

    number: int
    title: str
    text_html: SafeString
    hints: tuple[str, ...]


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
class Lesson:
    """One lesson folder. `files` is the starter by path, `seed` the first rows by table."""

    number: int
    title: str
    slug: str
    folder: Path
    html: SafeString
    tasks: tuple[Task, ...]
    files: Mapping[str, str]
    locked: frozenset[str]
    seed: Mapping[str, tuple[dict[str, Any], ...]]
    laboratory: Laboratory | None = None

    def task(self, number: int) -> Task | None:
        return next((task for task in self.tasks if task.number == number), None)

    def checks(self) -> ModuleType:
        return _load_checks(self.folder)


@cache
def course() -> tuple[Listing, ...]:
    """All lessons of the course in order, open or not."""
    listed = tomllib.loads((CONTENT / "course.toml").read_text(encoding="utf-8"))["lessons"]
    return tuple(
        Listing(entry["number"], entry["title"], entry["slug"], _folder(entry["number"], entry["slug"]).is_dir())
        for entry in listed
    )


@cache
def lesson(slug: str) -> Lesson | None:
    """The lesson of that name, or None when the course has no such lesson or it is not open yet."""
    listing = next((listing for listing in course() if listing.slug == slug and listing.available), None)
    return None if listing is None else load(_folder(listing.number, listing.slug), listing)


def load(folder: Path, listing: Listing) -> Lesson:
    """Reads one folder. Raises LessonFolderError."""
    settings = tomllib.loads(_text(folder / "lesson.toml"))
    text = _prose(folder / "lesson.md")
    hints = tomllib.loads(_text(folder / "hints.toml"))
    tasks = tuple(_task(entry, text, hints, folder) for entry in settings["tasks"])
    if set(text.tasks) != {task.number for task in tasks}:
        raise LessonFolderError(f"{folder / 'lesson.md'}: the task blocks are not those of lesson.toml")
    files = project(folder / "starter")
    locked = frozenset(settings.get("locked", []))
    if not locked <= set(files):
        raise LessonFolderError(f"{folder / 'lesson.toml'}: a locked file is not in the starter")
    seed = _seed(folder / "seed.jsonl")
    laboratory = _laboratory(settings.get("laboratory"))
    return Lesson(
        listing.number, listing.title, listing.slug, folder, text.html, tasks, files, locked, seed, laboratory
    )


def project(folder: Path) -> dict[str, str]:
    """The text of every file under a starter or solution folder, by its path in the project."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


@dataclass(frozen=True, slots=True)
class Solution:
    """A whole project that is known to pass (`right-…`) or to fail (`wrong-…`) a task, with its own message."""

    name: str
    files: Mapping[str, str]
    is_right: bool
    message: str


def solutions(lesson: Lesson, task: int) -> tuple[Solution, ...]:
    """Every solution of a task: the starter's files, overlaid by the solution's. Never sent to a learner."""
    folders = sorted(path for path in (lesson.folder / "solutions" / str(task)).iterdir() if path.is_dir())
    return tuple(_solution(lesson, folder) for folder in folders)


def _solution(lesson: Lesson, folder: Path) -> Solution:
    about = tomllib.loads(_text(folder / "solution.toml"))
    files = {path: text for path, text in project(folder).items() if path != "solution.toml"}
    return Solution(
        name=folder.name,
        files={**lesson.files, **files},
        is_right=folder.name.startswith("right-"),
        message=about.get("message", ""),
    )


def _folder(number: int, slug: str) -> Path:
    return CONTENT / f"{number:02}-{slug}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LessonFolderError(f"{path} is missing") from None


def _prose(path: Path) -> prose.Prose:
    try:
        return prose.render(_text(path))
    except ValueError as error:
        raise LessonFolderError(f"{path}: {error}") from error


def _task(entry: Mapping[str, Any], text: prose.Prose, hints: Mapping[str, Any], folder: Path) -> Task:
    number = entry["number"]
    if number not in text.tasks:
        raise LessonFolderError(f"{folder / 'lesson.md'}: task {number} has no block")
    levels = hints.get(str(number), {}).get("levels", [])
    return Task(number, entry["title"], text.tasks[number], tuple(levels))


def _laboratory(entry: Mapping[str, Any] | None) -> Laboratory | None:
    if entry is None:
        return None
    return Laboratory(**{**entry, "fields": tuple(entry["fields"]), "other": tuple(entry["other"])})


def _seed(path: Path) -> dict[str, tuple[dict[str, Any], ...]]:
    """One JSON object a line: {"table": …, "row": {…}}; rows are Convex-encoded."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for line in _text(path).splitlines():
        entry = json.loads(line)
        rows.setdefault(entry["table"], []).append(entry["row"])
    return {table: tuple(entries) for table, entries in rows.items()}


@cache
def _load_checks(folder: Path) -> ModuleType:
    name = "lessons.content.checks_" + folder.name.replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, folder / "checks.py")
    if spec is None or spec.loader is None:
        raise LessonFolderError(f"{folder / 'checks.py'} cannot be read")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module
