"""What is wrong with a lesson folder, said with the file and the line where an author has to look."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any


class LessonFolderError(Exception):
    """A lesson folder that cannot be taught. `line` counts from 1; 0 when the whole file is meant."""

    def __init__(self, file: Path, line: int, reason: str) -> None:
        super().__init__(f"{_shown(file)}{f':{line}' if line else ''}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


def read_text(file: Path) -> str:
    """Raises LessonFolderError where the file is missing or not UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise LessonFolderError(file, 0, "The file is missing.") from None
    except UnicodeDecodeError:
        raise LessonFolderError(file, 0, "The file is not UTF-8 text.") from None


def read_toml(file: Path) -> dict[str, Any]:
    """Raises LessonFolderError, with the line of a TOML mistake."""
    try:
        return tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        reason = re.sub(r"\s*\(at .*\)$", "", str(error))
        raise LessonFolderError(file, int(found[1]) if found else 0, f"This is not TOML: {reason}.") from None


def line_of(text: str, pattern: str) -> int:
    """The first line that matches, or 0."""
    lines = enumerate(text.splitlines(), start=1)
    return next((number for number, line in lines if re.search(pattern, line)), 0)


def _shown(file: Path) -> str:
    """From the lessons folder on, or whole where it lies elsewhere."""
    try:
        return file.resolve().relative_to(Path(__file__).resolve().parent.parent).as_posix()
    except ValueError:
        return str(file)
