"""What one transaction has used of its limits. Numbers and texts: docs/spec/semantics.md §8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sandbox.engine.errors import LimitExceeded
from sandbox.engine.limits import (
    BYTES_READ_MAX,
    BYTES_WRITTEN_MAX,
    DOCUMENTS_READ_MAX,
    DOCUMENTS_WRITTEN_MAX,
    FUNCTIONS_SCHEDULED_MAX,
    SCHEDULED_BYTES_MAX,
)
from sandbox.engine.store.read_set import OVER_LIMIT_HELP


class Written(NamedTuple):
    """What a savepoint remembers: with the writes, their counts are taken back."""

    documents: int
    bytes: int
    scheduled: int
    scheduled_bytes: int


class Meter:
    """Counts, and refuses what is over. What the engine itself reads and writes is not counted.

    Reads are never taken back by a rollback, writes are.
    """

    __slots__ = (
        "bytes_read",
        "bytes_written",
        "documents_read",
        "documents_written",
        "scheduled",
        "scheduled_bytes",
        "store_ms",
    )

    def __init__(self) -> None:
        self.documents_read = 0
        self.bytes_read = 0
        self.documents_written = 0
        self.bytes_written = 0
        self.scheduled = 0
        self.scheduled_bytes = 0
        self.store_ms = 0.0

    @property
    def written(self) -> Written:
        return Written(self.documents_written, self.bytes_written, self.scheduled, self.scheduled_bytes)

    def take_back(self, written: Written) -> None:
        self.documents_written, self.bytes_written, self.scheduled, self.scheduled_bytes = written

    def fitting(self, sizes: Sequence[int]) -> int:
        """How many of the documents with these sizes may still be read."""
        room, byte_room = DOCUMENTS_READ_MAX - self.documents_read, BYTES_READ_MAX - self.bytes_read
        if len(sizes) <= room and sum(sizes) <= byte_room:
            return len(sizes)
        for count, size in enumerate(sizes[: max(room, 0)]):
            byte_room -= size
            if byte_room < 0:
                return count
        return max(room, 0)

    def count_read(self, documents: int, size: int) -> None:
        self.documents_read += documents
        self.bytes_read += size

    def over_read_limit(self) -> LimitExceeded:
        """The error of the read that does not fit any more."""
        what, limit, code = (
            ("documents", f"{DOCUMENTS_READ_MAX}", "TooManyDocumentsRead")
            if self.documents_read > DOCUMENTS_READ_MAX
            else ("bytes", f"{BYTES_READ_MAX} bytes", "TooManyBytesRead")
        )
        return LimitExceeded(
            f"Too many {what} read in a single function execution (limit: {limit}). {OVER_LIMIT_HELP}", code=code
        )

    def count_write(self, size: int) -> None:
        """One written document. Raises LimitExceeded."""
        self.documents_written += 1
        self.bytes_written += size
        if self.documents_written > DOCUMENTS_WRITTEN_MAX:
            raise LimitExceeded(
                f"Too many writes in a single function execution (limit: {DOCUMENTS_WRITTEN_MAX})", code="TooManyWrites"
            )
        if self.bytes_written > BYTES_WRITTEN_MAX:
            raise LimitExceeded(
                "Too many bytes written in a single function execution (limit: 16 MiB)", code="TooManyBytesWritten"
            )

    def count_scheduled(self, size: int) -> None:
        """One scheduled function with arguments of that size. Raises LimitExceeded."""
        self.scheduled += 1
        if self.scheduled > FUNCTIONS_SCHEDULED_MAX:
            raise LimitExceeded(
                f"Too many functions scheduled by this mutation (limit: {FUNCTIONS_SCHEDULED_MAX})",
                code="TooManyFunctionsScheduled",
            )
        self.scheduled_bytes += size
        if self.scheduled_bytes > SCHEDULED_BYTES_MAX:
            raise LimitExceeded(
                "Too large total size of the arguments of scheduled functions from this mutation "
                f"(limit: {SCHEDULED_BYTES_MAX} bytes)",
                code="ScheduledFunctionsArgumentsTooLarge",
            )


class _Unlimited(Meter):
    """For what the engine reads and writes itself: system tables have no limits that a learner could meet."""

    __slots__ = ()

    def fitting(self, sizes: Sequence[int]) -> int:
        return len(sizes)

    def count_read(self, documents: int, size: int) -> None:
        pass

    def count_write(self, size: int) -> None:
        pass


UNLIMITED = _Unlimited()
