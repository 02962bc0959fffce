"""Adding, changing and deleting rows by hand: each a transaction of its own that runs again when it loses.

A change is noted as a run, so that Runs and the rows on the page tell it like the change of a function.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, BinaryIO

from sandbox.engine import limits
from sandbox.engine.clock import Clock
from sandbox.engine.errors import CONFLICT_CODE, Conflict, LearnerError
from sandbox.engine.store import Store, Transaction
from sandbox.engine.tables.row_files import FileFormat
from sandbox.engine.tables.transfer import ImportProgress, export_rows, import_rows
from sandbox.engine.trace import Cause, RunNote
from sandbox.engine.values import UNDEFINED, Undefined, Value, display, encode, loads

PATH = "data panel"
ROWS_PER_CLEARING = 250
DELETED_MAX = 4_096

Work = Callable[[Transaction], Awaitable[Any]]


class TableEditor:
    """The rows of one store. `note_run` hears of every change, `wake` that there was a commit."""

    def __init__(
        self, store: Store, clock: Clock, note_run: Callable[[RunNote], None], wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._note_run = note_run
        self._wake = wake

    async def add(self, table: str, row: dict[str, Value], *, writer: str) -> str:
        """Returns the new row's id. Raises LearnerError with the validator's text, and then nothing is written."""
        row_id: str = await self._run(
            {"table": table, "add": encode(row)}, lambda transaction: transaction.insert(table, dict(row)), writer
        )
        return row_id

    async def change(
        self,
        table: str,
        row_id: str,
        field: str,
        value: Value | Undefined,
        *,
        was: Value | Undefined,
        writer: str,
    ) -> None:
        """Sets one field; UNDEFINED removes it. `was` is what the person saw in the cell.

        Raises LearnerError: the validator's text, or ChangedMeanwhile where the cell holds something else by now.
        """

        async def work(transaction: Transaction) -> None:
            text = await transaction.get(row_id, table=table)
            if text is None:
                raise LearnerError("This row was deleted meanwhile.", code="NonexistentDocument")
            now = loads(text).get(field, UNDEFINED)  # type: ignore[union-attr]
            if not _is_same(now, was) and not _is_same(now, value):
                raise _changed_meanwhile(now)
            await transaction.patch(row_id, {field: value}, table=table)

        said = {"table": table, "id": row_id, "set": {field: None if value is UNDEFINED else encode(value)}}
        await self._run(said, work, writer)

    async def delete(self, table: str, row_ids: Sequence[str], *, writer: str) -> int:
        """Deletes rows, all of them or none; what is gone already counts as deleted. Returns how many there were."""
        if len(row_ids) > DELETED_MAX:
            raise LearnerError(f"At most {DELETED_MAX:,} rows can be deleted at once.", code="TooManyRows")

        async def work(transaction: Transaction) -> int:
            found = 0
            for row_id in row_ids:
                if await transaction.get(row_id, table=table) is not None:
                    await transaction.delete(row_id, table=table)
                    found += 1
            return found

        deleted: int = await self._run({"table": table, "delete": list(row_ids)}, work, writer)
        return deleted

    async def clear(self, table: str, *, writer: str) -> AsyncIterator[int]:
        """Deletes every row there is now, oldest first, in several commits; yields how many are gone so far."""
        left = next((found.count for found in await self._store.tables() if found.name == table), 0)
        gone = 0
        while left > 0:
            page = await self._store.table_page(
                table, index=None, order="asc", limit=min(left, ROWS_PER_CLEARING), after=None
            )
            if not page.rows:
                return
            ids = [json.loads(text)["_id"] for text in page.rows]
            await self._commit(lambda transaction, ids=ids: _delete_all(transaction, ids), "", "clear", writer)  # type: ignore[misc]
            self._wake()
            left -= len(ids)
            gone += len(ids)
            yield gone
            await asyncio.sleep(0)

    def import_file(
        self, table: str, file: BinaryIO, file_format: FileFormat, *, writer: str
    ) -> AsyncIterator[ImportProgress]:
        """See transfer.py."""
        return import_rows(self._store, table, file, file_format, writer=writer, after_each=self._wake)

    def export(self, table: str, file_format: FileFormat) -> AsyncIterator[bytes]:
        return export_rows(self._store, table, file_format)

    async def _run(self, said: dict[str, Any], work: Work, writer: str) -> Any:
        """One change by hand, told as a run."""
        started = time.perf_counter()
        run_id = secrets.token_hex(8)
        result, transaction, commit_ts, lost = await self._commit(work, run_id, PATH, writer)
        note = RunNote(
            run_id=run_id,
            path=PATH,
            kind="mutation",
            args=json.dumps([said], ensure_ascii=False),
            at_ms=self._clock.now_ns() / 1_000_000,
            cause=Cause("call"),
            writer=writer,
            snapshot_ts=transaction.begin_ts,
            commit_ts=commit_ts,
            reads=tuple(transaction.reads),
            writes=transaction.writes,
            store_ms=transaction.store_ms,
            total_ms=(time.perf_counter() - started) * 1000,
            log_lines=(),
            error=None,
            retries=lost,
            result=json.dumps(result),
        )
        self._note_run(note)
        self._wake()
        return result

    async def _commit(self, work: Work, run_id: str, cause: str, writer: str) -> tuple[Any, Transaction, int, int]:
        """Returns the result, the transaction, its commit and how often it lost before."""
        for lost in range(limits.CONFLICT_RETRIES_MAX + 1):
            async with await self._store.snapshot() as snapshot:
                transaction = self._store.transaction(snapshot, seed=secrets.token_bytes(16), writable=True)
                result = await work(transaction)
                try:
                    ts = await self._store.commit(transaction, run_id=run_id, cause=cause, writer=writer)
                    return result, transaction, ts, lost
                except Conflict:
                    continue
        raise LearnerError("Others keep changing the same rows. Try again in a moment.", code=CONFLICT_CODE)


async def _delete_all(transaction: Transaction, ids: Sequence[str]) -> None:
    for row_id in ids:
        if await transaction.get(row_id, table=None) is not None:
            await transaction.delete(row_id)


def _is_same(one: Value | Undefined, other: Value | Undefined) -> bool:
    if one is UNDEFINED or other is UNDEFINED:
        return one is other
    return bool(encode(one) == encode(other))


def _changed_meanwhile(now: Value | Undefined) -> LearnerError:
    holds = "is empty now" if now is UNDEFINED else f"now holds {display(now)}"
    return LearnerError(
        f"This cell was changed while you were typing: it {holds}. "
        "Press Enter to write yours over it, Escape to leave it.",
        code="ChangedMeanwhile",
        data=None if now is UNDEFINED else encode(now),
        has_data=now is not UNDEFINED,
    )
