"""Short words for what tests do with a store."""

from __future__ import annotations

import itertools
import json
from contextlib import asynccontextmanager
from typing import Any

from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import Store, Transaction
from sandbox.engine.values import dumps

_seeds = itertools.count()


class Driver:
    def __init__(self, store: Store) -> None:
        self.store = store

    @asynccontextmanager
    async def begin(self, *, writable: bool = True):
        async with await self.store.snapshot() as snapshot:
            yield self.store.transaction(snapshot, seed=b"seed%d" % next(_seeds), writable=writable)

    async def commit(self, transaction: Transaction, **more: Any) -> int:
        return await self.store.commit(transaction, **{"run_id": "run", "cause": "test", "writer": None, **more})

    async def insert(self, table: str, *values: dict[str, Any]) -> list[str]:
        async with self.begin() as tx:
            ids = [await tx.insert(table, value) for value in values]
            await self.commit(tx)
        return ids

    async def patch(self, document_id: str, fields: dict[str, Any]) -> None:
        async with self.begin() as tx:
            await tx.patch(document_id, fields)
            await self.commit(tx)

    async def delete(self, document_id: str) -> None:
        async with self.begin() as tx:
            await tx.delete(document_id)
            await self.commit(tx)

    async def get(self, document_id: str) -> dict[str, Any] | None:
        async with self.begin() as tx:
            text = await tx.get(document_id, table=None)
        return None if text is None else json.loads(text)

    async def collect(self, plan: dict[str, Any]) -> list[dict[str, Any]]:
        async with self.begin() as tx:
            return await collect(tx, plan)

    async def push(self, tables: dict[str, dict[str, list[str]]], **types: Any) -> None:
        await self.store.push_schema(schema(tables, **types))


async def collect(tx: Transaction, plan: dict[str, Any], *, batch: int = 256) -> list[dict[str, Any]]:
    stream = tx.open_query(plan)
    found: list[bytes] = []
    done = False
    while not done:
        texts, done = await stream.next(batch)
        found += texts
    stream.close(None)
    return [json.loads(text) for text in found]


def scan(table: str, *operators: dict[str, Any], order: str = "asc") -> dict[str, Any]:
    return {"source": {"type": "FullTableScan", "tableName": table, "order": order}, "operators": list(operators)}


def by(index: str, *range_: tuple[str, str, Any], order: str = "asc", operators: tuple = ()) -> dict[str, Any]:
    """`by("t.i", ("Eq", "a", 1.0))`; values are Convex-encoded JSON."""
    comparisons = [{"type": kind, "fieldPath": path, "value": value} for kind, path, value in range_]
    source = {"type": "IndexRange", "indexName": index, "range": comparisons, "order": order}
    return {"source": source, "operators": list(operators)}


def schema(tables: dict[str, dict[str, list[str]]], **types: Any) -> SchemaDefinition:
    """`schema({"t": {"by_a": ["a"]}}, t={"a": {"type": "number"}})`; a table without a type takes anything."""
    return SchemaDefinition.parse(
        dumps(
            {
                "tables": [
                    {
                        "tableName": name,
                        "indexes": [{"indexDescriptor": i, "fields": fields} for i, fields in indexes.items()],
                        "stagedDbIndexes": [],
                        "searchIndexes": [],
                        "vectorIndexes": [],
                        "documentType": _document_type(types.get(name)),
                    }
                    for name, indexes in tables.items()
                ],
                "schemaValidation": True,
            }
        )
    )


def _document_type(fields: dict[str, Any] | None) -> dict[str, Any]:
    if fields is None:
        return {"type": "any"}
    return {
        "type": "object",
        "value": {name: {"fieldType": kind, "optional": False} for name, kind in fields.items()},
    }
