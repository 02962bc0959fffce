"""Sizes, names and the bounds of documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.errors import LearnerError
from sandbox.engine.values import (
    Int64,
    check_document_size,
    check_value,
    field_name_problem,
    identifier_problem,
    nesting_problem,
    readable_size,
    size_of,
)
from tests.engine.values.strategies import names, values


def refusal(call, *args):
    with pytest.raises(LearnerError) as caught:
        call(*args)
    return caught.value.message


def binary_form(value):
    """The value as Convex's size metric imagines it: a type byte, the contents, an end byte."""
    if isinstance(value, bool) or value is None:
        return b"t"
    if isinstance(value, float | Int64):
        return b"t" + bytes(8)
    if isinstance(value, str):
        return b"t" + value.encode() + b"\0"
    if isinstance(value, bytes):
        return b"t" + value + b"\0"
    if isinstance(value, list):
        return b"t" + b"".join(map(binary_form, value)) + b"\0"
    return b"t" + b"".join(name.encode() + b"\0" + binary_form(inner) for name, inner in value.items()) + b"\0"


@given(values)
def test_size_is_the_length_of_the_binary_form(value):
    assert size_of(value) == len(binary_form(value))


@pytest.mark.parametrize(
    ("value", "size"),
    [(None, 1), (True, 1), (1.0, 9), (Int64(1), 9), ("é", 4), (b"ab", 4), ([1.0], 11), ({"ab": None}, 6)],
)
def test_sizes(value, size):
    assert size_of(value) == size


def nested(depth):
    value = 1.0
    for _ in range(depth):
        value = {"a": value}
    return value


def test_documents_nest_16_levels():
    assert nesting_problem(nested(16)) is None
    assert nesting_problem(nested(17)) == "Document is too nested (nested 17 levels deep > maximum nesting 16)"


def test_documents_weigh_at_most_a_mebibyte():
    assert check_document_size({"a": "x" * (2**20 - 6)}) == 2**20
    assert refusal(check_document_size, {"a": "x" * 2**21}) == "Value is too large (2.00 MiB > maximum size 1 MiB)"


def test_values_built_in_python_meet_the_same_bounds():
    assert refusal(check_value, [0.0] * 8193) == "Array length is too long (8193 > maximum length 8192)"
    assert refusal(check_value, {"$a": 1.0}) == "Field name $a starts with '$', which is reserved."
    assert refusal(check_value, {str(n): 0.0 for n in range(1025)}).startswith("Object has too many fields (1025 >")


@pytest.mark.parametrize(
    ("size", "text"), [(700, "700 B"), (2**20, "1 MiB"), (1_310_720, "1.25 MiB"), (1536, "1.50 KiB"), (2**35, "32 GiB")]
)
def test_readable_sizes(size, text):
    assert readable_size(size) == text


@given(names)
def test_printable_ascii_makes_a_field_name(name):
    assert field_name_problem(name) is None


@given(st.text(max_size=6))
def test_a_field_name_is_good_or_has_a_reason(name):
    good = all(" " <= char <= "~" for char in name) and not name.startswith("$")
    assert (field_name_problem(name) is None) == good


@given(st.text(alphabet="aZ_9$é. ", max_size=66))
def test_an_identifier_is_good_or_has_a_reason(name):
    good = name.isascii() and name.isidentifier() and name.strip("_") != "" and len(name) <= 64
    assert (identifier_problem(name) is None) == good


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "Identifier cannot be empty"),
        ("1x", "Invalid first character '1' in 1x: Identifiers must start with an alphabetic character or underscore"),
        (
            "a-b",
            "Identifier a-b has invalid character '-': "
            "Identifiers can only contain alphanumeric characters or underscores",
        ),
        ("a" * 65, "Identifier is too long (65 > maximum 64)"),
        ("__", "Identifier __ cannot have exclusively underscores"),
    ],
)
def test_identifier_problems(name, problem):
    assert identifier_problem(name) == problem


def test_field_name_problems():
    assert field_name_problem("a\tb") == (
        "Field name a\tb has invalid character '\t': Field names can only contain non-control ASCII characters"
    )
    assert field_name_problem("") is None
