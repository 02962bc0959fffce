"""What one transaction has used of its limits. Numbers and texts: docs/spec/semantics.md §8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sandbox.engine.errors import LearnerError, LimitExceeded
from sandbox.engine.limits import (
    BYTES_READ_MAX,
    BYTES_WRITTEN_MAX,
    DOCUMENTS_READ_MAX,
    DOCUMENTS_WRITTEN_MAX,
    FILE_BYTES_MAX,
    FILES_MAX,
    FUNCTIONS_SCHEDULED_MAX,
    SCHEDULED_BYTES_MAX,
)
from sandbox.engine.store.read_set import OVER_LIMIT_HELP, Ceiling, ReadSet
from sandbox.engine.values import readable_size


class Written(NamedTuple):
    """What a savepoint remembers: with the writes, their counts are taken back."""

    documents: int
    bytes: int
    scheduled: int
    scheduled_bytes: int
    files: int
    file_bytes: int


class Ceilings(NamedTuple):
    """The limits in force."""

    documents_read: Ceiling
    bytes_read: Ceiling
    documents_written: Ceiling
    bytes_written: Ceiling
    scheduled: Ceiling
    scheduled_bytes: Ceiling
    files_read: Ceiling
    file_bytes_read: Ceiling
    files_written: Ceiling
    file_bytes_written: Ceiling
    intervals_read: Ceiling


METRICS = (
    "documentsRead",
    "bytesRead",
    "documentsWritten",
    "bytesWritten",
    "functionsScheduled",
    "scheduledFunctionArgsBytes",
    "filesRead",
    "fileReadBytes",
    "filesWritten",
    "fileWriteBytes",
    "databaseQueries",
)
"""The same in the words of `getTransactionMetrics` and `transactionLimits`."""


class Meter:
    """Counts, and refuses what is over. What the engine itself reads and writes is not counted.

    Reads are never taken back by a rollback, writes are. Index ranges are counted by the read set itself.
    """

    __slots__ = (
        "_read_set",
        "bytes_read",
        "bytes_written",
        "ceilings",
        "documents_read",
        "documents_written",
        "file_bytes_read",
        "file_bytes_written",
        "files_read",
        "files_written",
        "scheduled",
        "scheduled_bytes",
        "store_ms",
    )

    counts = True

    def __init__(self, read_set: ReadSet) -> None:
        self._read_set = read_set
        self.documents_read = 0
        self.bytes_read = 0
        self.documents_written = 0
        self.bytes_written = 0
        self.scheduled = 0
        self.scheduled_bytes = 0
        self.store_ms = 0.0
        self.files_read = 0
        self.file_bytes_read = 0
        self.files_written = 0
        self.file_bytes_written = 0
        self.ceilings = Ceilings(
            documents_read=Ceiling.of(DOCUMENTS_READ_MAX),
            bytes_read=Ceiling.of(BYTES_READ_MAX),
            documents_written=Ceiling.of(DOCUMENTS_WRITTEN_MAX),
            bytes_written=Ceiling.of(BYTES_WRITTEN_MAX),
            scheduled=Ceiling.of(FUNCTIONS_SCHEDULED_MAX),
            scheduled_bytes=Ceiling.of(SCHEDULED_BYTES_MAX),
            files_read=Ceiling.of(FILES_MAX),
            file_bytes_read=Ceiling.of(FILE_BYTES_MAX),
            files_written=Ceiling.of(FILES_MAX),
            file_bytes_written=Ceiling.of(FILE_BYTES_MAX),
            intervals_read=read_set.ceiling,
        )

    # --- all of them

    @property
    def _used(self) -> tuple[int, ...]:
        """In the order of Ceilings."""
        return (
            self.documents_read,
            self.bytes_read,
            self.documents_written,
            self.bytes_written,
            self.scheduled,
            self.scheduled_bytes,
            self.files_read,
            self.file_bytes_read,
            self.files_written,
            self.file_bytes_written,
            self._read_set.counted,
        )

    def metrics(self) -> dict[str, dict[str, int]]:
        """`{name: {used, remaining}}` as `getTransactionMetrics` tells it."""
        return {
            name: {"used": used, "remaining": ceiling.at - used}
            for name, used, ceiling in zip(METRICS, self._used, self.ceilings, strict=True)
        }

    def lower(self, limits: Mapping[str, Any]) -> None:
        """A nested call may use so much from now on, and never more than its caller could. Raises LearnerError."""
        lowered = list(self.ceilings)
        for place, (name, used, ceiling) in enumerate(zip(METRICS, self._used, self.ceilings, strict=True)):
            limit = limits.get(name)
            if limit is None:
                continue
            if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit < 2**53:
                raise LearnerError(f"Invalid transaction limit `{name}`: {limit}", code="InvalidTransactionLimit")
            if used + int(limit) < ceiling.at:
                lowered[place] = Ceiling(used + int(limit), int(limit))
        self.set_ceilings(Ceilings(*lowered))

    def set_ceilings(self, ceilings: Ceilings) -> None:
        self.ceilings = ceilings
        self._read_set.ceiling = ceilings.intervals_read

    # --- reads

    def fitting(self, sizes: Sequence[int]) -> int:
        """How many of the documents with these sizes may still be read."""
        room = self.ceilings.documents_read.at - self.documents_read
        byte_room = self.ceilings.bytes_read.at - self.bytes_read
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
        documents, size = self.ceilings.documents_read, self.ceilings.bytes_read
        what, limit, code = (
            ("documents", f"{documents.shown}", "TooManyDocumentsRead")
            if self.documents_read > documents.at
            else ("bytes", f"{size.shown} bytes", "TooManyBytesRead")
        )
        return LimitExceeded(
            f"Too many {what} read in a single function execution (limit: {limit}). {OVER_LIMIT_HELP}", code=code
        )

    # --- writes

    @property
    def written(self) -> Written:
        return Written(
            self.documents_written,
            self.bytes_written,
            self.scheduled,
            self.scheduled_bytes,
            self.files_written,
            self.file_bytes_written,
        )

    def take_back(self, written: Written) -> None:
        self.documents_written = written.documents
        self.bytes_written = written.bytes
        self.scheduled = written.scheduled
        self.scheduled_bytes = written.scheduled_bytes
        self.files_written = written.files
        self.file_bytes_written = written.file_bytes

    def count_write(self, size: int) -> None:
        """One written document. Raises LimitExceeded."""
        self.documents_written += 1
        self.bytes_written += size
        documents, bytes_ = self.ceilings.documents_written, self.ceilings.bytes_written
        if self.documents_written > documents.at:
            raise LimitExceeded(
                f"Too many writes in a single function execution (limit: {documents.shown})", code="TooManyWrites"
            )
        if self.bytes_written > bytes_.at:
            raise LimitExceeded(
                f"Too many bytes written in a single function execution (limit: {readable_size(bytes_.shown)})",
                code="TooManyBytesWritten",
            )

    def count_scheduled(self, size: int) -> None:
        """One scheduled function with arguments of that size. Raises LimitExceeded."""
        functions, bytes_ = self.ceilings.scheduled, self.ceilings.scheduled_bytes
        self.scheduled += 1
        if self.scheduled > functions.at:
            raise LimitExceeded(
                f"Too many functions scheduled by this mutation (limit: {functions.shown})",
                code="TooManyFunctionsScheduled",
            )
        self.scheduled_bytes += size
        if self.scheduled_bytes > bytes_.at:
            raise LimitExceeded(
                "Too large total size of the arguments of scheduled functions from this mutation "
                f"(limit: {bytes_.shown} bytes)",
                code="ScheduledFunctionsArgumentsTooLarge",
            )

    # --- files

    def count_file_read(self, size: int) -> None:
        """One stored file that a mutation takes in. Raises LimitExceeded."""
        self.files_read += 1
        self.file_bytes_read += size
        files, bytes_ = self.ceilings.files_read, self.ceilings.file_bytes_read
        if self.files_read > files.at or self.file_bytes_read > bytes_.at:
            raise _too_many_files("read", files, bytes_)

    def count_file_written(self, size: int) -> None:
        """One file that a mutation stores. Raises LimitExceeded."""
        self.files_written += 1
        self.file_bytes_written += size
        files, bytes_ = self.ceilings.files_written, self.ceilings.file_bytes_written
        if self.files_written > files.at or self.file_bytes_written > bytes_.at:
            raise _too_many_files("written", files, bytes_)


class _Unlimited(Meter):
    """For what the engine reads and writes itself: system tables have no limits that a learner could meet."""

    __slots__ = ()

    counts = False

    def fitting(self, sizes: Sequence[int]) -> int:
        return len(sizes)

    def count_read(self, documents: int, size: int) -> None:
        pass

    def count_write(self, size: int) -> None:
        pass


UNLIMITED = _Unlimited(ReadSet())


def _too_many_files(verb: str, files: Ceiling, size: Ceiling) -> LimitExceeded:
    return LimitExceeded(
        f"Too many files {verb} in a single function execution "
        f"(limit: {files.shown} files of {readable_size(size.shown)} together)",
        code="TooManyFiles",
    )
