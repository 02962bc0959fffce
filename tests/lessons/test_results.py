"""Looking into results of any shape."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.results import (
    changed_fields,
    holds,
    ids_in,
    is_ordered,
    listed,
    names_of,
    ordered_ids_in,
    own_fields,
    same_rows,
)

IDS = ["a1", "b2", "c3", "d4"]
ROWS = {id_: {"_id": id_, "_creationTime": 1.0, "name": id_.upper()} for id_ in IDS}
SHAPES = st.recursive(
    st.sampled_from(IDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def flat(shape: Any) -> list[str]:
    match shape:
        case str():
            return [shape]
        case list():
            return [id_ for each in shape for id_ in flat(each)]
        case _:
            return [id_ for each in shape.values() for id_ in flat(each)]


@given(SHAPES)
def test_ids_are_found_anywhere_and_in_order(shape: Any) -> None:
    assert ids_in(shape, ROWS) == set(flat(shape))
    assert ordered_ids_in({"rows": shape, "total": 3.0, "by": "nobody known"}, ROWS) == list(dict.fromkeys(flat(shape)))


@given(st.lists(st.sampled_from(IDS)), st.integers())
def test_the_same_rows_in_another_order_are_the_same(ids: list[str], seed: int) -> None:
    rows = [ROWS[id_] for id_ in ids]
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert same_rows(rows, shuffled, ignoring=())
    assert not same_rows([*rows, ROWS["a1"]], rows)


@given(st.lists(st.integers(0, 5)), st.integers(), st.booleans())
def test_ties_may_stand_either_way(keys: list[int], seed: int, descending: bool) -> None:
    items = sorted(random.Random(seed).sample(list(enumerate(keys)), len(keys)), key=lambda item: item[1])
    assert is_ordered(items[::-1] if descending else items, lambda item: item[1], descending=descending)
    if len(set(keys)) > 1:
        assert not is_ordered(items if descending else items[::-1], lambda item: item[1], descending=descending)


@pytest.mark.parametrize(
    ("result", "value", "is_there"),
    [
        (3.0, 3, True),
        ({"count": {"$integer": "AwAAAAAAAAA="}}, 3, True),
        ([["x"], {"y": [True]}], True, True),
        ([1.0], True, False),
        ({"rows": []}, 0, False),
        ([None], None, True),
    ],
)
def test_a_value_is_found_anywhere(result: Any, value: Any, is_there: bool) -> None:
    assert holds(result, value) == is_there


def test_missing_and_null_are_two_things() -> None:
    assert changed_fields({"a": 1, "b": None}, {"a": 1}) == ["b"]
    assert changed_fields({"a": 1}, {"a": 1, "c": None}) == ["c"]


def test_rows_are_named_in_a_sentence() -> None:
    assert names_of(["b2", "a1"], ROWS) == "A1, B2"
    assert names_of([], ROWS) == "nobody"
    assert names_of(map(str, range(9)), {}).endswith("and 3 more")
    assert (listed(["a"]), listed(["a", "b", "c"])) == ("a", "a, b and c")
    assert own_fields(ROWS["a1"]) == {"name": "A1"}
