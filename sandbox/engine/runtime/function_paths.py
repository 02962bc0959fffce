"""Function paths as clients write them: `dir/mod:fn`, with or without `.js`; `dir/mod` means its default export.

Source of rules and texts: `sync_types/{udf_path,module_path,path,identifier}.rs`.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from sandbox.engine.limits import IDENTIFIER_LENGTH_MAX
from sandbox.engine.values import identifier_problem

_COMPONENT = re.compile(r"[A-Za-z0-9_.]*")


def canonical_path(path: str) -> str:
    """`dir/mod.js:fn` and `dir/mod` become `dir/mod:fn` and `dir/mod:default`."""
    module, colon, name = path.rpartition(":")
    if not colon:
        module, name = path, "default"
    return f"{module.removesuffix('.js')}:{name}"


def bare_path(path: str) -> str:
    """As error texts name a function: `dir/mod:fn`, and `dir/mod` for a default export."""
    return canonical_path(path).removesuffix(":default")


def path_problem(path: str) -> str | None:
    """What keeps a text from being the path of any function."""
    module, colon, name = path.rpartition(":")
    if colon:
        problem = identifier_problem(name)
        if problem is not None:
            return problem
    return _module_problem(module if colon else path)


def _module_problem(module: str) -> str | None:
    place = PurePosixPath(module)
    if not place.name or place.name == "..":
        return f"Module path {module} doesn't have a filename."
    if place.suffix not in ("", ".js"):
        return f"Module path ({module}) has an extension that isn't 'js'."
    if place.is_absolute():
        return f"Module paths must be relative ({module} is absolute)."
    if ".." in place.parts:
        return f"Invalid path component ParentDir in {module}."
    *folders, file = place.parts
    for component in (*folders, file if place.suffix else f"{file}.js"):
        problem = _component_problem(component)
        if problem is not None:
            return problem
    return None


def _component_problem(component: str) -> str | None:
    length = len(component.encode())
    if length > IDENTIFIER_LENGTH_MAX:
        return f"Path component is too long ({length} > maximum {IDENTIFIER_LENGTH_MAX})."
    if _COMPONENT.fullmatch(component) is None:
        return f"Path component {component} can only contain alphanumeric characters, underscores, or periods."
    if not any(char.isalnum() for char in component):
        return f"Path component {component} must have at least one alphanumeric character."
    return None
