"""Why an import could not be resolved, where that can be told: not installed, or there but outside of the folder.

Only names are looked at, never what a file outside holds: the bundler may read the project's folder and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from sandbox.engine.errors import Problem

_UNRESOLVED = re.compile(r'Could not resolve "([^"\n]+)"')
_PACKAGE = re.compile(r"(?:@[^/\\]+/)?[A-Za-z0-9_][^/\\:]*")
_OUTSIDE = "It lies outside of the project's folder, and nothing else is read."


def explained(problem: Problem, root: Path) -> Problem:
    """The problem with a line that says what to do, where one is known. `root` has no link in it."""
    found = _UNRESOLVED.fullmatch(problem.message)  # a module of Node brings a text of its own
    hint = _hint(found[1], root, problem.file) if found else ""
    return replace(problem, message=f"{problem.message}\n{hint}") if hint else problem


def _hint(specifier: str, root: Path, importer: str) -> str:
    folder = (root / importer).parent
    if specifier.startswith((".", "/")):
        target = (folder / specifier).resolve()
        return "" if target.is_relative_to(root) else _OUTSIDE
    name = _PACKAGE.match(specifier)
    return "" if name is None else _package_hint(name[0], root, folder)


def _package_hint(name: str, root: Path, folder: Path) -> str:
    for parent in (folder, *folder.parents):
        place = parent / "node_modules" / name
        if not place.exists():
            continue
        if not parent.is_relative_to(root):
            return f"It is installed in {parent / 'node_modules'}. {_OUTSIDE}\n{_host_above(parent, root)}"
        target = place.resolve()
        return "" if target.is_relative_to(root) else f"{place.relative_to(root)} leads to {target}. {_OUTSIDE}"
    return f"There is no {name} in node_modules: does the project's folder need an `npm install`?"


def _host_above(parent: Path, root: Path) -> str:
    return f"Host {parent} and name the functions with --functions {root.relative_to(parent).as_posix()}/convex."
