"""Pages: one part of a query between two cursors, and where the next one begins.

A page ends after so many results, at the end of the query, or at an end that is given: by the caller (`endCursor`) or
by the journal of an earlier run, so that a page that is read again grows and shrinks with its documents and never
moves against its neighbours. Source: docs/spec/semantics.md §7, runtime-abi.md §2 (`1.0/queryPage`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from sandbox.engine.errors import LearnerError
from sandbox.engine.limits import BYTES_READ_MAX, DOCUMENTS_READ_MAX, PAGE_DOCUMENTS_SOFT_MAX
from sandbox.engine.store.cursors import END, Position, QueryCursors
from sandbox.engine.store.plan import Plan, parse_plan
from sandbox.engine.store.query_stream import QueryStream, Row
from sandbox.engine.store.read_set import Interval
from sandbox.engine.store.search import SearchStream
from sandbox.engine.values import key_after

if TYPE_CHECKING:
    from sandbox.engine.store.meter import Meter
    from sandbox.engine.store.transaction import Transaction

PageStatus = Literal["SplitRecommended", "SplitRequired"]

_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Page:
    """`documents` are JSON texts. The cursors are opaque; `split_cursor` lies in the middle of what was read."""

    documents: list[bytes]
    is_done: bool
    continue_cursor: str
    split_cursor: str | None
    page_status: PageStatus | None


@dataclass(frozen=True, slots=True)
class PageSize:
    """What the caller asked for: so many results, from at most so many documents and bytes."""

    documents: int
    rows_read_max: int | None
    bytes_read_max: int | None

    @classmethod
    def checked(cls, documents: Any, rows_read_max: Any, bytes_read_max: Any) -> PageSize:
        """Raises LearnerError."""
        size = cls(_whole(documents), _whole_or_none(rows_read_max), _whole_or_none(bytes_read_max))
        if size.documents == 0:
            raise LearnerError("Must request at least 1 document while paginating", code="NoDocumentsForPagination")
        if size.documents > DOCUMENTS_READ_MAX:
            raise LearnerError(f"Requested too many items: {size.documents}", code="PageSizeTooLarge")
        if 0 in (size.rows_read_max, size.bytes_read_max):
            raise LearnerError(
                "maximumRowsRead and maximumBytesRead must be greater than 0", code="InvalidPaginationLimit"
            )
        return size

    def is_nearly_used_up(self, rows: int, size: int) -> bool:
        rows_max = min(self.rows_read_max or DOCUMENTS_READ_MAX, DOCUMENTS_READ_MAX)
        bytes_max = min(self.bytes_read_max or BYTES_READ_MAX, BYTES_READ_MAX)
        return rows > rows_max * 3 // 4 or size > bytes_max * 3 // 4


async def read_page(
    transaction: Transaction, plan: dict[str, Any], size: PageSize, *, cursor: str | None, end_cursor: str | None
) -> Page:
    """Raises LearnerError: a cursor of another query, a second page in one call, or what the plan raises."""
    parsed = parse_plan(plan, transaction.find_table, "queryPage")
    cursors = QueryCursors(transaction.cursor_key, plan, parsed.fields)
    start = cursors.read(cursor)
    end = cursors.read(transaction.journal_in if end_cursor is None else end_cursor)
    kind = _PageStream if parsed.search is None else _SearchPageStream
    stream = kind(transaction, parsed, transaction.meter, size, start, end)
    transaction.reads.append(stream.note)
    await stream.read()
    if transaction.journal_out is not None:
        raise LearnerError(
            "This query or mutation function ran multiple paginated queries. "
            "Convex only supports a single paginated query in each function.",
            code="MultiplePaginatedDatabaseQueries",
        )
    transaction.journal_out = cursors.write(stream.position)
    split = stream.split_position
    return Page(
        stream.found,
        stream.position.is_end,
        transaction.journal_out,
        None if split is None else cursors.write(split),
        stream.status,
    )


class _PageStream(QueryStream):
    """A stream over the part of the plan between `start` and `end`, which is read until the page is full."""

    def __init__(
        self,
        transaction: Transaction,
        plan: Plan,
        meter: Meter,
        size: PageSize,
        start: Position | None,
        end: Position | None,
    ) -> None:
        super().__init__(transaction, plan._replace(interval=_between(plan, start, end)), meter)
        self.note.limit = size.documents if end is None else None
        self.found: list[bytes] = []
        self._size = size
        self._start = start
        self._end = end
        self._scanned: list[bytes] = []
        self._is_exhausted = self._is_done and self._pipeline.left != 0
        self._is_stopped = False

    @property
    def position(self) -> Position:
        """Where the page ends."""
        if self._end is not None:
            return self._end
        if self._is_exhausted:
            return END
        return Position(self._scanned[-1]) if self._scanned else self._start or END

    @property
    def split_position(self) -> Position | None:
        return Position(self._scanned[len(self._scanned) // 2]) if len(self._scanned) > 2 else None

    @property
    def status(self) -> PageStatus | None:
        if self._is_stopped:
            return "SplitRequired"
        nearly = self._size.is_nearly_used_up(self.note.documents, self.note.bytes)
        return "SplitRecommended" if nearly or len(self.found) > PAGE_DOCUMENTS_SOFT_MAX else None

    async def read(self) -> None:
        """Raises LearnerError of a filter, and LimitExceeded where not even one document fits."""
        await self._transaction.pause()
        await self._prepare()
        while not (self._is_done or self._is_stopped or self._is_full):
            started = perf_counter()
            try:
                self._read_chunk()
            finally:
                spent_ms = (perf_counter() - started) * 1000
                self.note.store_ms += spent_ms
                self._meter.store_ms += spent_ms
            await asyncio.sleep(0)
        await self._transaction.pause()

    @property
    def _is_full(self) -> bool:
        return self._end is None and len(self.found) >= self._size.documents

    def _read_chunk(self) -> None:
        rows, has_ended = self._read(self._next_count())
        affordable = self._affordable(rows)
        if affordable == 0 and rows:
            if not self._scanned:
                self._advance(rows[:1], rows[0][2], has_ended=False)
                raise self._meter.over_read_limit()
            self._is_stopped = True
            return
        self._take(rows[:affordable], has_ended and affordable == len(rows))
        self._is_stopped = not (self._is_done or self._is_full) and self._is_used_up

    def _next_count(self) -> int:
        if self._end is not None or self._pipeline.has_filter:
            count = _CHUNK
        else:
            count = min(_CHUNK, self._size.documents - len(self.found))
        if self._end is None and self._size.rows_read_max is not None:
            count = min(count, self._size.rows_read_max - self.note.documents)
        return count

    def _affordable(self, rows: list[Row]) -> int:
        """How many of the rows the transaction may read, and the page wants to: a byte limit is passed once."""
        sizes = [size for _, _, size in rows]
        count = self._meter.fitting(sizes)
        if self._end is None and self._size.bytes_read_max is not None:
            left = self._size.bytes_read_max - self.note.bytes
            for place, size in enumerate(sizes[:count], 1):
                left -= size
                if left <= 0:
                    return place
        return count

    @property
    def _is_used_up(self) -> bool:
        """Whether the page must end here. One whose end is given is read to that end whatever it costs."""
        if self._end is not None:
            return False
        rows_max, bytes_max = self._size.rows_read_max, self._size.bytes_read_max
        return (rows_max is not None and self.note.documents >= rows_max) or (
            bytes_max is not None and self.note.bytes >= bytes_max
        )

    def _take(self, rows: list[Row], has_ended: bool) -> None:
        used = size = 0
        try:
            for _, text, bytes_ in rows:
                used += 1
                size += bytes_
                if self._passes(text):
                    self.found.append(text)
                if self._is_full or self._pipeline.left == 0:
                    break
        finally:  # also the document at which the filter raised was read
            self._scanned += [key for key, _, _ in rows[:used]]
            self._is_exhausted = has_ended and used == len(rows) and self._pipeline.left != 0
            self._advance(rows[:used], size, has_ended and used == len(rows))

    def _passes(self, text: bytes) -> bool:
        if self._pipeline.has_filter:
            return self._pipeline.passes(text)
        self._pipeline.take(1)
        return True


class _SearchPageStream(_PageStream, SearchStream):
    """A page of what a text search found. Splitting it would make neither half cheaper."""

    @property
    def split_position(self) -> None:
        return None


def _between(plan: Plan, start: Position | None, end: Position | None) -> Interval | None:
    """The part of the plan's interval after `start` and up to `end`."""
    if plan.interval is None:
        return None
    index_id, low, high = plan.interval
    if start is not None and start.after is None:
        return Interval(index_id, low, low)
    first = None if start is None else start.after
    last = None if end is None else end.after
    if plan.order == "desc":
        low = low if last is None else max(low, last)
        high = high if first is None else _lower(high, first)
    else:
        low = low if first is None else max(low, key_after(first) or b"")
        high = high if last is None else _lower(high, key_after(last))
    return Interval(index_id, low, high)


def _lower(high: bytes | None, other: bytes | None) -> bytes | None:
    return high if other is None else other if high is None else min(high, other)


def _whole(number: Any) -> int:
    if type(number) is int and number >= 0:
        return number
    if type(number) is float and number >= 0 and number.is_integer():
        return int(number)
    raise LearnerError(f"Invalid argument for `paginate`: {number} is not a whole number", code="InvalidArgument")


def _whole_or_none(number: Any) -> int | None:
    return None if number is None else _whole(number)
