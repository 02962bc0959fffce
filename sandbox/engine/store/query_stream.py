"""Reading one query plan: an index interval in order, the transaction's own writes merged in, operators applied.

Reads in steps without keeping a SQLite cursor open. What was looked at is in the read set before a document leaves;
`close` gives back what the function did not consume. Source: docs/spec/semantics.md §6 and §7.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sandbox.engine.store.faults import reporting
from sandbox.engine.store.plan import Limit, Operator, Plan
from sandbox.engine.store.read_set import Interval
from sandbox.engine.trace import ReadNote
from sandbox.engine.values import key_after, loads

if TYPE_CHECKING:
    from sandbox.engine.store.meter import Meter
    from sandbox.engine.store.transaction import Transaction

Row = tuple[bytes, bytes, int]
"""An index key, the JSON text of its document, and the document's size."""

FILTER_CHUNK_MIN = 16
FILTER_CHUNK_MAX = 256

_SELECT = (
    "SELECT e.key, d.json, d.size FROM index_entries AS e CROSS JOIN documents AS d ON d.seq = e.seq "
    "WHERE e.index_id = ? AND e.key >= ? "
)
_ASCENDING = _SELECT + "AND e.key < ? ORDER BY e.key LIMIT ?"
_ASCENDING_TO_END = _SELECT + "ORDER BY e.key LIMIT ?"
_DESCENDING = _SELECT + "AND e.key < ? ORDER BY e.key DESC LIMIT ?"
_DESCENDING_FROM_END = _SELECT + "ORDER BY e.key DESC LIMIT ?"


def read_span(connection: sqlite3.Connection, span: Interval, is_descending: bool, count: int) -> list[Row]:
    """The first `count` committed documents of a span of index keys, in the asked order."""
    index_id, low, high = span
    if high is None:
        statement = _DESCENDING_FROM_END if is_descending else _ASCENDING_TO_END
        return connection.execute(statement, (index_id, low, count)).fetchall()
    statement = _DESCENDING if is_descending else _ASCENDING
    return connection.execute(statement, (index_id, low, high, count)).fetchall()


class Pipeline:
    """The operators of a plan, left to right, with what is left of their limits."""

    __slots__ = ("_lefts", "_operators", "has_filter", "left")

    def __init__(self, operators: Sequence[Operator]) -> None:
        self._operators = operators
        self._lefts = [operator.at_most for operator in operators if isinstance(operator, Limit)]
        self.has_filter = len(self._lefts) < len(operators)
        self.left = min(self._lefts) if self._lefts else None
        """How many documents can still pass, at most; None without a limit."""

    def take(self, count: int) -> None:
        """Lets `count` documents pass that no filter has to see."""
        if self.left is not None:
            self.left -= count

    def passes(self, json: bytes) -> bool:
        document: Any = loads(json)
        limit = 0
        for operator in self._operators:
            if isinstance(operator, Limit):
                self._lefts[limit] -= 1
                self.left = min(self._lefts)
                limit += 1
            elif not operator.matches(document):
                return False
        return True


class QueryStream:
    """One run of one plan, made by `Transaction.open_query`."""

    __slots__ = (
        "_chunk",
        "_delivered",
        "_is_closed",
        "_is_descending",
        "_is_done",
        "_meter",
        "_pipeline",
        "_read_through",
        "_recorded",
        "_rest",
        "_transaction",
        "_whole",
        "note",
    )

    def __init__(self, transaction: Transaction, plan: Plan, meter: Meter) -> None:
        self._transaction = transaction
        self._meter = meter
        self._whole = plan.interval
        self._rest = plan.interval
        self._is_descending = plan.order == "desc"
        self._pipeline = Pipeline(plan.operators)
        self._chunk = FILTER_CHUNK_MIN
        self._is_done = plan.interval is None or plan.interval.is_empty or self._pipeline.left == 0
        self._is_closed = False
        self._recorded: Interval | None = None
        self._delivered: list[Row] = []
        self._read_through: list[tuple[int, int]] = []  # with a filter: documents and bytes read up to each delivered
        self.note = ReadNote(
            plan.table, plan.index_name, plan.range, plan.order, plan.limit, operators=plan.wire_operators
        )

    @reporting
    async def next(self, n: int) -> tuple[list[bytes], bool]:
        """Up to n documents as JSON text, and whether the query has ended.

        Less than n does not mean the end: the documents before a limit of the transaction are handed out, and
        the call after that raises LimitExceeded. A filter raises LearnerError.
        """
        assert not self._is_closed, "the query was closed"
        await self._transaction.pause()
        await self._prepare()
        found: list[bytes] = []
        has_more = not self._is_done
        while has_more and len(found) < n:
            started = perf_counter()
            try:
                has_more = self._step(n - len(found), found)
            finally:
                spent_ms = (perf_counter() - started) * 1000
                self.note.store_ms += spent_ms
                self._meter.store_ms += spent_ms
            if has_more and self._pipeline.has_filter:
                # A long search for few matches must not hold up everybody else in this process.
                await asyncio.sleep(0)
        await self._transaction.pause()
        return found, self._is_done

    async def _prepare(self) -> None:
        """Before every read: what must be known first. An index needs nothing."""

    def close(self, consumed: int | None) -> None:
        """The function is through with this query. `consumed`: how many documents it took when it stopped early,
        None when it read to the end. What was only read ahead then counts as never read."""
        if self._is_closed:
            return
        self._is_closed = self._is_done = True
        if consumed is None or consumed >= len(self._delivered):
            return
        documents, size = self._read_up_to(consumed)
        self._meter.count_read(documents - self.note.documents, size - self.note.bytes)
        self.note.documents, self.note.bytes = documents, size
        self._record(self._span_through(self._delivered[consumed - 1][0]) if consumed else None)

    def read_ahead(self, consumed: int) -> tuple[int, int]:
        """Documents and bytes that were read for what comes after the first `consumed` documents."""
        if self._is_closed or not 0 <= consumed < len(self._delivered):
            return 0, 0
        documents, size = self._read_up_to(consumed)
        return self.note.documents - documents, self.note.bytes - size

    def _read_up_to(self, consumed: int) -> tuple[int, int]:
        if not self._pipeline.has_filter:
            return consumed, sum(size for _, _, size in self._delivered[:consumed])
        return self._read_through[consumed - 1] if consumed else (0, 0)

    # --- one step

    def _step(self, wanted: int, found: list[bytes]) -> bool:
        """Reads one chunk and passes it through the operators. Returns whether this call may go on."""
        rows, has_ended = self._read(self._chunk_size(wanted))
        texts = [row[1] for row in rows]
        sizes = [row[2] for row in rows]
        fitting = self._meter.fitting(sizes)
        if fitting < len(rows):
            if fitting == 0 and found:
                return False
            if fitting == 0:
                # The refusal itself depends on the document that is one too many.
                self._advance(rows[:1], sizes[0], has_ended=False)
                raise self._meter.over_read_limit()
            rows, texts, sizes, has_ended = rows[:fitting], texts[:fitting], sizes[:fitting], False
        if self._pipeline.has_filter:
            self._filter(rows, has_ended, wanted, found)
        else:
            self._pipeline.take(len(rows))
            self._advance(rows, sum(sizes), has_ended)
            self._delivered += rows
            found += texts
        return not self._is_done

    def _filter(self, rows: list[Row], has_ended: bool, wanted: int, found: list[bytes]) -> None:
        used = size = 0
        try:
            for row in rows:
                used += 1
                size += row[2]
                if self._pipeline.passes(row[1]):
                    found.append(row[1])
                    wanted -= 1
                    self._delivered.append(row)
                    self._read_through.append((self.note.documents + used, self.note.bytes + size))
                if wanted == 0 or self._pipeline.left == 0:
                    break
        finally:  # also the document at which the filter raised was read
            self._advance(rows[:used], size, has_ended and used == len(rows))
        self._chunk = min(2 * self._chunk, FILTER_CHUNK_MAX)

    def _chunk_size(self, wanted: int) -> int:
        if self._pipeline.has_filter:
            return self._chunk
        left = self._pipeline.left
        return wanted if left is None else min(wanted, left)

    def _read(self, count: int) -> tuple[list[Row], bool]:
        """The next `count` documents as the transaction sees them, and whether they are fewer because it has ended.

        A full page does not tell what lies behind it, as on Convex: the next one may be empty.
        """
        assert self._rest is not None
        span, is_descending, transaction = self._rest, self._is_descending, self._transaction
        view = transaction.pending.view(span.index_id)
        if view is None:
            rows = read_span(transaction.connection, span, is_descending, count)
            return rows, len(rows) < count
        hidden = set(view.hidden_between(span))
        # Enough that `count` are left when all hidden ones are among them.
        committed = read_span(transaction.connection, span, is_descending, count + len(hidden))
        has_ended = len(committed) < count + len(hidden)
        rows = [row for row in committed if row[0] not in hidden]
        rows += view.own_between(span, is_descending, count + 1)
        rows.sort(reverse=is_descending)
        return rows[:count], has_ended and len(rows) < count

    # --- what was looked at

    def _advance(self, rows: list[Row], size: int, has_ended: bool) -> None:
        """These rows were read; counts and records them. At a limit nobody looked further, whatever lies there."""
        self.note.documents += len(rows)
        self.note.bytes += size
        self._meter.count_read(len(rows), size)
        if self._pipeline.left == 0:
            self._is_done = True
            self._record(self._span_through(rows[-1][0]))
        elif has_ended:
            self._is_done = True
            self._record(self._whole)
        elif rows:
            key = rows[-1][0]
            self._record(self._span_through(key))
            self._rest = self._span_after(key)

    def _span_through(self, key: bytes) -> Interval:
        assert self._whole is not None
        index_id, low, high = self._whole
        return Interval(index_id, key, high) if self._is_descending else Interval(index_id, low, key_after(key))

    def _span_after(self, key: bytes) -> Interval:
        assert self._whole is not None
        index_id, low, high = self._whole
        after = key_after(key)
        assert after is not None
        return Interval(index_id, low, key) if self._is_descending else Interval(index_id, after, high)

    def _record(self, interval: Interval | None) -> None:
        read_set = self._transaction.read_set
        if self._recorded is not None:
            read_set.discard(self._recorded)
            self._recorded = None
        if interval is not None:
            read_set.add(interval, counts=self._meter.counts)
            self._recorded = interval
