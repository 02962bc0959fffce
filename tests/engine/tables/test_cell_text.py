from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.errors import LearnerError
from sandbox.engine.tables import Column, cell_text, columns_of, parse_cell
from sandbox.engine.values import UNDEFINED, Int64, encode

from .conftest import SCHEMA

STRING = Column("name", frozenset({"string"}), False, "v.string()")
NUMBER = Column("bus", frozenset({"number"}), False, "v.float64()")
KINDS = [frozenset({"string"}), frozenset({"string", "number"}), frozenset({"string", "int64", "null"})]


def test_columns_are_those_of_the_schema_in_its_order():
    columns = columns_of(SCHEMA, "signups")
    assert list(columns) == ["ownerId", "name", "bus", "archivedAt"]
    assert columns["archivedAt"] == Column("archivedAt", frozenset({"number"}), True, "v.optional(v.float64())")
    assert columns_of(SCHEMA, "other") == {}


@pytest.mark.parametrize(
    ("text", "kinds", "value"),
    [
        ("12", {"string"}, "12"),
        ("12", {"number"}, 12.0),
        ("12", {"int64"}, Int64(12)),
        ("12", {"number", "int64"}, 12.0),
        ("12n", {"number", "int64"}, Int64(12)),
        ('"12"', {"string", "number"}, "12"),
        ("true", {"boolean"}, True),
        ("null", {"null", "string"}, None),
        ("[1, 2]", {"array"}, [1.0, 2.0]),
        ("NaN!", {"string", "number"}, "NaN!"),
        ("twelve", {"number"}, "twelve"),  # the validator says what is wrong with it
    ],
)
def test_a_text_is_read_by_the_types_of_its_field(text, kinds, value):
    parsed = parse_cell(text, Column("x", frozenset(kinds), False))
    assert type(parsed) is type(value)
    assert parsed == value


def test_an_empty_cell_is_no_field_where_that_may_be():
    assert parse_cell("", Column("x", frozenset({"string"}), True)) is UNDEFINED
    assert parse_cell('""', Column("x", frozenset({"string"}), True)) == ""
    assert parse_cell("", STRING) == ""
    with pytest.raises(LearnerError):
        parse_cell("", NUMBER)


values_ = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(['"', '""', "12", "12n", "null", "[]", " x ", '"a"']),
    st.floats(allow_nan=False),
    st.just(math.nan),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1).map(Int64),
    st.binary(max_size=4),
    st.lists(st.text(max_size=3), max_size=2),
)


@given(values_, st.booleans())
def test_what_is_written_is_read_back_in_a_field_of_any_type(value, optional):
    column = Column("x", optional=optional)
    assert encode(parse_cell(cell_text(value, column), column)) == encode(value)


@given(st.text(max_size=12), st.sampled_from(KINDS), st.booleans())
def test_every_string_is_read_back(value, kinds, optional):
    column = Column("x", kinds, optional)
    assert parse_cell(cell_text(value, column), column) == value
