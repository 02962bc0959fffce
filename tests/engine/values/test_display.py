"""Values as error messages print them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from sandbox.engine.values import Int64, display, display_json_number, display_string, type_name
from tests.engine.values.strategies import floats, values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (Int64(-7), "-7"),
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e16"),
        (1.5e300, "1.5e300"),
        (0.0001, "0.0001"),
        (0.00001, "1e-5"),
        (math.nan, "NaN"),
        (-math.inf, "-inf"),
        ("a", '"a"'),
        (b"hi", 'b"aGk="'),
        ([1.0, "x", []], '[1.0, "x", []]'),
        ({"b": None, "a": {"c": 1.0}}, "{a: {c: 1.0}, b: null}"),
        ({}, "{}"),
    ],
)
def test_values(value, text):
    assert display(value) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('say "hi"', r'"say \"hi\""'),
        ("back\\slash", r'"back\\slash"'),
        ("it's", '"it\'s"'),
        ("\0\t\n\r", r'"\0\t\n\r"'),
        ("\x1b\x7f", r'"\u{1b}\u{7f}"'),
        ("é 😀 日本", '"é 😀 日本"'),
        ("e\u0301", r'"e\u{301}"'),
        ("\u200b\u00a0", r'"\u{200b}\u{a0}"'),
    ],
)
def test_strings(text, shown):
    assert display_string(text) == shown


@given(floats)
def test_floats_read_back_as_themselves(number):
    shown = display(number)
    assert any(mark in shown for mark in (".", "e", "NaN", "inf"))
    assert math.isnan(number) or float(shown) == number
    if math.isfinite(number):
        assert float(display_json_number(number)) == number


def test_numbers_in_json_have_an_exponent_a_little_later():
    assert display_json_number(0.00001) == "0.00001"
    assert display_json_number(0.000001) == "1e-6"


@given(values)
def test_every_value_has_a_type_name_and_prints_on_one_line(value):
    assert type_name(value) in {"Null", "Int64", "Float64", "Boolean", "String", "Bytes", "Array", "Object"}
    assert "\n" not in display(value)
