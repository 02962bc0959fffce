"""The solutions of a lesson's tasks, right and wrong, by which its checks are checked. Never sent to a learner.

A solution is laid over its base: the starter, or another solution, `"1/right-1-filter"`. It is a folder of files with
a solution.toml, or one TOML file alone; small changes are `[[edit]]`s. A wrong one names the finding that its check
must end with, and the misconception behind it (content/misconceptions.toml).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lessons.content_error import LessonFolderError, line_of, read_text, read_toml
from lessons.findings import CONTENT
from lessons.lesson_folder import project

if TYPE_CHECKING:
    from lessons.lesson import Lesson

KEYS = {"base", "note", "finding", "misconception", "edit", "remove", "without", "roles"}
EDIT_KEYS = {"file", "find", "replace"}
ABOUT = "solution.toml"
BASES_MAX = 30


@dataclass(frozen=True, slots=True)
class Solution:
    """A whole project. `source` is the file that describes it; `finding` is empty for a right one.

    `without` names the variants (variants.py) that would change what the task is about.
    """

    name: str
    task: int
    files: Mapping[str, str]
    is_right: bool
    note: str
    finding: str
    misconception: str
    source: Path
    without: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Misconception:
    """An idea that learners bring. `why` is a sentence; `source` are numbers of lessons."""

    id: str
    title: str
    why: str
    source: tuple[int, ...]


def solutions(lesson: Lesson, task: int) -> tuple[Solution, ...]:
    """Every solution of a task. Raises LessonFolderError."""
    return tuple(solution(lesson, place) for place in places(lesson.folder, task))


def places(folder: Path, task: int) -> list[Path]:
    """What describes the solutions of a task: folders, and files `right-….toml` and `wrong-….toml`."""
    root = folder / "solutions" / str(task)
    if not root.is_dir():
        return []
    found = [path for path in root.iterdir() if path.is_dir() or path.suffix == ".toml"]
    for path in found:
        if not path.name.startswith(("right-", "wrong-")):
            raise LessonFolderError(path, 0, "A solution is named right-… or wrong-….")
    return sorted(found)


def solution(lesson: Lesson, place: Path) -> Solution:
    """The solution that lies at one of the places. Raises LessonFolderError."""
    source, about = _about(place)
    is_right = place.name.startswith("right-")
    _refuse_unknown(source, about, is_right)
    return Solution(
        name=place.name.removesuffix(".toml"),
        task=int(place.parent.name),
        files=_files(lesson.folder, place, lesson.files, BASES_MAX),
        is_right=is_right,
        note=about["note"],
        finding=about.get("finding", ""),
        misconception=about.get("misconception", ""),
        source=source,
        without=tuple(about.get("without", ())),
        roles=_roles(lesson.folder, place, BASES_MAX),
    )


def misconceptions(folder: Path = CONTENT) -> Mapping[str, Misconception]:
    """The catalogue of the course, and that of the pack in which a lesson lies. Raises LessonFolderError."""
    files = dict.fromkeys(place / "misconceptions.toml" for place in (CONTENT, folder))
    known: dict[str, Misconception] = {}
    for file in files:
        if file.exists():
            known |= _misconceptions(file, file.stat().st_mtime_ns)
    return known


@lru_cache(maxsize=8)
def _misconceptions(file: Path, changed_ns: int) -> Mapping[str, Misconception]:
    """Read once, and again when the file has changed: pages of lessons ask at every visit."""
    return {id_: _misconception(file, id_, entry) for id_, entry in read_toml(file).items()}


def _refuse_unknown(source: Path, about: Mapping[str, Any], is_right: bool) -> None:
    unknown = about.keys() - KEYS
    if unknown:
        reason = f"{min(unknown)!r} is none of {', '.join(sorted(KEYS))}."
        raise LessonFolderError(source, _line(source, min(unknown)), reason)
    wanted = ("note",) if is_right else ("note", "finding", "misconception")
    missing = [key for key in wanted if not about.get(key)]
    if missing:
        raise LessonFolderError(source, 0, f"{missing[0]!r} is missing.")
    if is_right and (about.get("finding") or about.get("misconception")):
        raise LessonFolderError(source, 0, "A right solution has no finding and no misconception.")


def _about(place: Path) -> tuple[Path, dict[str, Any]]:
    source = place / ABOUT if place.is_dir() else place
    return source, read_toml(source)


def _files(folder: Path, place: Path, starter: Mapping[str, str], bases: int) -> dict[str, str]:
    """The base's files, under the solution's own, with its edits made."""
    source, about = _about(place)
    base = about.get("base", "starter")
    if base == "starter":
        files = dict(starter)
    elif bases == 0:
        raise LessonFolderError(source, _line(source, "base"), "Its bases go round in a circle.")
    else:
        files = _files(folder, _base(folder, source, base), starter, bases - 1)
    if place.is_dir():
        own = project(place)
        del own[ABOUT]
        files |= own
    for path in about.get("remove", []):
        if files.pop(path, None) is None:
            raise LessonFolderError(source, _line(source, path), f"There is no {path} to remove.")
    for edit in about.get("edit", []):
        _make(edit, files, source)
    return files


def _roles(folder: Path, place: Path, bases: int) -> dict[str, str]:
    """Which function plays which part, where names are free: the base's roles and the solution's own over them."""
    source, about = _about(place)
    base = about.get("base", "starter")
    inherited = {} if base == "starter" or bases == 0 else _roles(folder, _base(folder, source, base), bases - 1)
    return {**inherited, **about.get("roles", {})}


def _base(folder: Path, source: Path, base: Any) -> Path:
    if isinstance(base, str) and base.count("/") == 1:
        for place in (folder / "solutions" / base, folder / "solutions" / f"{base}.toml"):
            if place.exists():
                return place
    raise LessonFolderError(source, _line(source, "base"), f'There is no base {base!r}: write "1/right-1-name".')


def _make(edit: Any, files: dict[str, str], source: Path) -> None:
    if not isinstance(edit, dict) or edit.keys() != EDIT_KEYS:
        raise LessonFolderError(source, 0, "An [[edit]] has file, find and replace, and nothing else.")
    file, find = edit["file"], edit["find"]
    if file not in files:
        raise LessonFolderError(source, _line(source, file), f"There is no {file} to edit.")
    count = files[file].count(find)
    if count != 1 or not find:
        reason = f"{_short(find)!r} occurs {count} times in {file}, not once."
        raise LessonFolderError(source, _line(source, find), reason)
    files[file] = files[file].replace(find, edit["replace"])


def _misconception(file: Path, id_: str, entry: Any) -> Misconception:
    if not isinstance(entry, dict) or entry.keys() != {"title", "why", "source"}:
        line = line_of(read_text(file), rf"^\[{re.escape(id_)}\]")
        raise LessonFolderError(file, line, f"[{id_}] has title, why and source, and nothing else.")
    return Misconception(id_, entry["title"], entry["why"], tuple(entry["source"]))


def _line(source: Path, text: str) -> int:
    """The line of a TOML file that holds the first line of a text, or 0."""
    wanted = next((line.strip() for line in text.splitlines() if line.strip()), "")
    lines = read_text(source).splitlines()
    return next((number for number, line in enumerate(lines, 1) if wanted and wanted in line), 0)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:60]}…"
