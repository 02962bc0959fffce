"""A shelf: one data set in several sizes, each an ordinary store file that nobody writes once it is there.

A file that has its name is whole: it is built under another name and renamed (bulk.py).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SIZES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Shelf:
    """`folder` holds `<documents>.db` for every one of `sizes`. `table` is the one table in them."""

    folder: Path
    table: str
    sizes: tuple[int, ...] = SIZES

    def path(self, size: int) -> Path:
        return self.folder / f"{size}.db"

    @property
    def missing(self) -> list[int]:
        """The sizes that are not built, the smallest first."""
        return [size for size in sorted(self.sizes) if not self.path(size).exists()]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Whoever else builds something on this shelf waits until the block has ended, or its process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def to_json(self) -> dict[str, object]:
        return {"folder": str(self.folder), "table": self.table, "sizes": list(self.sizes)}

    @classmethod
    def from_json(cls, message: dict[str, object]) -> Shelf:
        sizes = message["sizes"]
        assert isinstance(sizes, Sequence)
        return cls(Path(str(message["folder"])), str(message["table"]), tuple(int(size) for size in sizes))
