"""The order of values and the keys that carry it. The reference order below shares nothing with the encoding."""

from __future__ import annotations

import math
import struct
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.engine.values import UNDEFINED, Int64, compare, compile_key, encode_key, field_at, key_after
from tests.engine.values.strategies import documents, floats, texts, values, values_or_undefined

RANKS = ["Undefined", "NoneType", "Int64", "float", "bool", "str", "bytes", "list", "dict"]
NAN, INFINITY = float("nan"), float("inf")


def reference(value):
    """A Python key of the same order: tuples and numbers only."""
    rank = RANKS.index(type(value).__name__)
    if isinstance(value, float):
        bits = struct.unpack(">q", struct.pack(">d", value))[0]
        return rank, bits if bits >= 0 else -(bits & (2**63 - 1)) - 1
    if isinstance(value, str):
        return rank, tuple(value.encode())
    if isinstance(value, list):
        return rank, tuple(map(reference, value))
    if isinstance(value, dict):
        return rank, tuple((reference(name), reference(value[name])) for name in sorted(value))
    return rank, 0 if value is None or value is UNDEFINED else value


def sign(left, right):
    return (left > right) - (left < right)


@given(values_or_undefined, values_or_undefined)
def test_keys_order_as_the_values_do(left, right):
    assert sign(encode_key([left]), encode_key([right])) == sign(reference(left), reference(right))


@given(floats, floats)
def test_floats_follow_the_ieee_total_order(left, right):
    assert sign(encode_key([left]), encode_key([right])) == sign(reference(left), reference(right))


@given(values_or_undefined, values_or_undefined)
@example(0.0, -0.0)
@example(NAN, -INFINITY)
@example(True, 1.0)
def test_compare_agrees_with_the_keys(left, right):
    assert compare(left, right) == sign(encode_key([left]), encode_key([right]))


@given(st.lists(values_or_undefined, max_size=3), st.lists(values_or_undefined, max_size=3))
def test_tuples_order_element_by_element(left, right):
    expected = sign(tuple(map(reference, left)), tuple(map(reference, right)))
    assert sign(encode_key(left), encode_key(right)) == expected


@given(values_or_undefined, values_or_undefined)
def test_the_key_of_a_tuple_is_its_parts_in_a_row(first, second):
    assert encode_key([first, second]) == encode_key([first]) + encode_key([second])


@given(values_or_undefined, values_or_undefined, values)
@example("a", "a\0", None)
@example(b"a", b"a\0", None)
@example([], [""], None)
@example("", "\0", None)
def test_a_prefix_holds_exactly_the_tuples_that_start_with_it(prefix, first, second):
    low = encode_key([prefix])
    inside = low <= encode_key([first, second]) < key_after(low)
    assert inside == (compare(prefix, first) == 0)


@given(texts, texts)
def test_no_text_is_encoded_as_the_start_of_another(left, right):
    assert left == right or not encode_key([right]).startswith(encode_key([left]))


@pytest.mark.parametrize(
    ("prefix", "after"), [(b"a", b"b"), (b"a\xff\xff", b"b"), (b"\xff", None), (b"", None), (b"\0", b"\1")]
)
def test_key_after(prefix, after):
    assert key_after(prefix) == after


@given(documents.map(lambda document: {"a": "x", **document}), st.data())
def test_a_compiled_key_is_the_generic_one(document, data):
    paths = data.draw(st.lists(paths_into(document), max_size=4))
    expected = encode_key([field_at(document, path) for path in paths])
    assert compile_key(paths)(document) == expected


def paths_into(document):
    part = st.one_of(st.sampled_from(sorted(document)), st.sampled_from(["a", "b", "'", "c\\"]))
    return st.lists(part, min_size=1, max_size=3).map(tuple)


def test_a_missing_path_is_undefined():
    document = {"a": {"b": 1.0}, "c": "text"}
    assert field_at(document, ("a", "b")) == 1.0
    assert field_at(document, ("a", "x")) is UNDEFINED
    assert field_at(document, ("c", "b")) is UNDEFINED


def test_types_never_interleave():
    ascending = [UNDEFINED, None, Int64(5), -INFINITY, -1.0, -0.0, 0.0, 1.0, INFINITY, NAN, False, True, "", "a"]
    ascending += [b"", b"a", [], [None], {}, {"a": None}]
    assert [compare(left, right) for left, right in pairwise(ascending)] == [-1] * 19


def test_a_negative_nan_comes_first_of_the_floats():
    assert compare(math.copysign(NAN, -1.0), -INFINITY) == -1
