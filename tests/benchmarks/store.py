"""The store alone, without JavaScript and sockets, beside raw SQLite on native columns in the same run."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.engine.clock import SystemClock
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import Interval, ReadIndex, ReadSet, Store, Transaction, compare_plans
from sandbox.engine.values import encode_key, key_after
from tests.benchmarks.figures import Figure, against, interleaved, median

SIZES = (1_000, 1_000_000)
OWNED = 10
REPEATS = 2_000
FILL_PER_COMMIT = 10_000
SUBSCRIPTIONS = (10, 100_000)

Say = Callable[[str], None]


async def measure(folder: Path, say: Say, largest: int = SIZES[-1]) -> list[Figure]:
    small = await _ranges(folder / "small", SIZES[0], say)
    large = await _ranges(folder / "large", largest, say)
    growth = large["range_us"] / small["range_us"]
    floor_growth = large["raw_us"] / small["raw_us"]
    scan_ratio = large["scan_ms"] * 1000 / large["range_us"]
    linear = (large["scan_ms"] / small["scan_ms"]) / (largest / SIZES[0])
    growing, flat = f"  growth {SIZES[0]:,} → {largest:,}", growth <= 2.5
    scanned, by_index = large["scan_ms"], large["index_ms"]
    return [
        _range_figure(SIZES[0], small),
        _range_figure(largest, large),
        Figure(growing, growth, "×", floor_growth, "raw SQLite", target="≤ 2.5×", is_met=flat),
        Figure(
            f"full scan of {largest:,}",
            scanned,
            "ms",
            by_index,
            "by index",
            scan_ratio,
            "≥ 10,000×",
            scan_ratio >= 10_000,
        ),
        Figure("  scan time per document, large ÷ small", linear, "×", target="0.6–1.6", is_met=0.6 <= linear <= 1.6),
        await _inserts(folder / "inserts"),
        _matching(),
    ]


def _range_figure(size: int, times: dict[str, float]) -> Figure:
    what = f"index range of 10 at {size:,}"
    return against(what, times["range_us"], times["raw_us"], "µs", "raw SQLite", at_most=1.3)


def schema_with(indexes: int) -> SchemaDefinition:
    """`rows` with so many indexes; by_owner comes first."""
    declared = [{"indexDescriptor": f"by_{field}", "fields": [field]} for field in ("owner", "bus", "name")[:indexes]]
    table = {"tableName": "rows", "indexes": declared, "documentType": {"type": "any"}}
    others = ("stagedDbIndexes", "searchIndexes", "stagedSearchIndexes", "vectorIndexes", "stagedVectorIndexes")
    without = {kind: [] for kind in others}
    return SchemaDefinition.parse(json.dumps({"tables": [table | without], "schemaValidation": True}))


def row(number: int, size: int) -> dict[str, Any]:
    """About 200 bytes as JSON. Ten rows an owner, spread over the whole table."""
    return {
        "owner": f"owner-{number % (size // OWNED)}",
        "bus": float(number % 3),
        "name": f"Name of person {number}",
        "note": "brings a packed lunch and sits beside the window if there is room",
    }


async def _ranges(folder: Path, size: int, say: Say) -> dict[str, float]:
    store = await _filled(folder, size, say)
    raw = _raw_sqlite(folder / "raw.db", size)
    picks = [random.randrange(size // OWNED) for _ in range(REPEATS)]
    async with await store.snapshot() as snapshot:
        # A run has its transaction before it reads, so making one is no part of a read.
        runs = [store.transaction(snapshot, seed=b"", writable=False) for _ in range(REPEATS)]

        async def through_the_store(turn: int) -> None:
            assert len(await _read_owner(runs[turn], picks[turn])) == OWNED

        async def through_sqlite(turn: int) -> None:
            query = "SELECT * FROM rows WHERE owner = ? ORDER BY created LIMIT 10"
            rows = raw.execute(query, (f"owner-{picks[turn]}",)).fetchall()
            assert len(rows) == OWNED

        range_us, raw_us = await interleaved(REPEATS, through_the_store, through_sqlite)
    owner = [{"type": "Eq", "fieldPath": "owner", "value": "owner-7"}]
    compared = await compare_plans(store.path, "rows", "by_owner", owner, "asc")
    await store.close()
    raw.close()
    shutil.rmtree(folder)
    return {"range_us": range_us, "raw_us": raw_us, "scan_ms": compared.scan_ms, "index_ms": compared.index_ms}


async def _read_owner(transaction: Transaction, owner: int) -> list[bytes]:
    value = [{"type": "Eq", "fieldPath": "owner", "value": f"owner-{owner}"}]
    source = {"type": "IndexRange", "indexName": "rows.by_owner", "range": value, "order": "asc"}
    rows, _ = await transaction.open_query({"source": source, "operators": []}).next(256)
    return rows


async def _filled(folder: Path, size: int, say: Say) -> Store:
    store = await Store.open(folder, clock=SystemClock())
    await store.push_schema(schema_with(1))
    started = time.perf_counter()
    for start in range(0, size, FILL_PER_COMMIT):
        async with await store.snapshot() as snapshot:
            transaction = store.transaction(snapshot, seed=start.to_bytes(8, "big"), writable=True)
            for number in range(start, min(size, start + FILL_PER_COMMIT)):
                await transaction.insert("rows", row(number, size))
            await store.commit(transaction, run_id="", cause="fill", writer=None)
    say(f"filled {size:,} documents in {time.perf_counter() - started:.0f} s")
    return store


def _raw_sqlite(path: Path, size: int) -> sqlite3.Connection:
    """The floor: the same rows in native columns with SQLite's own index."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, created REAL, owner TEXT, bus REAL, name TEXT, note TEXT)")
    raw.execute("BEGIN")
    documents = ((float(n), *row(n, size).values()) for n in range(size))
    raw.executemany("INSERT INTO rows (created, owner, bus, name, note) VALUES (?, ?, ?, ?, ?)", documents)
    raw.execute("CREATE INDEX by_owner ON rows (owner, created)")
    raw.execute("COMMIT")
    return raw


async def _inserts(folder: Path) -> Figure:
    stores = []
    for indexes in (3, 0):
        store = await Store.open(folder / str(indexes), clock=SystemClock())
        await store.push_schema(schema_with(indexes))
        stores.append(store)

    async def insert(store: Store, turn: int) -> None:
        async with await store.snapshot() as snapshot:
            transaction = store.transaction(snapshot, seed=turn.to_bytes(8, "big"), writable=True)
            await transaction.insert("rows", row(turn, 10_000))
            await store.commit(transaction, run_id="", cause="bench", writer=None)

    three_us, none_us = await interleaved(1_000, *(lambda turn, store=store: insert(store, turn) for store in stores))
    for store in stores:
        await store.close()
    return against("insert and commit, 3 indexes", three_us, none_us, "µs", "no index", at_most=3.5)


def _matching() -> Figure:
    few_us, many_us = (_match_us(count) for count in SUBSCRIPTIONS)
    return against(
        f"match a key, {SUBSCRIPTIONS[1]:,} subscriptions", many_us, few_us, "µs", "10 subscriptions", at_most=3
    )


def _match_us(count: int) -> float:
    index: ReadIndex[int] = ReadIndex()
    for number in range(count):
        low = encode_key([f"owner-{number}"])
        reads = ReadSet()
        reads.add(Interval(1, low, key_after(low)))
        index.add(number, reads)
    keys = [(1, encode_key([f"owner-{number % count}", float(number)])) for number in range(5_000)]
    samples = []
    for key in keys:
        started = time.perf_counter()
        hit = index.hit([key])
        samples.append((time.perf_counter() - started) * 1_000_000)
        assert len(hit) == 1
    return median(samples)


if __name__ == "__main__":
    import tempfile

    from tests.benchmarks.figures import table

    print(table(asyncio.run(measure(Path(tempfile.mkdtemp()), print, 100_000))))
