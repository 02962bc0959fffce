"""Which files of a project folder are modules, and where each of them runs: docs/spec/codegen.md §1.

The texts are those of Convex's own bundler. Links are passed over, as there.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.engine.errors import DeployError, Problem

EXTENSIONS = (".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".jsx")
SCHEMAS = ("schema.ts", "schema.js")
_ALWAYS_ISOLATE = ("http", "crons", "schema", "auth.config")
_MODULE_PATH = re.compile(r"[A-Za-z0-9_.]+(/[A-Za-z0-9_.]+)*")
_IMPORT_OR_EXPORT = re.compile(r"^\s{0,100}(import|export)", re.MULTILINE)
# What may stand between two directives at the top of a file: white space, comments, semicolons.
_BETWEEN = re.compile(r"(?:\s|;|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_DIRECTIVE = re.compile(r"""(["'])((?:(?!\1)[^\\\n]|\\.)*)\1""")


@dataclass(frozen=True, slots=True)
class EntryPoints:
    """Module path ("sub/notes", "schema") → path below the project's root, by where the module runs."""

    isolate: dict[str, str] = field(default_factory=dict)
    node: dict[str, str] = field(default_factory=dict)


def find_entry_points(root: Path, functions: Path) -> EntryPoints:
    """Reads the folder `functions`, which lies in `root`. Raises DeployError for what Convex refuses there."""
    found = EntryPoints()
    schema = one_of(root, functions, SCHEMAS)
    if schema is not None:
        found.isolate["schema"] = schema
    for path in _files(functions):
        inside = path.relative_to(functions).as_posix()
        shown = path.relative_to(root).as_posix()
        if not _is_named_like_a_module(inside, shown):
            continue
        text = read_text(path, shown)
        if inside.endswith((".ts", ".tsx")) and not _IMPORT_OR_EXPORT.search(text):
            continue
        module = inside.rpartition(".")[0]
        refuse_invalid_module(module, shown)
        chosen = found.node if _runs_in_node(module, inside, shown, text) else found.isolate
        if module in found.node or module in found.isolate:
            raise _refused(shown, f"There are two modules {module}: rename one of the files.")
        chosen[module] = shown
    return found


def one_of(root: Path, functions: Path, names: tuple[str, ...]) -> str | None:
    """The one of these files that is there, as a path below `root`. Raises DeployError when two are."""
    there = [functions / name for name in names if (functions / name).is_file()]
    if len(there) > 1:
        shown = [path.relative_to(root).as_posix() for path in there]
        raise _refused(shown[0], f"Found both {shown[0]} and {shown[1]}, choose one.")
    return there[0].relative_to(root).as_posix() if there else None


def read_text(path: Path, shown: str) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise _refused(shown, "This file is not valid UTF-8.") from None
    except OSError as error:
        raise _refused(shown, f"This file cannot be read ({(error.strerror or str(error)).lower()}).") from None


def has_use_node(text: str) -> bool:
    """Whether "use node" is among the directives that the file begins with."""
    at = 0
    if text.startswith("#!"):
        at = len(text.partition("\n")[0])
    while True:
        match = _BETWEEN.match(text, at)
        assert match is not None  # it matches nothing, too
        directive = _DIRECTIVE.match(text, match.end())
        if directive is None:
            return False
        if directive[2] == "use node":
            return True
        at = directive.end()


def refuse_invalid_module(module: str, shown: str) -> None:
    if _MODULE_PATH.fullmatch(module) and ".." not in module.split("/"):
        return
    wrong = next((part for part in f"{module}.js".split("/") if not _MODULE_PATH.fullmatch(part)), module)
    raise _refused(
        shown,
        f"{module}.js is not a valid path to a Convex module. "
        f"Path component {wrong} can only contain alphanumeric characters, underscores, or periods.",
    )


def _files(functions: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(functions):
        folders[:] = sorted(name for name in folders if not _is_passed_over(Path(parent, name)))
        yield from (path for name in sorted(names) if _is_plain_file(path := Path(parent, name)))


def _is_plain_file(path: Path) -> bool:
    """No link, and nothing that could be read for ever, as a pipe or a device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _is_passed_over(folder: Path) -> bool:
    """A component would be deployed twice."""
    return folder.name == "node_modules" or folder.is_symlink() or (folder / "convex.config.ts").exists()


def _is_named_like_a_module(inside: str, shown: str) -> bool:
    if inside.startswith("_deps/"):
        raise _refused(
            shown,
            f'The path "{shown}" is within the "_deps" directory, which is reserved for dependencies. '
            "Please move your code to another directory.",
        )
    name = inside.rpartition("/")[2]
    return (
        name.endswith(EXTENSIONS)
        and not inside.startswith("_generated/")
        and not name.startswith((".", "#"))
        and name not in SCHEMAS
        and name.count(".") == 1
        and " " not in inside
    )


def runs_in_node(module: str, inside: str, shown: str, text: str) -> bool:
    """Whether the file is one for Node. Raises DeployError where Convex allows none."""
    if not has_use_node(text):
        return False
    if module in _ALWAYS_ISOLATE:
        raise _refused(shown, f'"use node" directive is not allowed for {inside}.')
    return True


def _runs_in_node(module: str, inside: str, shown: str, text: str) -> bool:
    if runs_in_node(module, inside, shown, text):
        return True
    if inside.startswith("actions/"):
        raise _refused(
            shown,
            f'{inside} is in /actions subfolder but has no "use node"; directive. You can now define actions in any '
            'folder and indicate they should run in node by adding "use node" directive. /actions is a deprecated way '
            'to choose Node.js environment, and we require "use node" for all files within that folder to avoid '
            "unexpected errors during the migration. See https://docs.convex.dev/functions/actions for more details",
        )
    return False


def _refused(shown: str, message: str) -> DeployError:
    return DeployError(message, (Problem(shown, 0, 0, message),), code="InvalidModules")
