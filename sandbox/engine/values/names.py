"""Names: object fields, and the identifiers of tables, indexes and declared fields.

The `*_problem` functions return Convex's sentence, or None when the name is good; the caller knows which prefix
the sentence needs. Source: docs/spec/semantics.md §1 (npm `values/value.ts`, backend `sync_types/identifier.rs`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sandbox.engine.errors import LearnerError
from sandbox.engine.limits import FIELD_NAME_LENGTH_MAX, IDENTIFIER_LENGTH_MAX

_FIELD_NAME = re.compile(r"(?!\$)[ -~]*")
_IDENTIFIER = re.compile(r"(?=_*[A-Za-z0-9])[A-Za-z_][A-Za-z0-9_]*")

known_field_names: set[str] = set()
"""Names found good before. Programs use few names, so one set test answers almost every check."""
_KNOWN_NAMES_MAX = 10_000


def field_name_problem(name: str) -> str | None:
    """What forbids this name for a field of an object. The empty name is allowed."""
    if name.startswith("$"):
        return f"Field name {name} starts with '$', which is reserved."
    if _FIELD_NAME.fullmatch(name) is None:
        bad = next(char for char in name if not " " <= char <= "~")
        return (
            f"Field name {name} has invalid character '{bad}': "
            "Field names can only contain non-control ASCII characters"
        )
    if len(name) > FIELD_NAME_LENGTH_MAX:
        return f"Field name is too long ({len(name)} > maximum {FIELD_NAME_LENGTH_MAX})"
    return None


def check_field_names(names: Iterable[str]) -> None:
    """Raises LearnerError for the first of the names, alphabetically, that no object may have."""
    if known_field_names.issuperset(names):
        return
    for name in sorted(names):
        problem = field_name_problem(name)
        if problem is not None:
            raise LearnerError(problem, code="InvalidFieldName")
        if len(known_field_names) < _KNOWN_NAMES_MAX and len(name) <= IDENTIFIER_LENGTH_MAX:
            known_field_names.add(name)


def identifier_problem(name: str) -> str | None:
    """What forbids this name for a table, an index, or a field declared in a schema or in `v.object`."""
    if len(name) <= IDENTIFIER_LENGTH_MAX and _IDENTIFIER.fullmatch(name):
        return None
    if not name:
        return "Identifier cannot be empty"
    if not _is_word(name[0]) or name[0].isdigit():
        return (
            f"Invalid first character '{name[0]}' in {name}: "
            "Identifiers must start with an alphabetic character or underscore"
        )
    for char in name:
        if not _is_word(char):
            return (
                f"Identifier {name} has invalid character '{char}': "
                "Identifiers can only contain alphanumeric characters or underscores"
            )
    if len(name) > IDENTIFIER_LENGTH_MAX:
        return f"Identifier is too long ({len(name)} > maximum {IDENTIFIER_LENGTH_MAX})"
    return f"Identifier {name} cannot have exclusively underscores"


def field_path(text: str) -> tuple[str, ...]:
    """The names of a field path such as `a.b`; points around it say nothing. Raises LearnerError for bad names."""
    trimmed = text.strip(".")
    if not trimmed:
        raise LearnerError(f"Empty path {text}", code="InvalidFieldPath")
    names = tuple(trimmed.split("."))
    for name in names:
        problem = identifier_problem(name)
        if problem is not None:
            raise LearnerError(problem, code="InvalidFieldPath")
    return names


def _is_word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")
