"""Mutations that lost to another commit: how long they wait before they run again, and what is said of it.

Source: docs/spec/semantics.md §6.
"""

from __future__ import annotations

import random

from sandbox.engine.errors import Conflict
from sandbox.engine.runtime.functions import file_path
from sandbox.engine.trace import ConflictNote

CONFLICT_HELP = "See https://docs.convex.dev/error#1"


def note_of(conflict: Conflict) -> ConflictNote:
    return ConflictNote(conflict.table, conflict.document_id, conflict.commit_ts, conflict.writer)


def winner_of(conflict: Conflict, path: str) -> str:
    """Who changed what, where that was a function."""
    if conflict.document_id is None or conflict.writer is None or ":" not in conflict.writer:
        return ""
    is_same = conflict.writer == path
    who = "Another call to this mutation" if is_same else f'A call to "{file_path(conflict.writer)}"'
    return f'{who} changed the document with ID "{conflict.document_id}". '


def backoff_seconds(retries: int) -> float:
    """100 ms doubling to 2 s, each between half and whole."""
    return min(0.1 * 2.0**retries, 2.0) * random.uniform(0.5, 1.0)  # noqa: S311 – jitter, no secret
