"""The state of one transaction: its snapshot, what it read, and what it has written so far.

Reads and writes of one document, without the rules for learner code: those are transaction.py's, which builds on this;
system_writer.py is the engine's own side. Source: docs/spec/semantics.md §6–§8.
"""

from __future__ import annotations

import copy
import json
import math
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, NamedTuple, Self, cast

from sandbox.engine.errors import LearnerError
from sandbox.engine.limits import TABLES_MAX
from sandbox.engine.store.catalog import BUILT_IN_FIELDS, Index, Table
from sandbox.engine.store.commit_log import Timestamp
from sandbox.engine.store.connections import Snapshot
from sandbox.engine.store.documents import Document, text_of, with_system_fields, without_system_fields
from sandbox.engine.store.layout import TABLES_INDEX
from sandbox.engine.store.meter import Ceilings, Meter, Written
from sandbox.engine.store.pending_writes import Keys, PendingWrite, PendingWrites, keys_of
from sandbox.engine.store.quota import Room
from sandbox.engine.store.read_set import Interval, ReadSet
from sandbox.engine.store.system_tables import PUBLIC_TABLES
from sandbox.engine.trace import ReadNote, WriteNote
from sandbox.engine.values import decode_id, encode_id, encode_key, loads, new_uid

_GET = (
    "SELECT d.seq, d.json, d.size FROM index_entries AS e CROSS JOIN documents AS d ON d.seq = e.seq "
    "WHERE e.index_id = ? AND e.key = ?"
)
_RANDOM_BYTES = 14
_WRITE_METHODS = {"patch": "Update", "replace": "Replace", "delete": "Delete"}


class Savepoint(NamedTuple):
    """A moment in a transaction to which its writes can go back."""

    writes: int
    created_tables: int
    written: Written


class TransactionState:
    __slots__ = (
        "_ids_made",
        "_is_writable",
        "_next_creation_time",
        "_now_ns",
        "_room",
        "_seed",
        "begin_ts",
        "catalog",
        "connection",
        "created_tables",
        "cursor_key",
        "journal_in",
        "journal_out",
        "meter",
        "pause",
        "pending",
        "read_set",
        "reads",
    )

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        seed: bytes,
        writable: bool,
        now_ns: int,
        pause: Callable[[], Awaitable[None]],
        cursor_key: bytes,
        room: Room,
    ) -> None:
        self.begin_ts: Timestamp = snapshot.ts
        self.catalog = snapshot.catalog
        self.connection: sqlite3.Connection = snapshot.connection
        self.pause = pause
        self.read_set = ReadSet()
        self.reads: list[ReadNote] = []
        self.pending = PendingWrites()
        self.created_tables: dict[str, Table] = {}
        self.meter = Meter(self.read_set)
        self.journal_in: str | None = None
        """The journal of an earlier run of the same call: it says where its page has to end."""
        self.journal_out: str | None = None
        """That of this run; None when no page was read."""
        self.cursor_key = cursor_key
        self._seed = seed
        self._is_writable = writable
        self._now_ns = now_ns
        self._room: Room | None = room
        self._ids_made = 0
        self._next_creation_time = _ms(max(now_ns, self.begin_ts))

    @property
    def store_ms(self) -> float:
        """Time spent inside the store so far."""
        return self.meter.store_ms

    @property
    def documents_read(self) -> int:
        return self.meter.documents_read

    @property
    def bytes_read(self) -> int:
        return self.meter.bytes_read

    def refuse_when_full(self) -> None:
        """Raises LimitExceeded in a deployment that may keep no more documents. Asked once a transaction."""
        if self._room is not None:
            self._room.refuse_documents(self.connection)
            self._room = None

    # --- sub-transactions

    def savepoint(self) -> Savepoint:
        """The start of a nested mutation; give it to `rollback_to` if that fails, or forget it."""
        return Savepoint(self.pending.mark, len(self.created_tables), self.meter.written)

    def rollback_to(self, mark: Savepoint) -> None:
        """Takes back what was written since the savepoint. What was read stays read, and ids are not made twice."""
        self.pending.rollback_to(mark.writes)
        for name in list(self.created_tables)[mark.created_tables :]:
            del self.created_tables[name]
        self.meter.take_back(mark.written)

    def stale_view(self) -> Self:
        """The snapshot without this transaction's writes, for reading (`useStaleSnapshot`).

        What is read there cannot make this transaction conflict and does not count against its limits: the view has a
        read set and a meter of its own. The notes are shared.
        """
        view = copy.copy(self)
        view.read_set = ReadSet()
        view.meter = Meter(view.read_set)
        view.pending = PendingWrites()
        view.created_tables = {}
        view.journal_in = view.journal_out = None
        view._is_writable = False
        return view

    # --- limits

    def metrics(self) -> dict[str, dict[str, int]]:
        """`{name: {used, remaining}}` as `getTransactionMetrics` tells it."""
        return self.meter.metrics()

    def lower_limits(self, limits: Mapping[str, Any]) -> Ceilings:
        """A nested call gets its own, lower limits (`transactionLimits`). Raises LearnerError.

        Give what is returned to `restore_limits` when the call has ended.
        """
        before = self.meter.ceilings
        self.meter.lower(limits)
        return before

    def restore_limits(self, ceilings: Ceilings) -> None:
        self.meter.set_ceilings(ceilings)

    # --- tables

    def name_of(self, table_no: int) -> str | None:
        table = self.table_of_number(table_no)
        return None if table is None else table.name

    def table_of_number(self, table_no: int) -> Table | None:
        table = self.catalog.by_number.get(table_no)
        if table is None:
            for created in self.created_tables.values():
                if created.number == table_no:
                    return created
        return table

    def create_table(self, name: str) -> Table:
        """A table for this transaction alone until it commits. Its indexes get their true ids there.

        Raises LearnerError for one too many.
        """
        if len(self.catalog.tables) + len(self.created_tables) >= TABLES_MAX:
            raise LearnerError(f"Number of tables cannot exceed {TABLES_MAX}.", code="TooManyTables")
        # The number is only free while nobody else makes a table, so that must not have happened meanwhile.
        self.read_set.add(Interval(TABLES_INDEX, b"", None), counts=False)
        number = self.catalog.next_table_number + len(self.created_tables)
        first = -1 - len(BUILT_IN_FIELDS) * len(self.created_tables)
        indexes = {
            index_name: Index.make(first - place, index_name, fields)
            for place, (index_name, fields) in enumerate(BUILT_IN_FIELDS.items())
        }
        table = self.created_tables[name] = Table(name, number, MappingProxyType(indexes))
        return table

    # --- documents

    def read_document(self, table: Table, document_id: str, meter: Meter) -> tuple[int | None, bytes | None, int]:
        """(row, JSON text, size) of the newest version this transaction sees; the row is None for its own insert."""
        key = encode_key([document_id])
        self.read_set.add(Interval.prefix(table.by_id.id, key), counts=meter.counts)
        write = self.pending.get(document_id)
        if write is not None:
            seq, text, size = write.seq, write.new, write.size
        else:
            seq, text, size = self.connection.execute(_GET, (table.by_id.id, key)).fetchone() or (None, None, 0)
        if text is not None:
            fits = meter.fitting([size])
            meter.count_read(1, size)
            if not fits:
                raise meter.over_read_limit()
        return seq, text, size

    @property
    def writes(self) -> tuple[WriteNote, ...]:
        """The documents that the commit changes."""
        return tuple(
            WriteNote(write.table.name, write.id, _parsed(write.old), _parsed(write.new))
            for write in self.pending
            if write.changes_something and (not write.table.is_system or write.table.name in PUBLIC_TABLES)
        )

    def writes_since(self, mark: int) -> tuple[WriteNote, ...]:
        """The documents that were put since `pending.mark` had that value, each against what the snapshot has."""
        ids = self.pending.put_since(mark)
        return tuple(
            WriteNote(write.table.name, write.id, _parsed(write.old), _parsed(write.new))
            for write in map(self.pending.get, ids)
            if write is not None and (not write.table.is_system or write.table.name in PUBLIC_TABLES)
        )

    def insert_document(self, table: Table, value: Document, meter: Meter) -> str:
        uid = self._new_uid()
        document_id = encode_id(table.number, uid)
        document = with_system_fields(value, document_id, self._next_creation_time)
        text, size = text_of(document, is_system=table.is_system)
        self._check_schema(table, document)
        self._put(PendingWrite(table, uid, document_id, None, None, (), text, keys_of(table, document), size), meter)
        self._next_creation_time = math.nextafter(self._next_creation_time, math.inf)
        return document_id

    def rewrite_document(
        self, table: Table, document_id: str, method: str, change: Callable[[Document], Document] | None, meter: Meter
    ) -> None:
        """`change` makes the new version of the old; without it the document is deleted."""
        seq, text, _ = self.read_document(table, document_id, meter)
        if text is None:
            raise LearnerError(
                f"{_WRITE_METHODS[method]} on nonexistent document ID {document_id}", code="NonexistentDocument"
            )
        old = cast(Document, loads(text))
        if change is None:
            self._put(self._next_version(table, document_id, seq, text, old, None, (), 0), meter)
            return
        new = with_system_fields(change(old), document_id, cast(float, old["_creationTime"]))
        new_text, size = text_of(new, is_system=table.is_system)
        if new_text != text:
            self._check_schema(table, new)
            keys = keys_of(table, new)
            self._put(self._next_version(table, document_id, seq, text, old, new_text, keys, size), meter)

    def _new_uid(self) -> bytes:
        """Follows from the seed and the snapshot, so that equal seeds on different snapshots cannot meet."""
        self._ids_made += 1
        source = b"%s %d %d" % (self._seed, self.begin_ts, self._ids_made)
        return new_uid(blake2b(source, digest_size=_RANDOM_BYTES).digest(), self._now_ns)

    def _next_version(
        self,
        table: Table,
        document_id: str,
        seq: int | None,
        text: bytes,
        old: Document,
        new_text: bytes | None,
        new_keys: Keys,
        size: int,
    ) -> PendingWrite:
        """`text` and `old` are what the transaction saw; what the commit replaces is the snapshot's version."""
        earlier = self.pending.get(document_id)
        if earlier is None:
            _, uid = decode_id(document_id)
            return PendingWrite(table, uid, document_id, seq, text, keys_of(table, old), new_text, new_keys, size)
        return PendingWrite(
            table, earlier.uid, document_id, earlier.seq, earlier.old, earlier.old_keys, new_text, new_keys, size
        )

    def _put(self, write: PendingWrite, meter: Meter) -> None:
        assert self._is_writable
        meter.count_write(write.size)
        self.pending.put(write)

    def _check_schema(self, table: Table, document: Document) -> None:
        self.catalog.schema.check_document(table.name, without_system_fields(document), self)


def _parsed(text: bytes | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)


def _ms(ns: int) -> float:
    """Milliseconds with what a double can hold of the rest, as Convex computes it."""
    return ns // 1_000_000 + (ns % 1_000_000) * 1e-6
