"""What indexes cost a write: single inserts with their commits, into stores that differ in their indexes alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sandbox.engine.clock import SystemClock
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import Store
from sandbox.engine.values import Value

INDEXES = (0, 1, 5)
INSERTS = 300
WARM_UP = 30


async def write_times(
    folder: Path, table: str, rows: Iterable[Mapping[str, Value]], fields: Sequence[str]
) -> dict[int, list[float]]:
    """Milliseconds of each insert with its commit, by number of indexes. The stores take turns, so that whatever else
    the machine does hits all alike. `fields` are three of the rows' fields, or more."""
    stores = {}
    try:
        for count in INDEXES:
            stores[count] = await Store.open(folder / str(count), clock=SystemClock())
            await stores[count].push_schema(_schema(table, fields, count))
        times: dict[int, list[float]] = {count: [] for count in INDEXES}
        for turn, row in zip(range(WARM_UP + INSERTS), rows, strict=False):
            for count, store in stores.items():
                ms = await _insert(store, table, row, turn)
                if turn >= WARM_UP:
                    times[count].append(ms)
        return times
    finally:
        for store in stores.values():
            await store.close()


async def _insert(store: Store, table: str, row: Mapping[str, Value], turn: int) -> float:
    started = time.perf_counter()
    async with await store.snapshot() as snapshot:
        transaction = store.transaction(snapshot, seed=turn.to_bytes(8, "big"), writable=True)
        await transaction.insert(table, dict(row))
        await store.commit(transaction, run_id="", cause="laboratory", writer=None)
    return (time.perf_counter() - started) * 1000


def _schema(table: str, fields: Sequence[str], count: int) -> SchemaDefinition:
    declared = [{"indexDescriptor": f"index_{number}", "fields": _fields_of(number, fields)} for number in range(count)]
    others = ("stagedDbIndexes", "searchIndexes", "stagedSearchIndexes", "vectorIndexes", "stagedVectorIndexes")
    definition = {"tableName": table, "indexes": declared, "documentType": {"type": "any"}} | {
        kind: [] for kind in others
    }
    return SchemaDefinition.parse(json.dumps({"tables": [definition], "schemaValidation": True}))


def _fields_of(number: int, fields: Sequence[str]) -> list[str]:
    """Other fields for every index: one each, then pairs of them."""
    first = fields[number % len(fields)]
    step = number // len(fields)
    return [first] if step == 0 else [first, fields[(number + step) % len(fields)]]
