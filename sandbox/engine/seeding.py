"""Many rows through the validators, in commits small enough that others of the process come in between."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.engine import limits, values
from sandbox.engine.errors import Conflict
from sandbox.engine.store import Store

ROWS_PER_COMMIT = 250


async def insert_rows(
    store: Store,
    table: str,
    rows: Iterable[Mapping[str, Any]],
    *,
    writer: str | None,
    cause: str,
    after_each: Callable[[], None],
) -> int:
    """Inserts rows (Convex-encoded JSON objects); returns how many. `after_each` hears of every commit.

    Raises LearnerError for a row that does not fit, Conflict where others keep writing the same.
    """
    pending = [values.decode(dict(row)) for row in rows]
    for start in range(0, len(pending), ROWS_PER_COMMIT):
        chunk = pending[start : start + ROWS_PER_COMMIT]
        await insert_values(store, table, chunk, writer=writer, cause=cause)
        after_each()
        await asyncio.sleep(0)
    return len(pending)


async def insert_values(store: Store, table: str, rows: list[Any], *, writer: str | None, cause: str) -> None:
    """Inserts rows (values) in one commit. Raises as above."""
    for attempt in range(limits.CONFLICT_RETRIES_MAX + 1):
        async with await store.snapshot() as snapshot:
            transaction = store.transaction(snapshot, seed=secrets.token_bytes(16), writable=True)
            for row in rows:
                await transaction.insert(table, row)
            try:
                await store.commit(transaction, run_id="", cause=cause, writer=writer)
                return
            except Conflict:
                if attempt == limits.CONFLICT_RETRIES_MAX:
                    raise
