"""A new lesson folder, made of `skeleton/`: small, whole, and green, so that an author changes what works."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

from lessons.step_parser import ID

SKELETON = Path(__file__).parent / "skeleton"
TITLE, NUMBER = "TITLE", "NUMBER"


class LessonExists(Exception):
    """There is something of that number or name already. Nothing was made."""


def make(root: Path, number: int, slug: str) -> Path:
    """Makes `NN-slug/` in the course or pack folder and lists it. Raises ValueError, LessonExists."""
    if not ID.fullmatch(slug):
        raise ValueError(f"{slug!r} is no name of a lesson: small letters, digits, hyphens, such as count-the-seats.")
    if not 1 <= number <= 99:
        raise ValueError("A lesson has a number from 1 to 99.")
    folder = root / f"{number:02}-{slug}"
    _refuse_twins(root, folder, number, slug)
    title = slug.replace("-", " ").capitalize()
    root.mkdir(parents=True, exist_ok=True)
    shutil.copytree(SKELETON / "lesson", folder, ignore=shutil.ignore_patterns("__pycache__"))
    _replace(folder / "en" / "lesson.toml", TITLE, title)
    _list(root / "course.toml", number, slug)
    _add_misconceptions(root / "misconceptions.toml", number)
    return folder


def _refuse_twins(root: Path, folder: Path, number: int, slug: str) -> None:
    if folder.exists():
        raise LessonExists(f"{folder} is there already.")
    for entry in _listed(root / "course.toml"):
        same = (entry["number"] == number, entry["slug"] == slug)
        if any(same) and not all(same):
            raise LessonExists(f"course.toml lists lesson {entry['number']} as {entry['slug']} already.")


def _listed(course: Path) -> list[dict[str, object]]:
    return tomllib.loads(course.read_text(encoding="utf-8")).get("lessons", []) if course.exists() else []


def _list(course: Path, number: int, slug: str) -> None:
    if any(entry["slug"] == slug for entry in _listed(course)):
        return
    text = course.read_text(encoding="utf-8") if course.exists() else "# The lessons of this pack, in order.\n"
    course.write_text(f'{text.rstrip()}\n\n[[lessons]]\nnumber = {number}\nslug = "{slug}"\n', encoding="utf-8")


def _add_misconceptions(file: Path, number: int) -> None:
    """Those of the sample's wrong solutions, where the catalogue lacks them."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    known = tomllib.loads(text)
    sample = (SKELETON / "misconceptions.toml").read_text(encoding="utf-8").replace(NUMBER, str(number))
    tables = [table for table in re.split(r"\n(?=\[)", sample) if table[1 : table.index("]")] not in known]
    if tables:
        file.write_text("\n\n".join(part.strip() for part in (text, *tables) if part.strip()) + "\n", encoding="utf-8")


def _replace(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
