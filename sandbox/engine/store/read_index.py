"""Matching commits with subscriptions: which of many read sets does an index key fall into?

Intervals that are everything under one prefix (an equality, a point, a whole index) are found by dictionary, one
look-up per prefix length in use. The others lie in buckets ordered by their low ends, with the greatest high end
kept per bucket and per group of buckets. One key costs about 0.5 µs beside 10 subscriptions or 100,000.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Hashable, Iterable
from operator import itemgetter
from typing import Any, Generic, TypeVar, cast

from sandbox.engine.store.read_set import Interval, ReadSet
from sandbox.engine.values import key_after

Subscriber = TypeVar("Subscriber", bound=Hashable)

BUCKET_MAX = 64
GROUP = 32
# Greater than every key: a key begins with the tag of a value, and tags are small (values/order.py).
_END = b"\xff"
_NOBODY: Any = object()


class ReadIndex(Generic[Subscriber]):
    """Read sets by subscriber. A subscriber is anything hashable and has one read set."""

    def __init__(self) -> None:
        self._indexes: dict[int, _OneIndex[Subscriber]] = {}
        self._read_sets: dict[Subscriber, tuple[Interval, ...]] = {}

    def __len__(self) -> int:
        return len(self._read_sets)

    def add(self, subscriber: Subscriber, read_set: ReadSet) -> None:
        """Takes the read set as it is now; an earlier one of the same subscriber is replaced."""
        self.remove(subscriber)
        intervals = self._read_sets[subscriber] = read_set.intervals
        for interval in intervals:
            index = self._indexes.get(interval.index_id)
            if index is None:
                index = self._indexes[interval.index_id] = _OneIndex()
            index.add(interval, subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        """Forgets the subscriber; does nothing if it is not there."""
        for interval in self._read_sets.pop(subscriber, ()):
            self._indexes[interval.index_id].remove(interval, subscriber)

    def hit(self, keys: Iterable[tuple[int, bytes]]) -> set[Subscriber]:
        """The subscribers whose read set holds one of the keys. Pass old and new keys of every change."""
        found: set[Subscriber] = set()
        for index_id, key in keys:
            index = self._indexes.get(index_id)
            if index is not None:
                index.find(key, found)
        return found


class _OneIndex(Generic[Subscriber]):
    def __init__(self) -> None:
        # Most prefixes have one subscriber, and it stands there itself: at 100,000 of them, every object that need not
        # be looked at is a cache miss saved. It cannot be taken for a set of several, because it is hashable.
        self._by_prefix: dict[bytes, Subscriber | set[Subscriber]] = {}
        self._lengths: dict[int, int] = {}  # how many prefixes have this length
        self._bounded: _Buckets[Subscriber] = _Buckets()

    def add(self, interval: Interval, subscriber: Subscriber) -> None:
        _, low, high = interval
        if high != key_after(low):
            self._bounded.add(low, _END if high is None else high, subscriber)
            return
        if low not in self._by_prefix:
            self._by_prefix[low] = subscriber
            self._lengths[len(low)] = self._lengths.get(len(low), 0) + 1
            return
        there = self._by_prefix[low]
        if type(there) is set:
            there.add(subscriber)
        elif there != subscriber:
            self._by_prefix[low] = {cast(Subscriber, there), subscriber}

    def remove(self, interval: Interval, subscriber: Subscriber) -> None:
        _, low, high = interval
        if high != key_after(low):
            self._bounded.remove(low, _END if high is None else high, subscriber)
            return
        there = self._by_prefix[low]
        if type(there) is set and len(there) > 1:
            there.discard(subscriber)
            return
        del self._by_prefix[low]
        self._lengths[len(low)] -= 1
        if not self._lengths[len(low)]:
            del self._lengths[len(low)]

    def find(self, key: bytes, found: set[Subscriber]) -> None:
        by_prefix = self._by_prefix
        for length in self._lengths:
            there = by_prefix.get(key[:length], _NOBODY)
            if type(there) is set:
                found |= there
            elif there is not _NOBODY:
                found.add(cast(Subscriber, there))
        if self._bounded:
            self._bounded.find(key, found)


class _Buckets(Generic[Subscriber]):
    """Intervals [low, high) in buckets of at most 64, ordered by low."""

    def __init__(self) -> None:
        self._buckets: list[list[tuple[bytes, bytes, Subscriber]]] = []
        self._lows: list[bytes] = []  # the smallest low of each bucket
        self._highs: list[bytes] = []  # the greatest high of each bucket
        self._group_highs: list[bytes] | None = None  # the same of 32 buckets at a time; None: to be computed

    def __bool__(self) -> bool:
        return bool(self._buckets)

    def add(self, low: bytes, high: bytes, subscriber: Subscriber) -> None:
        if not self._buckets:
            self._buckets, self._lows, self._highs = [[(low, high, subscriber)]], [low], [high]
            self._group_highs = None
            return
        place = max(0, bisect_right(self._lows, low) - 1)
        bucket = self._buckets[place]
        insort(bucket, (low, high, subscriber), key=itemgetter(0))
        self._lows[place] = bucket[0][0]
        if high > self._highs[place]:
            self._highs[place] = high
            if self._group_highs is not None:
                group = place // GROUP
                self._group_highs[group] = max(self._group_highs[group], high)
        if len(bucket) > BUCKET_MAX:
            self._split(place)

    def _split(self, place: int) -> None:
        bucket = self._buckets[place]
        second = bucket[len(bucket) // 2 :]
        del bucket[len(bucket) // 2 :]
        self._buckets.insert(place + 1, second)
        self._lows.insert(place + 1, second[0][0])
        self._highs[place] = max(map(itemgetter(1), bucket))
        self._highs.insert(place + 1, max(map(itemgetter(1), second)))
        self._group_highs = None

    def remove(self, low: bytes, high: bytes, subscriber: Subscriber) -> None:
        # Equal lows may fill several buckets.
        for place in range(max(0, bisect_left(self._lows, low) - 1), bisect_right(self._lows, low)):
            bucket = self._buckets[place]
            if (low, high, subscriber) in bucket:
                bucket.remove((low, high, subscriber))
                self._shrunk(place, high)
                return
        raise KeyError(subscriber)

    def _shrunk(self, place: int, removed_high: bytes) -> None:
        bucket = self._buckets[place]
        if not bucket:
            del self._buckets[place], self._lows[place], self._highs[place]
            self._group_highs = None
            return
        self._lows[place] = bucket[0][0]
        if removed_high == self._highs[place]:
            self._highs[place] = max(map(itemgetter(1), bucket))
            self._group_highs = None

    def find(self, key: bytes, found: set[Subscriber]) -> None:
        highs = self._highs
        if self._group_highs is None:
            self._group_highs = [max(highs[start : start + GROUP]) for start in range(0, len(highs), GROUP)]
        end = bisect_right(self._lows, key)
        for group, group_high in enumerate(self._group_highs):
            start = group * GROUP
            if start >= end:
                break
            if group_high > key:
                for place in range(start, min(end, start + GROUP)):
                    if highs[place] > key:
                        _find_in_bucket(self._buckets[place], key, found)


def _find_in_bucket(bucket: list[tuple[bytes, bytes, Subscriber]], key: bytes, found: set[Subscriber]) -> None:
    for low, high, subscriber in bucket:
        if low > key:
            break
        if high > key:
            found.add(subscriber)
