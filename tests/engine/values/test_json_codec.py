"""Values to JSON and back."""

from __future__ import annotations

import json
import math
import time
import tracemalloc

import pytest
from convex.values import ConvexInt64, convex_to_json
from hypothesis import example, given

from sandbox.engine.errors import LearnerError
from sandbox.engine.values import (
    UNDEFINED,
    Int64,
    check_value,
    decode,
    decode_with_undefined,
    dumps,
    encode,
    loads,
)
from tests.engine.values.strategies import same, values


def refusal(call, *args):
    with pytest.raises(LearnerError) as caught:
        call(*args)
    return caught.value.message


@given(values)
@example(-0.05)
@example("-0.0")
@example([Int64(1), 1.0, True, -0.0])
def test_text_round_trip_is_exact(value):
    assert same(loads(dumps(value)), value)


@given(values)
def test_bytes_read_as_text_does(value):
    assert same(loads(dumps(value).encode()), value)


@given(values)
def test_json_round_trip_is_exact(value):
    assert same(decode(encode(value)), value)


@given(values)
def test_the_fast_writer_writes_what_the_slow_one_does(value):
    slow = json.dumps(encode(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert dumps(value) == slow


@given(values)
def test_encoding_agrees_with_the_official_python_client(value):
    assert encode(value) == convex_to_json(for_client(value))


def for_client(value):
    if isinstance(value, Int64):
        return ConvexInt64(int(value))
    if isinstance(value, list):
        return [for_client(inner) for inner in value]
    if isinstance(value, dict):
        return {name: for_client(inner) for name, inner in value.items()}
    return value


def test_every_json_number_is_a_float():
    assert same(loads('[1, -0, 1e2, 9007199254740993, {"a": 2}]'), [1.0, -0.0, 100.0, 9007199254740992.0, {"a": 2.0}])
    assert same(decode([1, {"a": 2}, True]), [1.0, {"a": 2.0}, True])


def test_a_number_too_large_for_a_double_is_infinite_as_in_javascript():
    assert loads("1e999") == loads("9" * 400) == math.inf
    assert decode(-(10**400)) == -math.inf


def test_whole_floats_keep_their_point_and_keys_ascend():
    assert dumps({"b": 1.0, "a": [None, True, "é"]}) == '{"a":[null,true,"é"],"b":1.0}'
    assert list(encode({"b": 1.0, "a": 2.0})) == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Int64(-1), '{"$integer":"//////////8="}'),
        (Int64(5), '{"$integer":"BQAAAAAAAAA="}'),
        (b"hi", '{"$bytes":"aGk="}'),
        (-0.0, '{"$float":"AAAAAAAAAIA="}'),
        (math.inf, '{"$float":"AAAAAAAA8H8="}'),
    ],
)
def test_what_json_cannot_say_is_tagged(value, text):
    assert dumps(value) == text
    assert same(loads(text), value)


def test_undefined_is_known_only_where_it_is_asked_for():
    assert decode_with_undefined({"$undefined": None}) is UNDEFINED
    assert decode_with_undefined({"a": 1}) == {"a": 1.0}
    assert refusal(decode, {"$undefined": None}) == "Field name $undefined starts with '$', which is reserved."


@pytest.mark.parametrize(
    ("json_value", "message"),
    [
        ({"$float": "AAAAAAAA8D8="}, "Float64 1 should be encoded as a number"),
        ({"$float": "AAA="}, "Float64 must be exactly eight bytes"),
        ({"$integer": "AAA="}, "Int64 must be exactly eight bytes"),
        ({"$integer": 5}, "Malformed $integer field: expected a string"),
        ({"$bytes": "a"}, "Malformed $bytes field: invalid base64"),
        ({"$bytes": "aGl="}, "Malformed $bytes field: invalid base64"),
        ({"$bytes": "é"}, "Malformed $bytes field: invalid base64"),
        ({"$set": []}, "Received a Set which is no longer supported as a Convex type."),
        ({"$map": []}, "Received a Map which is no longer supported as a Convex type."),
        ({"$commitTs": None}, "Commit timestamps (`db.vars.commitTs`) are not available in this sandbox."),
        ({"$foo": 1}, "Field name $foo starts with '$', which is reserved."),
        ({"$bytes": "", "a": 1}, "Field name $bytes starts with '$', which is reserved."),
        ({"é": 1}, "Field name é has invalid character 'é': Field names can only contain non-control ASCII characters"),
        ({"a" * 1025: 1}, "Field name is too long (1025 > maximum 1024)"),
        ([0] * 8193, "Array length is too long (8193 > maximum length 8192)"),
        (
            {f"f{n}": 0 for n in range(1025)},
            "Object has too many fields (1025 > maximum number 1024)",
        ),
        ("\ud800", "Strings must be valid Unicode, but this one has a lone surrogate"),
    ],
)
def test_refusals(json_value, message):
    assert refusal(decode, {"in": [json_value]}) == message
    assert refusal(loads, json.dumps({"in": [json_value]})) == message


@pytest.mark.parametrize(
    "text", ["", "{", "[1,]", "NaN", "[Infinity]", "1 2", "'a'", '"\t"', b"\xff", b'"\xed\xa0\x80"']
)
def test_what_is_not_json_is_refused(text):
    assert refusal(loads, text).startswith("Invalid JSON: ")


def test_white_space_around_json_is_allowed():
    assert loads(" [1 , 2]\n") == [1.0, 2.0]


def test_a_lone_surrogate_is_refused_in_every_direction():
    message = "Strings must be valid Unicode, but this one has a lone surrogate"
    assert refusal(loads, '{"a": ["\\uD800"]}') == message
    assert refusal(loads, '"\ud800"') == message
    assert refusal(dumps, {"a": "\ud800"}) == message
    assert refusal(dumps, {"a": "\ud800", "n": Int64(1)}) == message
    assert loads('"\\ud83d\\ude00"') == "😀"


def nested(depth):
    value = 1.0
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def test_values_nest_64_levels():
    message = "Value is too nested (nested 65 levels deep > maximum nesting 64)"
    assert loads(dumps(nested(64))) == nested(64)
    check_value(nested(64))
    for too_deep in (65, 66, 200):
        assert refusal(decode, nested(too_deep)) == message
        assert refusal(loads, json.dumps(nested(too_deep))) == message
        assert refusal(check_value, nested(too_deep)) == message
    assert refusal(loads, "[" * 100_000 + "]" * 100_000) == message


def test_a_tagged_scalar_is_no_level_of_nesting():
    value = nested(64)
    inner = value
    while not isinstance(inner_of(inner), float):
        inner = inner_of(inner)
    inner["a"] = Int64(7)
    assert same(loads(dumps(value)), value)
    assert same(decode(encode(value)), value)


def inner_of(value):
    return value[0] if isinstance(value, list) else value["a"]


def test_a_plain_int_is_not_a_value():
    with pytest.raises(TypeError):
        dumps({"a": 1})


# --- values that would explode


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 5_000_000, "Value is too nested (nested 65 levels deep > maximum nesting 64)"),
        ('{"a":' * 100_000, "Value is too nested (nested 65 levels deep > maximum nesting 64)"),
        ("[" + "1," * 4_000_000 + "1]", "Array length is too long (4000001 > maximum length 8192)"),
        ('{"a":[' + "null, " * 8_192 + "null]}", "Array length is too long (8193 > maximum length 8192)"),
        ("[" + "[]," * 10_000 + "[]]", "Array length is too long (10001 > maximum length 8192)"),
        ('["a",' + "1," * 100_000 + "1]", "Array length is too long (100002 > maximum length 8192)"),
        ('{"' + "k" * (1 << 20) + '":1}', "Field name is too long (1048576 > maximum 1024)"),
        (
            "{" + ",".join(f'"f{n}":1' for n in range(1_025)) + "}",
            "Object has too many fields (1025 > maximum number 1024)",
        ),
    ],
    ids=["lists", "objects", "numbers", "nulls", "empty lists", "behind a text", "name", "names"],
)
def test_what_would_explode_is_refused(text, message):
    started = time.process_time()
    assert refusal(loads, text) == message
    assert time.process_time() - started < 2.0


def test_a_long_array_of_numbers_is_refused_before_it_is_read():
    text = "[" + "1," * 2_000_000 + "1]"
    tracemalloc.start()
    try:
        refusal(loads, text)
        assert tracemalloc.get_traced_memory()[1] < 3 * len(text)
    finally:
        tracemalloc.stop()


def test_long_texts_that_break_no_bound_are_read():
    longest = "[" + "1," * 8_191 + "1]"
    value = loads("[" + ",".join([longest] * 20) + ', "' + "," * 100_000 + '"]')
    assert len(value) == 21
    assert len(value[0]) == 8_192
