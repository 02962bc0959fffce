from __future__ import annotations

import contextlib
import math
import operator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.errors import LearnerError
from sandbox.engine.store.filter_expressions import compile_filter
from sandbox.engine.values import INT64_MAX, INT64_MIN, Int64, compare, encode

from .strategies import maybe_values, wire


def literal(value):
    return {"$literal": wire(value)}


def holds(expression, document=None) -> bool:
    return compile_filter(expression)(document or {})


def equals(expression, value) -> bool:
    return holds({"$eq": [expression, literal(value)]})


def refusal(expression, document=None) -> str:
    with pytest.raises(LearnerError) as caught:
        holds(expression, document)
    return caught.value.message


@settings(max_examples=300)
@given(maybe_values, maybe_values)
def test_comparisons_follow_the_order_of_indexes(left, right):
    for name in ("eq", "lt", "lte", "gt", "gte"):
        python = {"lte": "le", "gte": "ge"}.get(name, name)
        expected = getattr(operator, python)(compare(left, right), 0)
        assert holds({f"${name}": [literal(left), literal(right)]}) == expected
    assert holds({"$neq": [literal(left), literal(right)]}) == (compare(left, right) != 0)


def test_a_missing_field_is_undefined_and_below_null():
    assert holds({"$eq": [{"$field": "a.b"}, {"$literal": {"$undefined": None}}]}, {"a": {}})
    assert holds({"$lt": [{"$field": "a"}, {"$literal": None}]})


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ({"$add": [literal(1.0), literal(Int64(1))]}, "Cannot add 1.0 (type Float64) and 1 (type Int64)"),
        (
            {"$sub": [{"$field": "no"}, literal("x")]},
            'Cannot subtract undefined (type undefined) and "x" (type String)',
        ),
        ({"$div": [literal(Int64(1)), literal(Int64(0))]}, "Cannot divide 1 by zero"),
        ({"$mod": [literal(Int64(1)), literal(Int64(0))]}, "Cannot mod 1 by zero"),
        (
            {"$add": [literal(Int64(INT64_MAX)), literal(Int64(1))]},
            f"Cannot add {INT64_MAX} and 1: the result is out of range for Int64",
        ),
        ({"$neg": literal("x")}, 'Cannot negate "x" (type String)'),
        ({"$neg": literal(Int64(INT64_MIN))}, f"Cannot negate {INT64_MIN}: the result is out of range for Int64"),
        ({"$literal": 1}, "Cannot use value 1.0 (type Float64) as a Boolean"),
        ({"$not": {"$field": "no"}}, "Cannot use value undefined (type undefined) as a Boolean"),
        ({"$and": [literal(True), literal("x")]}, 'Cannot use value "x" (type String) as a Boolean'),
    ],
)
def test_operands_that_do_not_fit_are_refused_as_convex_does(expression, text):
    assert refusal(expression) == text


@pytest.mark.parametrize(("a", "b"), [(7, 2), (-7, 2), (7, -2), (-7, -2), (6, 3), (0, 5), (INT64_MIN, 3)])
def test_integer_division_goes_towards_zero(a, b):
    quotient = int(math.copysign(1, a * b)) * (abs(a) // abs(b))
    assert equals({"$div": [literal(Int64(a)), literal(Int64(b))]}, Int64(quotient))
    assert equals({"$mod": [literal(Int64(a)), literal(Int64(b))]}, Int64(a - b * quotient))


@pytest.mark.parametrize(
    ("a", "b", "quotient", "remainder"),
    [
        (1.0, 0.0, math.inf, math.nan),
        (-1.0, 0.0, -math.inf, math.nan),
        (0.0, 0.0, math.nan, math.nan),
        (-5.5, 2.0, -2.75, -1.5),
    ],
)
def test_float_arithmetic_is_ieee(a, b, quotient, remainder):
    assert equals({"$div": [literal(a), literal(b)]}, quotient)
    assert equals({"$mod": [literal(a), literal(b)]}, remainder)


def test_and_and_or_stop_at_the_first_decision():
    broken = {"$literal": "not a boolean"}
    assert not holds({"$and": [literal(False), broken]})
    assert holds({"$or": [literal(True), broken]})
    assert holds({"$and": []})
    assert not holds({"$or": []})


@settings(max_examples=200)
@given(
    st.recursive(
        st.none() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["$eq", "$and", "$field", "$literal", "$neg", "$oops"]), inner, max_size=2
            )
        ),
        max_leaves=6,
    )
)
def test_nonsense_is_a_learner_error_or_a_filter(expression):
    with contextlib.suppress(LearnerError):
        holds(expression, {"a": 1.0})


def test_a_filter_nested_without_end_is_refused():
    expression = encode(True)
    for _ in range(500):
        expression = {"$not": expression}
    assert refusal(expression).startswith("Invalid filter expression")


def test_a_filter_of_too_many_parts_is_refused():
    equal = {"$eq": [{"$field": "a"}, {"$literal": 1.0}]}
    compile_filter({"$or": [equal] * 5_000})
    with pytest.raises(LearnerError, match="a filter may have 16384 parts"):
        compile_filter({"$or": [equal] * 10_000})
