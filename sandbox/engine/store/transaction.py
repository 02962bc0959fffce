"""One transaction: reads on one snapshot, writes kept aside until the commit.

Reads see the transaction's own writes, and every read leaves its interval in the read set before its result leaves.
Here is what learner code may do, with its rules and texts; the state is transaction_state.py, committing is
committer.py's part. Source: docs/spec/semantics.md §6–§8, runtime-abi.md §2 ("Database").
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.store.catalog import Table
from sandbox.engine.store.documents import Document, merged
from sandbox.engine.store.faults import reporting
from sandbox.engine.store.layout import TABLES_INDEX
from sandbox.engine.store.paging import Page, PageSize, read_page
from sandbox.engine.store.plan import parse_plan
from sandbox.engine.store.query_stream import QueryStream
from sandbox.engine.store.read_set import Interval
from sandbox.engine.store.search import SearchStream
from sandbox.engine.store.system_tables import PUBLIC_TABLES
from sandbox.engine.store.system_writer import SystemWriter
from sandbox.engine.store.transaction_state import TransactionState
from sandbox.engine.trace import ReadNote
from sandbox.engine.values import (
    USER_TABLE_NUMBER_MIN,
    Undefined,
    Value,
    decode_id,
    encode_id,
    encode_key,
    identifier_problem,
    uid_of_old_id,
)


class Transaction(TransactionState):
    """Made by `Store.transaction`. Not for use after its snapshot is closed; `read_set` and `writes` stay."""

    __slots__ = ()

    @property
    def system(self) -> SystemWriter:
        """What the engine itself reads and writes in this transaction, system tables above all."""
        return SystemWriter(self)

    # --- tables

    def find_table(self, name: str) -> Table | None:
        """A table as this transaction sees it. That it is missing becomes part of the read set."""
        table = self.catalog.tables.get(name) or self.created_tables.get(name)
        if table is None and name in PUBLIC_TABLES:
            return self.catalog.system_tables[name]
        if table is None:
            self.read_set.add(Interval.prefix(TABLES_INDEX, encode_key([name])), counts=False)
        return table

    def table_numbers(self) -> dict[str, int]:
        """Table name to number, as JavaScript's `normalizeId` wants it. Asking records no read."""
        public = (self.catalog.system_tables[name] for name in PUBLIC_TABLES)
        tables = (*self.catalog.tables.values(), *self.created_tables.values(), *public)
        return {table.name: table.number for table in tables}

    def normalize_id(self, table: str, text: str) -> str | None:
        """The id if it is one of that table, else None; an id in its old form gets the table's number.

        Raises LearnerError for a name that no table can have.
        """
        found = self.find_table(table)
        problem = identifier_problem(table) if found is None else None
        if problem is not None:
            raise LearnerError(f"Invalid argument `table` for `db.normalizeId`: {problem}", code="InvalidTableName")
        if found is None:
            return None
        old_uid = uid_of_old_id(text)
        if old_uid is not None:
            return encode_id(found.number, old_uid)
        try:
            table_no, _ = decode_id(text)
        except LearnerError:
            return None
        return text if found.number == table_no else None

    # --- reads

    @reporting
    async def get(self, id: str, *, table: str | None, method: str = "get") -> bytes | None:  # noqa: A002
        """The document's JSON text, or None. `method` is "get" or "system.get". Raises LearnerError for a bad id."""
        await self.pause()
        started = time.perf_counter()
        try:
            found = self._resolve(id, table, method, is_write=False)
            if found is None:
                return None
            note = ReadNote(found.name, "by_id", [{"type": "Eq", "fieldPath": "_id", "value": id}], "asc")
            self.reads.append(note)
            _, text, size = self.read_document(found, id, self.meter)
            if text is not None:
                note.documents, note.bytes = 1, size
            note.store_ms = (time.perf_counter() - started) * 1000
        finally:
            self.meter.store_ms += (time.perf_counter() - started) * 1000
        await self.pause()
        return text

    def open_query(self, plan: dict[str, Any]) -> QueryStream:
        """A stream over the plan of runtime-abi.md §4. Raises LearnerError for a plan that makes no sense."""
        parsed = parse_plan(plan, self.find_table)
        stream = (QueryStream if parsed.search is None else SearchStream)(self, parsed, self.meter)
        self.reads.append(stream.note)
        return stream

    @reporting
    async def paginate(
        self,
        plan: dict[str, Any],
        *,
        cursor: str | None,
        end_cursor: str | None,
        page_size: Any,
        maximum_rows_read: Any = None,
        maximum_bytes_read: Any = None,
    ) -> Page:
        """One page of the plan. The numbers are checked here. Raises LearnerError, for bad cursors with data."""
        size = PageSize.checked(page_size, maximum_rows_read, maximum_bytes_read)
        return await read_page(self, plan, size, cursor=cursor, end_cursor=end_cursor)

    def _resolve(self, document_id: str, table: str | None, method: str, *, is_write: bool) -> Table | None:
        """The table of an id. None where a read finds no such table. Raises LearnerError."""
        try:
            table_no, _ = decode_id(document_id)
        except LearnerError as error:
            raise _invalid_id(method, f"Unable to decode ID: {error.message}") from None
        found = self.table_of_number(table_no)
        if found is None or (found.is_system and found.name not in PUBLIC_TABLES):
            if table_no >= USER_TABLE_NUMBER_MIN:
                # A table of this number may appear; which name it will have cannot be known. A function may catch the
                # error of a write and go on, so that it was missing has been read in any case.
                self.read_set.add(Interval(TABLES_INDEX, b"", None), counts=False)
            if is_write:
                raise _invalid_id(method, f'Table for ID "{document_id}" not found')
            return None
        if not is_write:
            _refuse_other_kind(found, method)
        if table is not None and found.name != table:
            raise _invalid_id(method, f'expected to be an Id<"{table}">, got Id<"{found.name}"> instead.')
        if is_write:
            _refuse_other_kind(found, method)
        return found

    # --- writes

    @reporting
    async def insert(self, table: str, value: dict[str, Value]) -> str:
        """Returns the new `_id`. Creates the table if need be. Raises LearnerError, LimitExceeded."""
        await self.pause()
        started = time.perf_counter()
        try:
            _check_insert(table, value)
            self.refuse_when_full()
            target = self.find_table(table) or self.create_table(table)
            return self.insert_document(target, value, self.meter)
        finally:
            self.meter.store_ms += (time.perf_counter() - started) * 1000

    async def patch(
        self,
        id: str,  # noqa: A002
        fields: dict[str, Value | Undefined],
        *,
        table: str | None = None,
    ) -> None:
        """Merges top-level fields; UNDEFINED removes one. Raises LearnerError, LimitExceeded."""
        await self._rewrite("patch", id, table, lambda old: merged(old, fields))

    async def replace(self, id: str, value: dict[str, Value], *, table: str | None = None) -> None:  # noqa: A002
        await self._rewrite("replace", id, table, lambda _: value)

    async def delete(self, id: str, *, table: str | None = None) -> None:  # noqa: A002
        await self._rewrite("delete", id, table, None)

    @reporting
    async def _rewrite(
        self, method: str, document_id: str, table: str | None, change: Callable[[Document], Document] | None
    ) -> None:
        await self.pause()
        started = time.perf_counter()
        try:
            found = self._resolve(document_id, table, method, is_write=True)
            assert found is not None
            if change is not None:
                self.refuse_when_full()
            self.rewrite_document(found, document_id, method, change, self.meter)
        finally:
            self.meter.store_ms += (time.perf_counter() - started) * 1000


def _check_insert(table: str, value: Any) -> None:
    problem = identifier_problem(table)
    if problem is not None:
        raise LearnerError(f"Invalid argument `table` for `db.insert`: {problem}", code="InvalidTableName")
    if table.startswith("_"):
        raise LearnerError("System tables (prefixed with `_`) are read-only.", code="SystemTable")
    if type(value) is not dict:
        raise LearnerError("Invalid argument `value` for `db.insert`: Value must be an Object", code="NotAnObject")


def _refuse_other_kind(table: Table, method: str) -> None:
    """System tables are for `db.system` and others are not."""
    is_system = method.startswith("system.")
    if table.is_system and not is_system:
        raise LearnerError("System tables can only be accessed with db.system.", code="SystemTable")
    if not table.is_system and is_system:
        raise LearnerError("User tables cannot be accessed with db.system.", code="UserTable")


def _invalid_id(method: str, reason: str) -> LearnerError:
    return LearnerError(f"Invalid argument `id` for `db.{method}`: {reason}", code="InvalidId")
