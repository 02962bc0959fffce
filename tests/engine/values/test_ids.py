"""Document ids."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.engine.errors import LearnerError
from sandbox.engine.values import decode_id, encode_id, new_uid

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
table_numbers = st.one_of(st.integers(1, 2**32 - 1), st.sampled_from([1, 127, 128, 10_001, 16_383, 16_384, 2**28]))
uids = st.binary(min_size=16, max_size=16)


def reason(text):
    with pytest.raises(LearnerError) as caught:
        decode_id(text)
    assert caught.value.code == "InvalidId"
    return caught.value.message


@given(table_numbers, uids)
def test_round_trip(table_number, uid):
    text = encode_id(table_number, uid)
    assert 31 <= len(text) <= 37
    assert decode_id(text) == (table_number, uid)


def test_an_id_known_from_convex():
    uid = bytes(pow(251, n, 256) for n in range(1, 17))
    assert encode_id(1017, uid) == "z43zp6c3e75gkmz1kfwj6mbbx5sw281h"


def test_ids_of_the_first_user_tables_have_32_characters():
    assert {len(encode_id(number, bytes(16))) for number in (10_001, 10_050, 16_383)} == {32}
    assert encode_id(10_001, bytes(16)).startswith("j5")


@given(st.text(alphabet=ALPHABET, min_size=30, max_size=38))
@example("mz1xn7tymdnktmmzqy5xxhn7tjs2nkkfmtjjr")
@example("sssswsgggggggggsgcsssfafffsffks")
def test_only_what_encoding_makes_is_decoded(text):
    try:
        table_number, uid = decode_id(text)
    except LearnerError:
        return
    assert encode_id(table_number, uid) == text


@given(st.binary(min_size=19, max_size=23), st.data())
def test_only_what_encoding_makes_is_decoded_when_the_checksum_is_right(body, data):
    table_number = data.draw(table_numbers)
    text = encode_id(table_number, body[:16])
    position = data.draw(st.integers(0, len(text) - 1))
    changed = text[:position] + data.draw(st.sampled_from(ALPHABET)) + text[position + 1 :]
    try:
        decoded = decode_id(changed)
    except LearnerError:
        return
    assert encode_id(*decoded) == changed


@given(st.text())
def test_any_other_text_is_refused_with_a_reason(text):
    assert reason(text).startswith(("Invalid ", "ID wasn't valid base32"))


def test_reasons():
    good = encode_id(10_001, bytes(range(16)))
    assert reason("abcd") == "Invalid ID length 4"
    assert reason("é" * 20) == "Invalid ID length 40"
    assert reason(good[:-1] + "u") == "ID wasn't valid base32"
    assert reason(good.upper()) == "ID wasn't valid base32"
    assert reason("_" + good[1:]) == "ID wasn't valid base32"
    assert reason("0" * 32) == "Invalid table number"
    assert reason("z" * 37) == "Invalid table number"
    assert reason(good[:-4] + "0000").startswith("Invalid ID version 0 (expected ")
    assert reason(good + "0") == "Invalid ID length 33"


def test_a_new_uid_ends_with_the_day_since_1970():
    day = 86_400 * 1_000_000_000
    assert new_uid(b"\xaa" * 14, 20_000 * day + 5) == b"\xaa" * 14 + (20_000).to_bytes(2, "big")
