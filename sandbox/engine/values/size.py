"""The size metric behind every byte limit. Source: docs/spec/semantics.md §1 (`value/src/size.rs`)."""

from __future__ import annotations

from sandbox.engine.values.types import Value


def size_of(value: Value) -> int:
    """Bytes a value counts for: what it would weigh in Convex's own binary form, not its JSON text."""
    kind = type(value)
    if kind is str:
        return _utf8_length(value) + 2  # type: ignore[arg-type]
    if kind is dict:
        size = 2
        for name, inner in value.items():  # type: ignore[union-attr]
            size += len(name) + 1 + size_of(inner)  # a field name is ASCII
        return size
    if kind is list:
        return 2 + sum(map(size_of, value))  # type: ignore[arg-type]
    if kind is bytes:
        return len(value) + 2  # type: ignore[arg-type]
    return 1 if kind is bool or value is None else 9


def _utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
