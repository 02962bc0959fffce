"""What a tab may send, parsed at the edge: an edit of the project. Everything else is refused in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.translation import gettext as _

from lessons.catalogue import Lesson
from lessons.file_names import objection, quoted, twins
from sandbox.engine import limits, parse_client_json

COMPILED_BYTES_MAX = 4 * limits.PROJECT_BYTES_MAX
BODY_BYTES_MAX = 2 * (limits.PROJECT_BYTES_MAX + COMPILED_BYTES_MAX)

PANE_SOURCE = re.compile(r"src/.+(?<!\.d)\.(tsx?|jsx?)")


@dataclass(frozen=True, slots=True)
class Edit:
    """The project as the tab has it. `compiled` lacks the files that did not compile, `removed` names those that the
    base revision had and the tab has no more.
    """

    base_revision: int
    files: Mapping[str, str]
    compiled: Mapping[str, str]
    removed: frozenset[str] = frozenset()


class Refused(Exception):
    """A request that is answered with `status` and a sentence. Nothing was changed."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message


def too_large() -> Refused:
    size = limits.PROJECT_BYTES_MAX // 1024
    message = _("The project is too large to save: at most %(size)s KiB. Your text is still here.") % {"size": size}
    return Refused(413, "too-large", message)


def body_of(request: HttpRequest) -> bytes:
    """Raises Refused where it is larger than any project."""
    try:
        return request.body
    except RequestDataTooBig:
        raise too_large() from None


def parse_edit(body: bytes, lesson: Lesson) -> Edit:
    """Raises Refused."""
    if len(body) > BODY_BYTES_MAX:
        raise too_large()
    message = json_object(body)
    files = _texts(message, "files")
    compiled = _texts(message, "compiled")
    removed = _removed(message, files, lesson)
    _check_names(files, compiled, lesson)
    if _bytes(files) > limits.PROJECT_BYTES_MAX or _bytes(compiled) > COMPILED_BYTES_MAX:
        raise too_large()
    return Edit(_revision(message), files, compiled, removed)


def compiled_names(paths: Iterable[str]) -> set[str]:
    """What the browser makes of the project's files for the panes: src/App.tsx → src/App.js."""
    return {re.sub(r"\.[^.]+$", ".js", path) for path in paths if PANE_SOURCE.fullmatch(path)}


def json_object(body: bytes, what: str = "The request") -> dict[str, Any]:
    """Raises Refused where the bytes are no JSON object, or hold half of a surrogate pair."""
    try:
        message = parse_client_json(body)
    except (ValueError, RecursionError):
        raise _bad(f"{what} is not JSON.") from None
    if not isinstance(message, dict):
        raise _bad(f"{what} must be a JSON object.")
    return message


def small_object(body: bytes, bytes_max: int, too_much: str) -> dict[str, Any]:
    """The same of a body that has few bytes; `too_much` is said where it has more. Raises Refused."""
    if len(body) > bytes_max:
        raise Refused(413, "too-large", too_much)
    return json_object(body)


def _texts(message: Mapping[str, Any], key: str) -> dict[str, str]:
    texts = message.get(key)
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise _bad(f"`{key}` must be an object of path and text.")
    if any(not _is_unicode(text) for text in (*texts, *texts.values())):
        raise _bad(f"A text in `{key}` is not valid Unicode.")
    return texts


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _removed(message: Mapping[str, Any], files: Mapping[str, str], lesson: Lesson) -> frozenset[str]:
    paths = message.get("removed", [])
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise _bad("`removed` must be a list of paths.")
    locked = sorted(lesson.locked.intersection(paths))
    if locked:
        raise _bad(_("%(file)s cannot be removed in this lesson.") % {"file": quoted(locked[0])})
    return frozenset(paths) - files.keys()


def _check_names(files: Mapping[str, str], compiled: Mapping[str, str], lesson: Lesson) -> None:
    for path, text in files.items():
        reason = None if path in lesson.files else objection(path)
        if reason is not None:
            raise _bad(reason)
        if path in lesson.locked and text != lesson.files[path]:
            raise _bad(_("%(file)s cannot be changed in this lesson.") % {"file": quoted(path)})
    if len(files) > limits.PROJECT_FILES_MAX:
        raise _bad(f"A project has at most {limits.PROJECT_FILES_MAX} files, this one has {len(files)}.")
    same = twins(files)
    if same is not None:
        raise _bad(f"{quoted(same[0])} and {quoted(same[1])} would be one module: give one another name.")
    unknown = set(compiled) - compiled_names({*files, *lesson.files})
    if unknown:
        raise _bad(f"Nothing in this project compiles to {quoted(min(unknown))}.")


def _revision(message: Mapping[str, Any]) -> int:
    revision = message.get("base_revision")
    if type(revision) is not int or revision < 1:
        raise _bad("`base_revision` must be the number of a revision.")
    return revision


def _bytes(texts: Mapping[str, str]) -> int:
    return sum(len(text.encode()) for text in texts.values())


def _bad(message: str) -> Refused:
    return Refused(400, "bad-request", message)
