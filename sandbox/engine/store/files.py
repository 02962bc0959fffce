"""Stored files: rows in the transaction of whoever stores or deletes, bytes on disk (file_folder.py).

A row in `_storage` is what learner code sees; one in `_files` ties it to the random part of its address and to its
content, which equal files share. Facts and texts: docs/spec/semantics.md §10, runtime-abi.md §2.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import sqlite3
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes
from typing import BinaryIO, TypeVar

from sandbox.engine import limits
from sandbox.engine.errors import Conflict, LearnerError
from sandbox.engine.store.file_folder import Arrived, FileFolder, Incoming
from sandbox.engine.store.read_set import Interval
from sandbox.engine.store.store import Store
from sandbox.engine.store.system_tables import FILES, STORAGE
from sandbox.engine.store.transaction import Transaction
from sandbox.engine.values import Value, decode_id, encode_key

Result = TypeVar("Result")

LEFT_ALONE_S = 3600.0
"""What somebody may still be at work with: no upload and no mutation takes that long."""

_NOT_AN_ID = (
    'Invalid storage ID: "{id}". Storage ID should be an\n'
    "                    Id of '_storage' table, or a UUID string."  # the line break is Convex's
)
_OF_ANOTHER_TABLE = "Invalid storage ID. Storage ID cannot be an ID on any table other than '_storage'."


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`storage_id` is the `_id` in `_storage`, `uuid` the one in the address; `sha256` is in hex, `size` in bytes."""

    storage_id: str
    uuid: str
    sha256: str
    size: int
    content_type: str | None
    row_id: str

    @property
    def digest(self) -> str:
        """The hash in base64."""
        return base64.b64encode(bytes.fromhex(self.sha256)).decode()


@dataclass(slots=True)
class FileChanges:
    """What a transaction did to files. To be settled when it is over, whatever came of it."""

    arrived: list[Arrived] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)

    @property
    def contents(self) -> set[str]:
        return self.deleted | {arrived.sha256 for arrived in self.arrived}


class Files:
    """The files of one store. `on_commit` is called after every commit that is made here."""

    def __init__(self, store: Store, *, on_commit: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._folder = FileFolder(store.folder)
        self._on_commit = on_commit
        self._by_sha256: int | None = None  # the id of an index, which never changes

    # --- bytes

    def receive(self) -> Incoming:
        """For bytes that come in pieces; what it finishes with goes to `insert` or `add`. Raises LimitExceeded."""
        self._store.room.refuse_files()
        return self._folder.receive()

    async def receive_whole(self, data: bytes) -> Arrived:
        incoming = self.receive()
        incoming.write(data)
        return await incoming.finish()

    def path_of(self, file: StoredFile) -> Path:
        return self._folder.path_of(file.sha256)

    def open_bytes(self, file: StoredFile) -> BinaryIO:
        """The content, for reading. It stays readable when the file is deleted meanwhile."""
        return open(self.path_of(file), "rb")

    # --- rows, in somebody's transaction

    async def insert(self, tx: Transaction, arrived: Arrived, content_type: str | None, changes: FileChanges) -> str:
        """Stores what arrived; returns its storage id."""
        if arrived not in changes.arrived:
            changes.arrived.append(arrived)
        self._store.room.note_file(arrived.size)
        digest = base64.b64encode(bytes.fromhex(arrived.sha256)).decode()
        row: dict[str, Value] = {"sha256": digest, "size": float(arrived.size), "contentType": content_type}
        storage_id = await tx.system.insert(STORAGE, row)
        link = {"uuid": str(uuid.uuid4()), "storageId": storage_id, "sha256": arrived.sha256}
        await tx.system.insert(FILES, link)
        return storage_id

    async def find(self, tx: Transaction, name: str) -> StoredFile | None:
        """The file with that storage id, or that UUID. Raises LearnerError for what can be neither."""
        if not _is_storage_id(tx, name):
            return await self.find_by_uuid(tx, name)
        return await self._find_by(tx, "by_storage_id", {"storageId": name})

    async def find_by_uuid(self, tx: Transaction, name: str) -> StoredFile | None:
        """Raises LearnerError for what is no UUID."""
        return await self._find_by(tx, "by_uuid", {"uuid": _uuid(name)})

    async def _find_by(self, tx: Transaction, index: str, equal: dict[str, Value]) -> StoredFile | None:
        rows = await tx.system.rows(f"{FILES}.{index}", equal, limit=1)
        if not rows:
            return None
        storage_id = str(rows[0]["storageId"])
        row = await tx.system.get(storage_id)
        if row is None:
            return None
        size, content_type = row["size"], row["contentType"]
        assert isinstance(size, float)
        return StoredFile(
            storage_id,
            str(rows[0]["uuid"]),
            str(rows[0]["sha256"]),
            int(size),
            content_type if isinstance(content_type, str) else None,
            str(rows[0]["_id"]),
        )

    async def delete(self, tx: Transaction, name: str, changes: FileChanges) -> None:
        """Raises LearnerError `StorageIdNotFound`."""
        file = await self.find(tx, name)
        if file is None:
            raise LearnerError(f"storage id {name} not found", code="StorageIdNotFound")
        changes.deleted.add(file.sha256)
        await tx.system.delete(file.storage_id)
        await tx.system.delete(file.row_id)

    async def settle(self, changes: FileChanges) -> None:
        """Makes the disk agree with the rows. To be called after the commit, and also when there was none."""
        if not changes.contents:
            return
        index_id = await self._index_of_contents()
        held = {arrived.sha256: arrived.held for arrived in changes.arrived}
        with self._store.writing() as connection:
            for sha256 in changes.contents:
                if _is_named(connection, index_id, sha256):
                    if sha256 in held:
                        self._folder.put_back(sha256, held[sha256])
                else:
                    self._folder.remove(sha256)
        for arrived in changes.arrived:
            arrived.held.unlink(missing_ok=True)

    # --- in a transaction of its own

    async def transact(self, work: Callable[[Transaction, FileChanges], Awaitable[Result]]) -> Result:
        """Runs `work` in a transaction and commits it, again after a conflict. Raises what `work` raises."""
        return await self._transact(work, FileChanges())

    async def _transact(
        self, work: Callable[[Transaction, FileChanges], Awaitable[Result]], changes: FileChanges
    ) -> Result:
        try:
            for attempt in range(limits.CONFLICT_RETRIES_MAX + 1):
                try:
                    return await self._attempt(work, changes)
                except Conflict:
                    if attempt == limits.CONFLICT_RETRIES_MAX:
                        raise
            raise AssertionError("the last attempt returns or raises")
        finally:
            await self.settle(changes)

    async def _attempt(
        self, work: Callable[[Transaction, FileChanges], Awaitable[Result]], changes: FileChanges
    ) -> Result:
        async with await self._store.snapshot() as snapshot:
            tx = self._store.transaction(snapshot, seed=token_bytes(16), writable=True)
            result = await work(tx, changes)
            await self._store.commit(tx, run_id="", cause="storage", writer=None)
        self._on_commit()
        return result

    async def add(self, arrived: Arrived, content_type: str | None) -> str:
        """Stores what arrived; returns its storage id."""
        return await self._transact(
            lambda tx, changes: self.insert(tx, arrived, content_type, changes), FileChanges([arrived])
        )

    async def read(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Runs `work` on the newest snapshot."""
        async with await self._store.snapshot() as snapshot:
            return await work(self._store.transaction(snapshot, seed=token_bytes(16), writable=False))

    async def look_up(self, name: str) -> StoredFile | None:
        """The file as of now. Raises LearnerError for what can be no storage id and no UUID."""
        return await self.read(lambda tx: self.find(tx, name))

    async def open(self, uuid_text: str) -> tuple[StoredFile, BinaryIO] | None:
        """The file of that address with its bytes, or None. Raises LearnerError for what is no UUID."""
        file = await self.read(lambda tx: self.find_by_uuid(tx, uuid_text))
        if file is None:
            return None
        try:
            return file, self.open_bytes(file)
        except FileNotFoundError:
            return None  # deleted meanwhile

    # --- after a crash

    async def recover(self) -> None:
        """Puts back what a row names and removes what none does. Others may use the store meanwhile."""
        index_id = await self._index_of_contents()
        now = time.time()
        for path, sha256 in list(self._folder.leftovers()):
            with contextlib.suppress(FileNotFoundError), self._store.writing() as connection:
                if sha256 is not None and _is_named(connection, index_id, sha256):
                    self._folder.put_back(sha256, path)
                if now - path.stat().st_mtime > LEFT_ALONE_S:
                    path.unlink()
        for sha256 in self._folder.contents():
            with self._store.writing() as connection:
                if not _is_named(connection, index_id, sha256):
                    self._folder.remove(sha256)
            await asyncio.sleep(0)

    async def _index_of_contents(self) -> int:
        if self._by_sha256 is None:
            async with await self._store.snapshot() as snapshot:
                self._by_sha256 = snapshot.catalog.system_tables[FILES].indexes["by_sha256"].id
        return self._by_sha256


def _is_named(connection: sqlite3.Connection, index_id: int, sha256: str) -> bool:
    """Whether a committed row has this content."""
    span = Interval.prefix(index_id, encode_key([sha256]))
    statement = "SELECT 1 FROM index_entries WHERE index_id = ? AND key >= ? AND key < ? LIMIT 1"
    return connection.execute(statement, (index_id, span.low, span.high)).fetchone() is not None


def _is_storage_id(tx: Transaction, name: str) -> bool:
    try:
        table_no, _ = decode_id(name)
    except LearnerError:
        return False
    if tx.name_of(table_no) != STORAGE:
        raise LearnerError(_OF_ANOTHER_TABLE, code="InvalidArgument")
    return True


def _uuid(name: str) -> str:
    try:
        return str(uuid.UUID(name))
    except ValueError:
        raise LearnerError(_NOT_AN_ID.format(id=name), code="InvalidStorageId") from None
