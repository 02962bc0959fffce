"""Read sets: the spans of index keys that a transaction looked at.

A commit concerns a reader exactly when an old or a new index key of a changed document lies in one of these spans
(docs/spec/semantics.md §7). Who compares what with what is decided by committer.py and the live queries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from sandbox.engine.errors import LimitExceeded
from sandbox.engine.limits import INTERVALS_READ_MAX
from sandbox.engine.values import key_after

if TYPE_CHECKING:
    from sandbox.engine.store.commit_log import Change

OVER_LIMIT_HELP = (
    "Consider using smaller limits in your queries, paginating your queries, "
    "or using indexed queries with a selective index range expressions."
)


class Interval(NamedTuple):
    """The keys of one index with low <= key < high; `high` None reaches to the end of the index."""

    index_id: int
    low: bytes
    high: bytes | None

    @classmethod
    def prefix(cls, index_id: int, prefix: bytes) -> Interval:
        """Everything that starts with these encoded values; with a whole key, the point."""
        return cls(index_id, prefix, key_after(prefix))

    def contains(self, key: bytes) -> bool:
        return self.low <= key and (self.high is None or key < self.high)

    @property
    def is_empty(self) -> bool:
        return self.high is not None and self.high <= self.low


class Ceiling(NamedTuple):
    """A count that must not be passed; `shown` is what the error says (a nested call may have less than is left)."""

    at: int
    shown: int

    @classmethod
    def of(cls, limit: int) -> Ceiling:
        return cls(limit, limit)


class ReadSet:
    """A growing set of intervals, at most 4,096 different ones. What the engine itself reads is not counted."""

    __slots__ = ("_intervals", "_spans", "_uncounted", "ceiling", "was_full")

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        self.ceiling = Ceiling.of(INTERVALS_READ_MAX)
        self.was_full = False
        """Whether an interval was refused: then nobody is warned of coming near the limit."""
        self._intervals: dict[Interval, int] = {}
        self._uncounted: set[Interval] = set()
        # Built when first asked: per index the disjoint spans in order, as lows and highs.
        self._spans: dict[int, tuple[list[bytes], list[bytes | None]]] | None = None
        for interval in intervals:
            self.add(interval)

    @property
    def intervals(self) -> tuple[Interval, ...]:
        return tuple(self._intervals)

    def __len__(self) -> int:
        return len(self._intervals)

    def __iter__(self) -> Iterator[Interval]:
        return iter(self._intervals)

    def copy(self) -> ReadSet:
        return ReadSet(self._intervals)

    @property
    def counted(self) -> int:
        return len(self._intervals) - len(self._uncounted)

    def add(self, interval: Interval, *, counts: bool = True) -> None:
        """Raises LimitExceeded instead of recording a 4,097th interval that counts."""
        times = self._intervals.get(interval)
        if counts:
            self._uncounted.discard(interval)
            if times is None and self.counted >= self.ceiling.at:
                self.was_full = True
                raise LimitExceeded(
                    f"Too many reads in a single function execution (limit: {self.ceiling.shown}). {OVER_LIMIT_HELP}",
                    code="TooManyReads",
                )
        elif times is None:
            self._uncounted.add(interval)
        self._intervals[interval] = 1 if times is None else times + 1
        self._spans = None

    def discard(self, interval: Interval) -> None:
        """Takes back one `add`; for the stream that replaces its own interval by a longer or shorter one."""
        times = self._intervals.pop(interval)
        if times > 1:
            self._intervals[interval] = times - 1
        else:
            self._uncounted.discard(interval)
        self._spans = None

    def overlaps(self, changes: Iterable[Change]) -> bool:
        return any(self.overlaps_keys(change.keys) for change in changes)

    def overlaps_keys(self, keys: Iterable[tuple[int, bytes]]) -> bool:
        spans = self._spans
        if spans is None:
            spans = self._spans = _disjoint_spans(self._intervals)
        for index_id, key in keys:
            found = spans.get(index_id)
            if found is not None:
                place = bisect_right(found[0], key) - 1
                if place >= 0:
                    high = found[1][place]
                    if high is None or key < high:
                        return True
        return False


def _disjoint_spans(intervals: Iterable[Interval]) -> dict[int, tuple[list[bytes], list[bytes | None]]]:
    spans: dict[int, tuple[list[bytes], list[bytes | None]]] = {}
    for index_id, low, high in sorted(intervals, key=lambda interval: interval[:2]):
        lows, highs = spans.setdefault(index_id, ([], []))
        last = highs[-1] if highs else b""
        if lows and (last is None or low <= last):
            highs[-1] = None if last is None or high is None else max(last, high)
        else:
            lows.append(low)
            highs.append(high)
    return spans
