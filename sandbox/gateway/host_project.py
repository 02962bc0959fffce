"""A project on disk as `host` serves it: a folder with `convex/` in it, or whatever its convex.json calls `functions`.

Only reading is done here. Which of the files are modules: docs/spec/codegen.md §1.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine import DeployError, Problem

DEFAULT_FUNCTIONS = "convex"
MODULE_EXTENSIONS = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts")


class ProjectUnusable(Exception):
    """The folder holds no project that could be served. The message is one sentence that says what to change."""


@dataclass(frozen=True, slots=True)
class ProjectFolder:
    """`root` is what was asked for, `functions` the folder of the functions: both absolute, links resolved."""

    root: Path
    functions: Path

    @classmethod
    def find(cls, folder: Path) -> ProjectFolder:
        """Reads convex.json. Raises ProjectUnusable."""
        root = folder.expanduser().resolve()
        if not root.is_dir():
            raise ProjectUnusable(f"There is no folder {folder}.")
        name = _functions_of(root / "convex.json")
        functions = (root / name).resolve()
        if not functions.is_relative_to(root):
            raise ProjectUnusable(f"The functions folder {name} lies outside of {root}.")
        if not functions.is_dir():
            raise ProjectUnusable(
                f"{root} has no folder {name}/ with functions; name the folder that holds it, "
                'or set "functions" in its convex.json.'
            )
        return cls(root, functions)

    def shown(self, path: Path) -> str:
        """How messages call a file: its path from the root, with slashes."""
        return path.relative_to(self.root).as_posix()

    def modules(self) -> dict[str, str]:
        """The texts of all files that may be modules, by "convex/" and their path in the functions folder."""
        return {f"convex/{path.relative_to(self.functions).as_posix()}": self._text(path) for path in self._files()}

    def _files(self) -> Iterator[Path]:
        for parent, folders, names in os.walk(self.functions):
            folders.sort()
            yield from (Path(parent, name) for name in sorted(names) if _may_be_module(name))

    def _text(self, path: Path) -> str:
        try:
            return path.read_bytes().decode()
        except UnicodeDecodeError:
            message = "This file is not valid UTF-8."
        except OSError as error:
            message = f"This file cannot be read ({(error.strerror or str(error)).lower()})."
        raise DeployError(message, (Problem(self.shown(path), 0, 0, message),), code="UnreadableFile")


def _functions_of(file: Path) -> str:
    """The value of `functions` in convex.json."""
    try:
        document = json.loads(file.read_bytes())
    except FileNotFoundError:
        return DEFAULT_FUNCTIONS
    except (OSError, ValueError) as error:
        raise ProjectUnusable(f"{file} cannot be read ({error}).") from error
    functions = document.get("functions", DEFAULT_FUNCTIONS) if isinstance(document, dict) else None
    if not isinstance(functions, str) or not functions:
        raise ProjectUnusable(f'{file} must be an object whose "functions" is the path of a folder.')
    return functions


def _may_be_module(name: str) -> bool:
    return name.endswith(MODULE_EXTENSIONS) and not name.startswith((".", "#")) and name.count(".") == 1
