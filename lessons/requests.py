"""What a tab may send, parsed at the edge: an edit of the project. Everything else is refused in a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lessons.catalogue import Lesson
from sandbox.engine import limits

COMPILED_BYTES_MAX = 4 * limits.PROJECT_BYTES_MAX
BODY_BYTES_MAX = 2 * (limits.PROJECT_BYTES_MAX + COMPILED_BYTES_MAX)

PANE_SOURCE = re.compile(r"src/.+(?<!\.d)\.(tsx?|jsx?)")


@dataclass(frozen=True, slots=True)
class Edit:
    """The project as the tab has it. `compiled` lacks the files that did not compile."""

    base_revision: int
    files: Mapping[str, str]
    compiled: Mapping[str, str]


class Refused(Exception):
    """A request that is answered with `status` and a sentence. Nothing was changed."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message


def too_large() -> Refused:
    size = limits.PROJECT_BYTES_MAX // 1024
    return Refused(413, "too-large", f"The project is too large to save: at most {size} KiB. Your text is still here.")


def parse_edit(body: bytes, lesson: Lesson) -> Edit:
    """Raises Refused."""
    if len(body) > BODY_BYTES_MAX:
        raise too_large()
    message = _json_object(body)
    files = _texts(message, "files")
    compiled = _texts(message, "compiled")
    _check_names(files, compiled, lesson)
    if _bytes(files) > limits.PROJECT_BYTES_MAX or _bytes(compiled) > COMPILED_BYTES_MAX:
        raise too_large()
    return Edit(_revision(message), files, compiled)


def compiled_names(paths: Iterable[str]) -> set[str]:
    """What the browser makes of the project's files for the panes: src/App.tsx → src/App.js."""
    return {re.sub(r"\.[^.]+$", ".js", path) for path in paths if PANE_SOURCE.fullmatch(path)}


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise _bad("The request is not JSON.") from None
    if not isinstance(message, dict):
        raise _bad("The request must be a JSON object.")
    return message


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


def _check_names(files: Mapping[str, str], compiled: Mapping[str, str], lesson: Lesson) -> None:
    for path, text in files.items():
        if path not in lesson.files:
            raise _bad(f"This lesson has no file {_quoted(path)}.")
        if path in lesson.locked and text != lesson.files[path]:
            raise _bad(f"{_quoted(path)} cannot be changed in this lesson.")
    unknown = set(compiled) - compiled_names(lesson.files)
    if unknown:
        raise _bad(f"Nothing in this lesson compiles to {_quoted(min(unknown))}.")


def _revision(message: Mapping[str, Any]) -> int:
    revision = message.get("base_revision")
    if type(revision) is not int or revision < 1:
        raise _bad("`base_revision` must be the number of a revision.")
    return revision


def _bytes(texts: Mapping[str, str]) -> int:
    return sum(len(text.encode()) for text in texts.values())


def _quoted(path: str) -> str:
    return json.dumps(path[:80], ensure_ascii=False)


def _bad(message: str) -> Refused:
    return Refused(400, "bad-request", message)
