"""Reads one lesson folder, and refuses what contradicts itself with the file and the line. No database here."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from lessons import hints, step_parser
from lessons.content_error import LessonFolderError, line_of, read_text, read_toml
from lessons.lesson import SOURCE_LOCALE, Laboratory, Lesson, LessonText, Rows, Task
from lessons.steps import Predict, Quiz, Step, TaskBlock, Words

LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
SEED_OF_TASK = re.compile(r"seed-(\d+)\.jsonl")


def load(folder: Path, number: int, slug: str) -> Lesson:
    """Raises LessonFolderError."""
    about = read_toml(folder / "lesson.toml")
    numbers = _task_numbers(folder / "lesson.toml", about)
    files = project(folder / "starter")
    if not files:
        raise LessonFolderError(folder / "starter", 0, "The lesson has no file to begin with.")
    demos = _demos(folder / "lesson.toml", about)
    texts = {name: _text(folder, name, numbers, files, demos) for name in locales(folder)}
    _require_same_blocks(folder, texts)
    _require_checks(folder / "checks.py", numbers)
    return Lesson(
        number=number,
        slug=slug,
        folder=folder,
        texts=texts,
        files=files,
        locked=_locked(folder / "lesson.toml", about, files),
        seed=_seed(folder / "seed.jsonl"),
        seeds_of_tasks=_seeds_of_tasks(folder, numbers),
        laboratory=_laboratory(folder / "lesson.toml", about.get("laboratory")),
        practice=_practice(folder / "lesson.toml", about),
    )


def project(folder: Path) -> dict[str, str]:
    """The text of every file under a starter or solution folder, by its path in the project."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): read_text(path) for path in paths}


def locales(folder: Path) -> list[str]:
    """The locales a lesson is written in, English first. Raises LessonFolderError without English."""
    found = sorted(path.parent.name for path in folder.glob("*/lesson.md") if LOCALE.fullmatch(path.parent.name))
    if SOURCE_LOCALE not in found:
        raise LessonFolderError(folder / SOURCE_LOCALE / "lesson.md", 0, "The file is missing.")
    return [SOURCE_LOCALE, *(name for name in found if name != SOURCE_LOCALE)]


def known_demos() -> set[str]:
    """The demonstrations there are: one element a file, static/src/demos/demo-NAME.ts."""
    folder = Path(settings.BASE_DIR) / "static" / "src" / "demos"
    return {path.stem.removeprefix("demo-") for path in folder.glob("demo-*.ts")}


def _text(
    folder: Path, locale: str, numbers: tuple[int, ...], files: Collection[str], demos: Mapping[str, Any]
) -> LessonText:
    """A locale may lack hints.toml or lesson.toml: then English stands in."""
    titles = _file_of(folder, locale, "lesson.toml")
    about = read_toml(titles)
    steps = step_parser.parse(folder / locale / "lesson.md", files, demos)
    blocks = {block.number: block for step in steps for block in step.blocks if isinstance(block, TaskBlock)}
    _require_blocks(folder / locale / "lesson.md", numbers, blocks)
    helps = hints.parse(_file_of(folder, locale, "hints.toml"), numbers)
    named = about.get("tasks")
    tasks = tuple(Task(number, _title(titles, named, number), blocks[number].html, helps[number]) for number in numbers)
    return LessonText(_line(titles, about, "title"), _line(titles, about, "summary"), steps, tasks)


def _file_of(folder: Path, locale: str, name: str) -> Path:
    own = folder / locale / name
    return own if own.exists() else folder / SOURCE_LOCALE / name


def _line(file: Path, about: Mapping[str, Any], name: str) -> str:
    text = about.get(name)
    if not isinstance(text, str) or not text.strip():
        raise LessonFolderError(file, 0, f"`{name}` is missing: one line of text.")
    return text


def _title(file: Path, titles: Any, number: int) -> str:
    title = titles.get(str(number)) if isinstance(titles, Mapping) else None
    if not isinstance(title, str) or not title.strip():
        raise LessonFolderError(file, 0, f"Task {number} has no title: write it under `[tasks]`.")
    return title


def _task_numbers(file: Path, about: Mapping[str, Any]) -> tuple[int, ...]:
    entries = about.get("tasks", [])
    numbers = tuple(entry.get("number") for entry in entries) if isinstance(entries, list) else ()
    if numbers != tuple(range(1, len(numbers) + 1)) or not numbers:
        line = line_of(read_text(file), r"^\[\[tasks\]\]")
        raise LessonFolderError(file, line, "`[[tasks]]` are numbered 1, 2, 3 in order, and there is at least one.")
    return numbers


def _require_blocks(file: Path, numbers: tuple[int, ...], blocks: Mapping[int, TaskBlock]) -> None:
    for number in numbers:
        if number not in blocks:
            raise LessonFolderError(file, 0, f"Task {number} has no block: write `::: task {number}` … `:::`.")
    for number in blocks:
        if number not in numbers:
            line = line_of(read_text(file), rf"^:::\s*task\s+{number}\b")
            raise LessonFolderError(file, line, f"Task {number} is not in lesson.toml.")
    if tuple(blocks) != numbers:
        raise LessonFolderError(file, 0, "The task blocks do not stand in the order of their numbers.")


def _require_same_blocks(folder: Path, texts: Mapping[str, LessonText]) -> None:
    """Answers are kept by block and option, whatever the language."""
    wanted = _outline(texts[SOURCE_LOCALE].steps)
    for locale, text in texts.items():
        if _outline(text.steps) != wanted:
            reason = f"Steps, blocks and right options are not those of {SOURCE_LOCALE}/lesson.md."
            raise LessonFolderError(folder / locale / "lesson.md", 0, reason)


def _outline(steps: tuple[Step, ...]) -> list[Any]:
    outline: list[Any] = []
    for step in steps:
        for block in step.blocks:
            options = [option.is_right for option in block.options] if isinstance(block, Predict | Quiz) else []
            least = block.words_min if isinstance(block, Words) else 0
            outline.append((step.number, block.kind, block.id, options, least))
    return outline


def _require_checks(file: Path, numbers: tuple[int, ...]) -> None:
    """Not imported here: a check may use what is not there yet while the course is being read."""
    text = read_text(file)
    for number in numbers:
        if not re.search(rf"^async def check_{number}\(", text, re.MULTILINE):
            raise LessonFolderError(file, 0, f"Task {number} has no check: write `async def check_{number}(fork)`.")


def _locked(file: Path, about: Mapping[str, Any], files: Collection[str]) -> frozenset[str]:
    locked = about.get("locked", [])
    line = line_of(read_text(file), r"^locked\b")
    if not isinstance(locked, list):
        raise LessonFolderError(file, line, "`locked` is a list of paths.")
    for path in locked:
        if path not in files:
            raise LessonFolderError(file, line, f"The locked file `{path}` is not in starter/.")
    return frozenset(locked)


def _demos(file: Path, about: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings of every known demonstration: those of lesson.toml, or none."""
    known = known_demos()
    chosen = about.get("demos", {})
    for name in chosen:
        if name not in known:
            line = line_of(read_text(file), rf"^\[demos\.{re.escape(name)}\]")
            raise LessonFolderError(file, line, f"There is no demonstration `{name}`: static/src/demos/demo-{name}.ts.")
    return {name: chosen.get(name, {}) for name in known}


def _practice(file: Path, about: Mapping[str, Any]) -> bool:
    practice = about.get("practice", False)
    if not isinstance(practice, bool):
        raise LessonFolderError(file, line_of(read_text(file), r"^practice\b"), "`practice` is true or false.")
    return practice


def _laboratory(file: Path, entry: Mapping[str, Any] | None) -> Laboratory | None:
    if entry is None:
        return None
    try:
        return Laboratory(**{**entry, "fields": tuple(entry["fields"]), "other": tuple(entry["other"])})
    except (KeyError, TypeError) as error:
        line = line_of(read_text(file), r"^\[laboratory\]")
        raise LessonFolderError(file, line, f"`[laboratory]` is not complete: {error}.") from None


def _seeds_of_tasks(folder: Path, numbers: tuple[int, ...]) -> dict[int, Rows]:
    found = {
        int(match[1]): path for path in folder.glob("seed-*.jsonl") if (match := SEED_OF_TASK.fullmatch(path.name))
    }
    for number, path in found.items():
        if number not in numbers:
            raise LessonFolderError(path, 0, f"There is no task {number}.")
    return {number: _seed(path) for number, path in found.items()}


def _seed(path: Path) -> Rows:
    """One JSON object a line: {"table": …, "row": {…}}; rows are Convex-encoded."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            rows.setdefault(entry["table"], []).append(dict(entry["row"]))
        except (ValueError, KeyError, TypeError):
            raise LessonFolderError(path, number, 'A row is `{"table": …, "row": {…}}`.') from None
    return {table: tuple(entries) for table, entries in rows.items()}
