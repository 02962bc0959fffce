"""A project on disk as `host` serves it: a folder with `convex/` in it, or whatever its convex.json calls `functions`.

Which of its files are modules, and what they import, is the engine's to find out (runtime/bundle.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

DEFAULT_FUNCTIONS = "convex"


class ProjectUnusable(Exception):
    """The folder holds no project that could be served. The message is one sentence that says what to change."""


@dataclass(frozen=True, slots=True)
class ProjectFolder:
    """`root` is what was asked for, `functions` the folder of the functions: both absolute, links resolved."""

    root: Path
    functions: Path

    @classmethod
    def find(cls, folder: Path, functions: str | None = None) -> ProjectFolder:
        """`functions` is the path of their folder; without it, convex.json is asked. Raises ProjectUnusable."""
        root = folder.expanduser().resolve()
        if not root.is_dir():
            raise ProjectUnusable(f"There is no folder {root}.")
        name = functions or _functions_of(root / "convex.json")
        return cls(root, _functions_folder(root, name))


def _functions_folder(root: Path, name: str) -> Path:
    functions = (root / name).resolve()
    if not functions.is_relative_to(root):
        raise ProjectUnusable(f"The functions folder {name} lies outside of {root}.")
    if not functions.is_dir():
        below = (*root.glob("*/convex"), *root.glob("*/*/convex"))
        others = [path.relative_to(root).as_posix() for path in below if path.is_dir() and _is_own(path, root)]
        hint = f"say --functions {others[0]}" if others else "name the folder that holds it, or say --functions PATH"
        raise ProjectUnusable(f"{root} has no folder {name}/ with functions; {hint}.")
    return functions


def _is_own(path: Path, root: Path) -> bool:
    return not {"node_modules", "dist"} & set(path.relative_to(root).parts)


def _functions_of(file: Path) -> str:
    """The value of `functions` in convex.json, or what Convex takes it to be without that file."""
    try:
        document = json.loads(file.read_bytes())
    except FileNotFoundError:
        # Create React App allows no import from outside of src/.
        return f"src/{DEFAULT_FUNCTIONS}" if _is_create_react_app(file.parent) else DEFAULT_FUNCTIONS
    except (OSError, ValueError) as error:
        raise ProjectUnusable(f"{file} cannot be read ({error}).") from error
    functions = document.get("functions", DEFAULT_FUNCTIONS) if isinstance(document, dict) else None
    if not isinstance(functions, str) or not functions:
        raise ProjectUnusable(f'{file} must be an object whose "functions" is the path of a folder.')
    return functions


def _is_create_react_app(root: Path) -> bool:
    try:
        described = json.loads((root / "package.json").read_bytes())
    except (OSError, ValueError):
        return False
    groups = (
        (described.get(group) for group in ("dependencies", "devDependencies")) if isinstance(described, dict) else ()
    )
    return any(isinstance(group, dict) and "react-scripts" in group for group in groups)
