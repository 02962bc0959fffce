"""Which lessons there are: the course in `content/`, and packs from elsewhere (`settings.LESSON_PATHS`).

A lesson is read when it is first wanted, and again after a change where `settings.LESSON_RELOAD` is on. A folder that
contradicts itself raises LessonFolderError. A pack that does is left out and named in `broken()`: it never takes the
course down. Checks are run by `checking.py`; nothing here touches the database.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import translation

from lessons import lesson_folder
from lessons.content_error import LessonFolderError, read_text, read_toml
from lessons.lesson import SOURCE_LOCALE, Laboratory, Lesson, Task
from lessons.lesson_folder import load, project

__all__ = ["Laboratory", "Lesson", "LessonFolderError", "Listing", "Task", "load", "project"]

CONTENT = Path(__file__).parent / "content"

logger = logging.getLogger("sandbox.lessons")


@dataclass(frozen=True, slots=True)
class Listing:
    """One line of the course map. `available` is true when the lesson can be opened.

    `names` holds title and summary by locale. `pack` is the folder of a lesson pack, None for the course itself.
    """

    number: int
    slug: str
    folder: Path
    names: Mapping[str, tuple[str, str]]
    available: bool
    pack: Path | None = None

    @property
    def title(self) -> str:
        return self._name()[0]

    @property
    def summary(self) -> str:
        return self._name()[1]

    def _name(self) -> tuple[str, str]:
        language = translation.get_language() or SOURCE_LOCALE
        wanted = (language, language.partition("-")[0], SOURCE_LOCALE)
        return next((self.names[name] for name in wanted if name in self.names), (self.slug, ""))


@dataclass(frozen=True, slots=True)
class Broken:
    """A pack, or a lesson of it, that is left out."""

    pack: str
    reason: str


@dataclass(slots=True)
class _Catalogue:
    """What was read, and the state of the files at that moment."""

    stamp: int
    listings: tuple[Listing, ...]
    broken: tuple[Broken, ...]
    lessons: dict[str, Lesson]


_read: _Catalogue | None = None


def course() -> tuple[Listing, ...]:
    """All lessons in order, open or not: those of the course, then those of the packs."""
    return _catalogue().listings


def broken() -> tuple[Broken, ...]:
    """What is left out of the packs, and why."""
    return _catalogue().broken


def lesson(slug: str) -> Lesson | None:
    """The lesson of that name, or None when there is none or it is not open yet. Raises LessonFolderError."""
    catalogue = _catalogue()
    listing = next((listing for listing in catalogue.listings if listing.slug == slug and listing.available), None)
    if listing is None:
        return None
    if slug not in catalogue.lessons:
        catalogue.lessons[slug] = load(listing.folder, listing.number, listing.slug)
    return catalogue.lessons[slug]


def after(lesson: Lesson) -> Listing | None:
    """The next lesson that is open, or None after the last one."""
    listings = course()
    at = next((at for at, listing in enumerate(listings) if listing.slug == lesson.slug), len(listings))
    return next((listing for listing in listings[at + 1 :] if listing.available), None)


def forget() -> None:
    """Reads everything again when it is next wanted."""
    global _read
    _read = None


def stamp() -> int:
    """Changes whenever a file of a lesson does: the newest time of change in the folders, in nanoseconds."""
    folders = [CONTENT, *_pack_folders()]
    times = (path.stat().st_mtime_ns for folder in folders for path in _content_files(folder))
    return max(times, default=0)


def _content_files(folder: Path) -> Iterator[Path]:
    """Folders too: a file that is gone changes the time of its folder."""
    for path in folder.rglob("*"):
        if path.suffix != ".pyc" and path.name != "__pycache__":
            yield path


def _catalogue() -> _Catalogue:
    global _read
    now = stamp() if settings.LESSON_RELOAD else 0
    if _read is None or _read.stamp != now:
        _read = _find(now)
    return _read


def _find(now: int) -> _Catalogue:
    listings = list(_listings(CONTENT, None))
    broken: list[Broken] = []
    for folder in _pack_folders():
        _add_pack(folder, listings, broken)
    for each in broken:
        logger.error("lesson pack %s is left out: %s", each.pack, each.reason)
    return _Catalogue(now, tuple(listings), tuple(broken), {})


def _pack_folders() -> list[Path]:
    return [Path(path) for path in settings.LESSON_PATHS]


def _add_pack(folder: Path, listings: list[Listing], broken: list[Broken]) -> None:
    """Every lesson of a pack is read at once, so that what is listed can be opened."""
    try:
        offered = list(_listings(folder, folder))
    except LessonFolderError as error:
        broken.append(Broken(folder.name, str(error)))
        return
    for listing in offered:
        if any(listing.slug == other.slug for other in listings):
            broken.append(Broken(folder.name, f"The course has a lesson `{listing.slug}` already."))
            continue
        try:
            load(listing.folder, listing.number, listing.slug)
        except LessonFolderError as error:
            broken.append(Broken(folder.name, str(error)))
        else:
            listings.append(listing)


def _listings(folder: Path, pack: Path | None) -> Iterator[Listing]:
    """The lessons that a course.toml names. Raises LessonFolderError."""
    file = folder / "course.toml"
    entries = read_toml(file).get("lessons", [])
    for entry in entries:
        try:
            number, slug = int(entry["number"]), str(entry["slug"])
        except (KeyError, TypeError, ValueError):
            raise LessonFolderError(file, 0, "Each of `[[lessons]]` has a number and a slug.") from None
        place = folder / f"{number:02}-{slug}"
        names = _names(place) or {SOURCE_LOCALE: (str(entry.get("title", slug)), "")}
        yield Listing(number, slug, place, names, place.is_dir(), pack)


def _names(folder: Path) -> dict[str, tuple[str, str]]:
    """Title and summary by locale, as far as they can be read: the lesson itself says what is wrong with them."""
    names = {}
    for file in sorted(folder.glob("*/lesson.toml")):
        try:
            about = tomllib.loads(read_text(file))
        except (tomllib.TOMLDecodeError, LessonFolderError):
            continue
        if isinstance(about.get("title"), str):
            names[file.parent.name] = (about["title"], str(about.get("summary", "")))
    return names


def problems() -> list[LessonFolderError]:
    """What is wrong with the course itself, one finding a lesson."""
    forget()
    found: list[LessonFolderError] = []
    try:
        listings = course()
    except LessonFolderError as error:
        return [error]
    for listing in listings:
        if listing.available and listing.pack is None:
            try:
                lesson_folder.load(listing.folder, listing.number, listing.slug)
            except LessonFolderError as error:
                found.append(error)
    return found
