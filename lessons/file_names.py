"""Which files a learner may add to a project. static/src/workspace/file_names.ts says the same while they type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

PATH_LENGTH_MAX = 100
FOLDERS = ("convex/", "src/")
ENDINGS = (".ts", ".tsx", ".js", ".jsx")

# Convex knows functions by their path: letters, digits, underscores, periods. Beside them panes may have hyphens.
_SEGMENT = {"convex/": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.]*"), "src/": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")}


def objection(path: str) -> str | None:
    """Why a project cannot have a file of this name; None when it can."""
    name = quoted(path)
    folder = next((folder for folder in FOLDERS if path.startswith(folder)), None)
    if folder is None:
        return f"{name} lies outside of convex/ and src/."
    if len(path) > PATH_LENGTH_MAX:
        return f"{name} is too long: at most {PATH_LENGTH_MAX} characters."
    segments = path.removeprefix(folder).split("/")
    if not all(_SEGMENT[folder].fullmatch(segment) for segment in segments):
        return f"{name} has a character that a file here cannot have."
    if "_generated" in segments:
        return f"{name} lies in _generated, which is written for you."
    if not path.endswith(ENDINGS):
        return f"{name} must end with {', '.join(ENDINGS)}."
    return None


def twins(paths: Iterable[str]) -> tuple[str, str] | None:
    """Two files that would become one module: App.ts beside App.tsx, or beside app.ts where case does not count."""
    seen: dict[str, str] = {}
    for path in paths:
        stem = re.sub(r"\.[^./]*$", "", path).lower()
        if stem in seen:
            return seen[stem], path
        seen[stem] = path
    return None


def quoted(path: str) -> str:
    return json.dumps(path[:80], ensure_ascii=False)
