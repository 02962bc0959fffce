"""Named snapshots of a store: whole copies in a folder beside it, bounded in number and size.

    snapshots/<id>/store.db, files/   the copy; contents of stored files are links
    snapshots/<id>/snapshot.json      what it is called; written last, so that a copy without it is none

Taking one copies pages while others work. Restoring is store/restoring.py's part; the present is kept as a snapshot
before it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.engine.clock import Clock
from sandbox.engine.errors import LearnerError
from sandbox.engine.limits import MIB
from sandbox.engine.store import Store
from sandbox.engine.store.layout import STORE_FILE
from sandbox.engine.store.restoring import differences, restore

SNAPSHOTS_MAX = 10
BYTES_MAX = 512 * MIB
NAME_CHARACTERS_MAX = 60
_META = "snapshot.json"
_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """`rows` counts those of the learner's tables; `bytes` without stored files, which are shared."""

    id: str
    name: str
    at_ms: float
    rows: int
    bytes: int


class Snapshots:
    """Of one store. One thing at a time; several processes may look on."""

    def __init__(self, store: Store, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self._folder = store.folder / "snapshots"
        self._turn = asyncio.Lock()

    async def known(self) -> list[SnapshotInfo]:
        """The newest first."""
        return await asyncio.to_thread(self._list)

    def _list(self) -> list[SnapshotInfo]:
        found: list[SnapshotInfo] = []
        for meta in self._folder.glob(f"*/{_META}"):
            try:
                found.append(SnapshotInfo(**json.loads(meta.read_text())))
            except (OSError, ValueError, TypeError):
                continue  # deleted meanwhile, or not ours
        return sorted(found, key=lambda one: (one.at_ms, one.id), reverse=True)

    async def take(self, name: str) -> SnapshotInfo:
        """Raises LearnerError for a name that cannot be, and where there is no room for another."""
        async with self._turn:
            return await self._take(name, room_for=SNAPSHOTS_MAX)

    async def _take(self, name: str, *, room_for: int) -> SnapshotInfo:
        name = " ".join(name.split())
        if not name or len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
            raise LearnerError(f"A snapshot needs a name of 1 to {NAME_CHARACTERS_MAX} characters.", code="BadName")
        others = await self.known()
        size = os.stat(self._store.path).st_size
        if len(others) >= room_for:
            raise LearnerError(
                f"There are {len(others)} snapshots; at most {SNAPSHOTS_MAX} are kept. Delete one and try again.",
                code="SnapshotsFull",
            )
        if sum(one.bytes for one in others) + size > BYTES_MAX:
            raise LearnerError(
                f"All snapshots together may have {BYTES_MAX // MIB} MiB, and this one needs {size // MIB + 1} MiB. "
                "Delete others and try again.",
                code="SnapshotsFull",
            )
        return await self._copy(name)

    async def _copy(self, name: str) -> SnapshotInfo:
        snapshot_id = secrets.token_hex(12)
        folder = self._folder / snapshot_id
        rows = sum(table.count for table in await self._store.tables())
        try:
            await self._store.fork_to(folder)
            size = os.stat(folder / STORE_FILE).st_size
            info = SnapshotInfo(snapshot_id, name, self._clock.now_ns() / 1_000_000, rows, size)
            unfinished = folder / f"{_META}.part"
            unfinished.write_text(json.dumps(asdict(info)))
            unfinished.rename(folder / _META)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return info

    async def delete(self, snapshot_id: str) -> None:
        """Deleting one that is gone already is no mistake. Raises LearnerError for what is no id."""
        async with self._turn:
            await asyncio.to_thread(shutil.rmtree, self._folder_of(snapshot_id), ignore_errors=True)

    async def restore(self, snapshot_id: str) -> AsyncIterator[tuple[int, int]]:
        """Brings the documents back, after keeping the present as a snapshot; yields (changed, of how many).

        Raises LearnerError where there is no such snapshot, no room to keep the present, or the schema that is live
        refuses a row; then nothing was changed.
        """
        async with self._turn:
            folder = self._folder_of(snapshot_id)
            info = next((one for one in await self.known() if one.id == snapshot_id), None)
            if info is None:
                raise LearnerError("This snapshot is no longer there.", code="NoSuchSnapshot")
            changes = await differences(self._store, folder)
            if not changes:
                yield 0, 0
                return
            # One more than may be taken by hand: going back must not fail for want of a place.
            kept = await self._take(f"before “{info.name[:40]}”", room_for=SNAPSHOTS_MAX + 1)
            try:
                async for changed in restore(self._store, folder, changes):
                    self._wake()
                    yield changed, len(changes)
            except LearnerError as error:
                if error.code == "SnapshotDoesNotFit":
                    await asyncio.to_thread(shutil.rmtree, self._folder_of(kept.id), ignore_errors=True)
                raise

    def _folder_of(self, snapshot_id: str) -> Path:
        if not _ID.fullmatch(snapshot_id):
            raise LearnerError("This is no snapshot.", code="NoSuchSnapshot")
        return self._folder / snapshot_id
