"""The engine's own side of a transaction: system tables, also private ones, read and written without limits.

In the same snapshot, read set, pending writes and rollback as what the function does. `Transaction.system` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sandbox.engine.store.documents import Document, merged
from sandbox.engine.store.faults import reporting
from sandbox.engine.store.meter import UNLIMITED
from sandbox.engine.store.plan import parse_plan
from sandbox.engine.store.query_stream import QueryStream
from sandbox.engine.values import Undefined, Value, decode_id, encode, loads

if TYPE_CHECKING:
    from sandbox.engine.store.catalog import Table
    from sandbox.engine.store.transaction import Transaction

_BATCH = 256


class SystemWriter:
    """Not noted as reads of the function, and not counted. Ids are trusted to be ids of system tables."""

    __slots__ = ("_transaction",)

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @reporting
    async def get(self, id: str) -> Document | None:  # noqa: A002
        """The decoded document, or None where there is none."""
        await self._transaction.pause()
        _, text, _ = self._transaction.read_document(self._table_of(id), id, UNLIMITED)
        return None if text is None else cast(Document, loads(text))

    def open_query(self, plan: dict[str, Any]) -> QueryStream:
        """A stream over the plan of runtime-abi.md §4; of system tables, else of the learner's."""
        parsed = parse_plan(plan, self._find_table)
        return QueryStream(self._transaction, parsed, UNLIMITED)

    async def rows(
        self,
        index: str,
        equal: Mapping[str, Value] | None = None,
        *,
        up_to: tuple[str, Value] | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        """The decoded documents of an index range in ascending order.

        `index` is "table.index"; `equal` gives its first fields, `up_to` the greatest value of the next one.
        """
        range_ = [{"type": "Eq", "fieldPath": path, "value": encode(value)} for path, value in (equal or {}).items()]
        if up_to is not None:
            range_.append({"type": "Lte", "fieldPath": up_to[0], "value": encode(up_to[1])})
        source = {"type": "IndexRange", "indexName": index, "range": range_, "order": "asc"}
        stream = self.open_query({"source": source, "operators": [] if limit is None else [{"limit": limit}]})
        found: list[bytes] = []
        is_done = False
        while not is_done:
            texts, is_done = await stream.next(_BATCH)
            found += texts
        stream.close(None)
        return [cast(Document, loads(text)) for text in found]

    @reporting
    async def insert(self, table: str, value: Mapping[str, Value]) -> str:
        """Returns the new `_id`."""
        await self._transaction.pause()
        return self._transaction.insert_document(self._transaction.catalog.system_tables[table], dict(value), UNLIMITED)

    @reporting
    async def patch(self, id: str, fields: Mapping[str, Value | Undefined]) -> None:  # noqa: A002
        """Merges top-level fields; UNDEFINED removes one. Raises LearnerError if there is no such document."""
        await self._transaction.pause()
        self._transaction.rewrite_document(
            self._table_of(id), id, "patch", lambda old: merged(old, dict(fields)), UNLIMITED
        )

    @reporting
    async def replace(self, id: str, value: Mapping[str, Value]) -> None:  # noqa: A002
        await self._transaction.pause()
        self._transaction.rewrite_document(self._table_of(id), id, "replace", lambda _: dict(value), UNLIMITED)

    @reporting
    async def delete(self, id: str) -> None:  # noqa: A002
        await self._transaction.pause()
        self._transaction.rewrite_document(self._table_of(id), id, "delete", None, UNLIMITED)

    def _find_table(self, name: str) -> Table | None:
        return self._transaction.catalog.system_tables.get(name) or self._transaction.find_table(name)

    def _table_of(self, document_id: str) -> Table:
        table = self._transaction.catalog.by_number[decode_id(document_id)[0]]
        assert table.is_system
        return table
