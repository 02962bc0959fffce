"""How much one deployment may keep on disk, so that a learner's loop fills no disk for the others.

What is used is asked of the file system and of SQLite, not counted: several processes may write to one store. Documents
and files have a limit each; what the engine itself writes goes on, also when one is reached, and so does deleting.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine import limits
from sandbox.engine.errors import LimitExceeded
from sandbox.engine.limits import MIB
from sandbox.engine.store.file_folder import FileFolder

# Files that this process stored since it last looked at the folder; others may have stored as many.
ADDED_UNSEEN_MAX = 100


@dataclass(frozen=True, slots=True)
class Quota:
    """`document_bytes` holds documents, their index entries and the log of recent commits."""

    document_bytes: int = limits.DEPLOYMENT_DOCUMENT_BYTES_MAX
    file_bytes: int = limits.DEPLOYMENT_FILE_BYTES_MAX
    files: int = limits.DEPLOYMENT_FILES_MAX


class Room:
    """What is left of a store's quota. Without a quota there is always room."""

    def __init__(self, database: Path, files: FileFolder, quota: Quota | None) -> None:
        self._database = database
        self._files = files
        self._quota = quota
        self._known_files = (0, 0)
        self._unseen = ADDED_UNSEEN_MAX

    def refuse_documents(self, connection: sqlite3.Connection) -> None:
        """Raises LimitExceeded when documents take as much as they may. `connection` has the store open."""
        if self._quota is None or os.stat(self._database).st_size <= self._quota.document_bytes:
            return
        # The file does not shrink: pages that were given up are used again.
        pages, unused, page_bytes = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - unused) * page_bytes > self._quota.document_bytes:
            raise LimitExceeded(
                f"This deployment keeps as much as it may (limit: {self._quota.document_bytes // MIB} MiB, with "
                "indexes and what changed in the last minutes). Delete documents, or clear a table, and try again.",
                code="DeploymentFull",
            )

    def refuse_files(self) -> None:
        """Raises LimitExceeded when stored files take as much as they may."""
        if self._quota is None:
            return
        if self._unseen >= ADDED_UNSEEN_MAX or self._is_over(self._quota):
            self._known_files, self._unseen = self._files.usage(), 0
        if self._is_over(self._quota):
            raise LimitExceeded(
                f"This deployment stores as many files as it may (limits: {self._quota.file_bytes // MIB} MiB, "
                f"{self._quota.files} files). Delete files and try again.",
                code="FilesFull",
            )

    def note_file(self, size: int) -> None:
        """A file of so many bytes came."""
        count, total = self._known_files
        self._known_files = (count + 1, total + size)
        self._unseen += 1

    def _is_over(self, quota: Quota) -> bool:
        count, total = self._known_files
        return count >= quota.files or total >= quota.file_bytes
