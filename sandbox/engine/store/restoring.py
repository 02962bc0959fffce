"""Bringing a store's documents back to what a copy of it holds, as commits like any other, which who looks on sees.

What differs is found by comparing the two files; only that is written. Rows and stored files come back with their ids
and creation times; code, schema, environment and scheduled functions stay as they are. Up to CHANGES_PER_COMMIT
changes are one commit, more are several, and readers may then see a state between.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, cast

from sandbox.engine import limits
from sandbox.engine.errors import CONFLICT_CODE, Conflict, LearnerError
from sandbox.engine.store import layout
from sandbox.engine.store.documents import Document, without_system_fields
from sandbox.engine.store.file_folder import link_files
from sandbox.engine.store.meter import UNLIMITED
from sandbox.engine.store.pending_writes import PendingWrite, keys_of
from sandbox.engine.store.store import Store
from sandbox.engine.store.system_tables import FILES, STORAGE
from sandbox.engine.store.transaction import Transaction
from sandbox.engine.values import USER_TABLE_NUMBER_MIN, encode_id, loads

CHANGES_PER_COMMIT = 1_000
PER_SLICE = 50
"""How many documents are looked at before others get their turn."""
_DOCUMENTS = (
    "SELECT d.table_number, d.uid, d.seq, d.json FROM documents AS d JOIN tables AS t ON t.number = d.table_number"
)
_KEPT = f" WHERE t.number >= {USER_TABLE_NUMBER_MIN} OR t.name IN (?, ?)"


class Difference(NamedTuple):
    """One document that is to be as the copy has it: row `seq` of its file, or deleted where that is None."""

    table_no: int
    uid: bytes
    seq: int | None


async def differences(store: Store, copy: Path) -> list[Difference]:
    """What must change for the store to hold what the copy in that folder holds."""
    return await asyncio.to_thread(_compare, store.path, copy / layout.STORE_FILE)


def _compare(live: Path, copy: Path) -> list[Difference]:
    """In a thread. Keeps a digest of every document of the store, not the document."""
    now = {key: digest for key, _, digest in _digests(live)}
    found: list[Difference] = []
    for key, seq, digest in _digests(copy):
        if now.pop(key, None) != digest:
            found.append(Difference(*key, seq))
    return found + [Difference(*key, None) for key in now]


def _digests(path: Path) -> list[tuple[tuple[int, bytes], int, bytes]]:
    connection = layout.connect_reader(path)
    try:
        rows = connection.execute(_DOCUMENTS + _KEPT, (STORAGE, FILES))
        return [((table, uid), seq, blake2b(text, digest_size=16).digest()) for table, uid, seq, text in rows]
    finally:
        connection.close()


async def restore(store: Store, copy: Path, changes: Sequence[Difference]) -> AsyncIterator[int]:
    """Makes these changes; yields how many are made so far.

    Raises LearnerError where a document of the copy does not match the schema in force: then nothing was changed.
    """
    source = layout.connect_reader(copy / layout.STORE_FILE)
    try:
        await _check(store, source, changes)
        await asyncio.to_thread(link_files, copy, store.folder)
        for start in range(0, len(changes), CHANGES_PER_COMMIT):
            part = changes[start : start + CHANGES_PER_COMMIT]
            await _commit(store, source, part)
            yield start + len(part)
            await asyncio.sleep(0)
    finally:
        source.close()


async def _check(store: Store, source: sqlite3.Connection, changes: Sequence[Difference]) -> None:
    async with await store.snapshot() as snapshot:
        catalog = snapshot.catalog
    for place, change in enumerate(changes):
        table = catalog.by_number.get(change.table_no)
        if table is None:
            raise LearnerError("This snapshot has a table that is no longer there.", code="SnapshotDoesNotFit")
        if change.seq is not None and not table.is_system:
            document = _document(source, change.seq)[1]
            try:
                catalog.schema.check_document(table.name, without_system_fields(document), catalog)
            except LearnerError as error:
                raise LearnerError(
                    "This snapshot does not fit the schema that is live, so nothing was changed. Bring the schema of "
                    f"that time back first. {error.message}",
                    code="SnapshotDoesNotFit",
                ) from None
        if place % PER_SLICE == 0:
            await asyncio.sleep(0)


def _document(source: sqlite3.Connection, seq: int) -> tuple[bytes, Document, int]:
    text, size = source.execute("SELECT json, size FROM documents WHERE seq = ?", (seq,)).fetchone()
    return text, cast(Document, loads(text)), size


async def _commit(store: Store, source: sqlite3.Connection, changes: Sequence[Difference]) -> None:
    for _ in range(limits.CONFLICT_RETRIES_MAX + 1):
        async with await store.snapshot() as snapshot:
            transaction = store.transaction(snapshot, seed=secrets.token_bytes(16), writable=True)
            for place, change in enumerate(changes):
                _put(transaction, source, change)
                if place % PER_SLICE == 0:
                    await asyncio.sleep(0)
            try:
                await store.commit(transaction, run_id="", cause="restore", writer="data panel")
                return
            except Conflict:
                continue
    raise LearnerError("Others keep changing the same rows. Try again in a moment.", code=CONFLICT_CODE)


def _put(transaction: Transaction, source: sqlite3.Connection, change: Difference) -> None:
    table = transaction.catalog.by_number[change.table_no]
    document_id = encode_id(change.table_no, change.uid)
    seq, old, _ = transaction.read_document(table, document_id, UNLIMITED)
    old_keys = () if old is None else keys_of(table, cast(Document, loads(old)))
    if change.seq is None:
        if old is not None:
            transaction.pending.put(PendingWrite(table, change.uid, document_id, seq, old, old_keys, None, (), 0))
        return
    text, document, size = _document(source, change.seq)
    keys = keys_of(table, document)
    transaction.pending.put(PendingWrite(table, change.uid, document_id, seq, old, old_keys, text, keys, size))
