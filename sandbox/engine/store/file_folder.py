"""The bytes of stored files: one file on disk for each content, named by its SHA-256, in the folder of a store.

    files/<sha256>                what rows name
    incoming/<random>             bytes that are still coming
    incoming/<sha256>-<random>    a second link to a content whose row is about to be committed

A content may be removed at any time while the store's write lock is held and no row names it (files.py does that).
Whoever is about to commit a row therefore keeps a link of its own until after the commit, and puts the content back if
another process removed it in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_CONTENT = re.compile(r"[0-9a-f]{64}")
_HELD = re.compile(r"([0-9a-f]{64})-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A content that is on disk, safe against a power cut. `sha256` is in hex, `size` in bytes."""

    sha256: str
    size: int
    held: Path


class Incoming:
    """Bytes that come in pieces. End it with `finish` or `abandon`."""

    def __init__(self, folder: FileFolder) -> None:
        self._folder = folder
        self._path = folder.incoming / secrets.token_hex(16)
        self._file: BinaryIO = open(self._path, "xb")  # noqa: SIM115 - closed by finish and abandon
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    @property
    def sha256(self) -> str:
        """Of what came so far, in hex."""
        return self._hash.hexdigest()

    async def finish(self) -> Arrived:
        """Brings the bytes to disk, under their name."""
        try:
            return await asyncio.to_thread(self._finish)
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _finish(self) -> Arrived:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        sha256 = self._hash.hexdigest()
        held = self._path.with_name(f"{sha256}-{self._path.name}")
        os.rename(self._path, held)
        self._folder.put_back(sha256, held)
        self._folder.sync()
        return Arrived(sha256, self.size, held)


class FileFolder:
    def __init__(self, store_folder: Path) -> None:
        self.files = store_folder / "files"
        self.incoming = store_folder / "incoming"

    def receive(self) -> Incoming:
        self.files.mkdir(exist_ok=True)
        self.incoming.mkdir(exist_ok=True)
        return Incoming(self)

    def path_of(self, sha256: str) -> Path:
        return self.files / sha256

    def put_back(self, sha256: str, held: Path) -> None:
        """Gives the content its name again, if it has lost it."""
        with contextlib.suppress(FileExistsError):
            os.link(held, self.path_of(sha256))

    def remove(self, sha256: str) -> None:
        self.path_of(sha256).unlink(missing_ok=True)

    def sync(self) -> None:
        """Brings the names of both folders to disk."""
        for folder in (self.files, self.incoming):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def usage(self) -> tuple[int, int]:
        """How many contents there are, and their bytes."""
        count = total = 0
        with contextlib.suppress(FileNotFoundError), os.scandir(self.files) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    total += entry.stat().st_size
                    count += 1
        return count, total

    def contents(self) -> list[str]:
        """The hashes of all contents."""
        return [name for name in _names(self.files) if _CONTENT.fullmatch(name)]

    def leftovers(self) -> Iterator[tuple[Path, str | None]]:
        """Everything in `incoming`, with the hash of a content that was complete."""
        for name in _names(self.incoming):
            held = _HELD.fullmatch(name)
            yield self.incoming / name, None if held is None else held[1]


def link_files(source: Path, target: Path) -> None:
    """Links all contents of one store's folder into another's, as far as they are not there."""
    origin, copy = FileFolder(source), FileFolder(target)
    contents = origin.contents()
    if contents:
        copy.files.mkdir(parents=True, exist_ok=True)
    for sha256 in contents:
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            os.link(origin.path_of(sha256), copy.path_of(sha256))


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
