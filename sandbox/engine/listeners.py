"""Who is told what a deployment does: runs, commits, deploys, and how far a push is. A listener changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sandbox.engine.clock import Clock
from sandbox.engine.store import Commit, PushProgress
from sandbox.engine.trace import BackfillNote, CommitNote, DeployNote, PracticeNote, RunNote, TraceNote

logger = logging.getLogger(__name__)

TraceListener = Callable[[TraceNote], None]


class Listeners:
    """One that fails is logged, and keeps the note from nobody."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._listeners: list[TraceListener] = []

    def __len__(self) -> int:
        return len(self._listeners)

    def add(self, listener: TraceListener) -> None:
        self._listeners.append(listener)

    def remove(self, listener: TraceListener) -> None:
        self._listeners.remove(listener)

    def note_run(self, note: RunNote) -> None:
        self._tell(note)

    def note_load(self, revision: int, total_ms: float) -> None:
        self._tell(DeployNote(revision, self._now_ms, total_ms))

    def note_progress(self, progress: PushProgress) -> None:
        self._tell(BackfillNote(self._now_ms, progress.table, progress.indexes, progress.documents, progress.total))

    def note_commit(self, commit: Commit) -> None:
        if not commit.changes:
            return  # a pushed schema, or a mutation that wrote nothing: other notes tell of those
        tables = tuple(sorted({change.table for change in commit.changes}))
        at_ms, documents = commit.ts / 1_000_000, len(commit.changes)
        self._tell(CommitNote(commit.ts, commit.run_id, at_ms, commit.cause, commit.writer, tables, documents))

    def note_practice(self) -> None:
        self._tell(PracticeNote(self._now_ms))

    @property
    def _now_ms(self) -> float:
        return self._clock.now_ns() / 1_000_000

    def _tell(self, note: TraceNote) -> None:
        for listener in list(self._listeners):
            try:
                listener(note)
            except Exception:
                logger.exception("A trace listener failed")
