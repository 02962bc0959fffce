from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.errors import LimitExceeded
from sandbox.engine.limits import INTERVALS_READ_MAX
from sandbox.engine.store import Interval, ReadIndex, ReadSet
from sandbox.engine.store import read_index as read_index_module
from sandbox.engine.values import key_after

keys = st.lists(st.integers(1, 3), max_size=4).map(bytes)
indexes = st.integers(0, 2)


@st.composite
def intervals(draw):
    index_id, low = draw(indexes), draw(keys)
    kind = draw(st.sampled_from(["prefix", "open", "bounded", "bounded"]))
    if kind == "prefix":
        return Interval(index_id, low, key_after(low))
    return Interval(index_id, low, None if kind == "open" else draw(keys))


@settings(max_examples=500)
@given(st.lists(intervals(), max_size=8), st.lists(st.tuples(indexes, keys), max_size=4))
def test_a_read_set_overlaps_what_one_of_its_intervals_holds(spans, written):
    read_set = ReadSet(spans)
    expected = any(span.index_id == index and span.contains(key) for span in spans for index, key in written)
    assert read_set.overlaps_keys(written) == expected


def test_an_interval_that_was_added_twice_is_still_there_after_one_discard():
    read_set = ReadSet()
    for _ in range(2):
        read_set.add(Interval(1, b"a", b"b"))
    read_set.discard(Interval(1, b"a", b"b"))
    assert read_set.overlaps_keys([(1, b"a")])
    read_set.discard(Interval(1, b"a", b"b"))
    assert not read_set.overlaps_keys([(1, b"a")])


def test_one_interval_too_many_is_refused():
    read_set = ReadSet(Interval.prefix(1, b"%d" % n) for n in range(INTERVALS_READ_MAX))
    read_set.add(Interval.prefix(1, b"7"))
    with pytest.raises(LimitExceeded) as caught:
        read_set.add(Interval.prefix(2, b"7"))
    assert caught.value.code == "TooManyReads"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.lists(intervals(), max_size=4)), max_size=30),
    st.sets(st.integers(0, 5)),
    st.lists(st.tuples(indexes, keys), max_size=6),
)
def test_the_read_index_finds_what_a_loop_over_all_read_sets_finds(added, removed, written):
    index: ReadIndex[int] = ReadIndex()
    plain: dict[int, ReadSet] = {}
    for subscriber, spans in added:
        plain[subscriber] = ReadSet(spans)
        index.add(subscriber, plain[subscriber])
    for subscriber in removed:
        index.remove(subscriber)
        plain.pop(subscriber, None)
    assert index.hit(written) == {name for name, read_set in plain.items() if read_set.overlaps_keys(written)}
    assert len(index) == len(plain)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(keys, keys), min_size=20, max_size=120), st.data())
def test_buckets_split_and_shrink_without_losing_anybody(bounds, data):
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(read_index_module, "BUCKET_MAX", 4)
    monkeypatch.setattr(read_index_module, "GROUP", 2)
    index: ReadIndex[int] = ReadIndex()
    alive = {n: Interval(1, low, high) for n, (low, high) in enumerate(bounds)}
    for n, span in alive.items():
        index.add(n, ReadSet([span]))
    for n in data.draw(st.sets(st.sampled_from(list(alive)))):
        index.remove(n)
        del alive[n]
        if n % 5 == 0:
            index.hit([(1, b"\1")])
    key = data.draw(keys)
    assert index.hit([(1, key)]) == {n for n, span in alive.items() if span.contains(key)}
    monkeypatch.undo()
