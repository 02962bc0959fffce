from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.values import parse_client_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values, st.booleans())
def test_json_is_read_as_it_was_written(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert parse_client_json(text) == parse_client_json(text.encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        '{"a":-Infinity}',
        "1e999",
        "[-1e400]",
        '"\\ud800"',
        '{"\\uDC00":1}',
        '["\\ude00\\ud83d"]',
        "",
        "{",
        "01",
        b"\xff\xfe1\x00",
        b"\xef\xbb\xbf1",
        b'"\xed\xa0\x80"',
        "9" * 5_000,
        "'a'",
        '"\t"',
    ],
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_client_json(text)


def test_whole_pairs_and_the_last_of_equal_keys_count():
    assert parse_client_json('"\\ud83d\\ude00"') == "\U0001f600"
    assert parse_client_json('{"a":1,"a":2}') == {"a": 2}
    assert str(parse_client_json("-0.0")) == "-0.0"


def test_what_is_too_deep_is_told_apart():
    with pytest.raises(RecursionError):
        parse_client_json("[" * 100_000)
