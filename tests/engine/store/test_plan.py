from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.errors import LearnerError
from sandbox.engine.store.catalog import Index, Table
from sandbox.engine.store.plan import compile_range, parse_plan, parse_range
from sandbox.engine.values import compare, field_at

from .driver import by, scan
from .strategies import documents, maybe_values, wire

INDEX = Index.make(3, "i", ("a", "b.c", "_creationTime", "_id"))
TABLE = Table(
    "t",
    10001,
    {
        "by_id": Index.make(1, "by_id", ("_id",)),
        "by_creation_time": Index.make(2, "by_creation_time", ("_creationTime", "_id")),
        "i": INDEX,
        "staged": Index.make(4, "staged", ("a", "_creationTime", "_id"), is_staged=True),
    },
)
MORE = "For more information see https://docs.convex.dev/using/indexes."


def interval_of(*range_, index="i"):
    return parse_plan(by(f"t.{index}", *range_), {"t": TABLE}.get).interval


def refusal(*range_, index="i") -> str:
    with pytest.raises(LearnerError) as caught:
        interval_of(*range_, index=index)
    return caught.value.message


@pytest.mark.parametrize(
    ("range_", "text"),
    [
        (
            [("Eq", "z", 1.0)],
            'The index range included a comparison with "z", but t.i with fields ["a", "b.c", "_creationTime"] '
            f"doesn't index this field. {MORE}",
        ),
        (
            [("Eq", "b.c", 1.0)],
            "Tried to query index t.i but the query didn't use the index fields in order.\n"
            'Index fields: ["a", "b.c", "_creationTime"]\nQuery fields: ["b.c"]\nFirst incorrect field: "b.c"\n' + MORE,
        ),
        ([("Gt", "a", 1.0), ("Gte", "a", 3.0)], 'Already defined lower bound in index range. Can\'t add "a" >= 3.0.'),
        ([("Lt", "a", 1.0), ("Lte", "a", "x")], 'Already defined upper bound in index range. Can\'t add "a" <= "x".'),
        ([("Eq", "a", 1.0), ("Eq", "a", 2.0)], 'Already defined equality bound in index range. Can\'t add "a" == 1.0.'),
        (
            [("Eq", "a", 1.0), ("Gt", "a", 2.0)],
            'Already defined inequality bound in index range. Can\'t add "a" == 1.0.',
        ),
        (
            [("Gt", "a", 1.0), ("Lt", "b.c", 2.0)],
            "Upper and lower bounds in `range` can only be applied to a single index field. This query against index "
            't.i attempted to set a range bound on both "a" and "b.c". Consider using `filter` instead. '
            "See https://docs.convex.dev/using/indexes for more info.",
        ),
    ],
)
def test_a_range_that_does_not_fit_is_refused_as_convex_does(range_, text):
    assert refusal(*range_) == text


def test_by_id_shows_no_fields_and_compares_the_id():
    assert '["' not in refusal(("Eq", "a", 1.0), index="by_id").split("with fields")[1]
    assert interval_of(("Eq", "_id", "x"), index="by_id") is not None


def test_unknown_and_staged_indexes_are_refused():
    assert refusal(index="nope") == "Index t.nope not found."
    assert refusal(index="staged") == (
        "Index t.staged is currently staged and not available to query until it is enabled."
    )


def test_a_missing_table_has_no_interval_and_any_index():
    assert parse_plan(scan("missing"), {}.get).interval is None
    assert parse_plan(by("missing.i", ("Eq", "q", 1.0)), {}.get).interval is None


@pytest.mark.parametrize(
    "plan", [{}, {"source": None}, {"source": {"type": "IndexRange"}}, by("t.i", ("Eq", ["a"], 1))]
)
def test_nonsense_from_learner_code_is_a_learner_error(plan):
    with pytest.raises(LearnerError):
        parse_plan(plan, {"t": TABLE}.get)


@pytest.mark.parametrize("limit", [-1, 0.5, "1", None, float("inf"), True])
def test_a_limit_is_a_whole_number(limit):
    with pytest.raises(LearnerError):
        parse_plan(scan("t", {"limit": limit}), {"t": TABLE}.get)


def test_equalities_may_come_in_any_order():
    forward = interval_of(("Eq", "a", 1.0), ("Eq", "b.c", 2.0))
    assert forward == interval_of(("Eq", "b.c", 2.0), ("Eq", "a", 1.0))


SIGNS = {
    "Eq": lambda sign: sign == 0,
    "Gt": lambda sign: sign > 0,
    "Gte": lambda sign: sign >= 0,
    "Lt": lambda sign: sign < 0,
    "Lte": lambda sign: sign <= 0,
}


@st.composite
def ranges(draw):
    """Equalities on a prefix of (a, b.c), then bounds on the next field."""
    paths = ["a", "b.c"]
    equal = draw(st.integers(0, 2))
    range_ = [("Eq", path, draw(maybe_values)) for path in paths[:equal]]
    if equal < 2:
        if draw(st.booleans()):
            range_.append((draw(st.sampled_from(["Gt", "Gte"])), paths[equal], draw(maybe_values)))
        if draw(st.booleans()):
            range_.append((draw(st.sampled_from(["Lt", "Lte"])), paths[equal], draw(maybe_values)))
    return draw(st.permutations(range_))


BAD_DASH = (
    "Identifier a-b has invalid character '-': Identifiers can only contain alphanumeric characters or underscores"
)
BAD_DIGIT = "Invalid first character '1' in 1x: Identifiers must start with an alphabetic character or underscore"


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (scan("t", {"filter": {"$eq": [{"$field": "a-b"}, {"$literal": None}]}}), BAD_DASH),
        (scan("t", {"filter": {"$not": {"$field": ""}}}), "Empty path "),
        (
            scan("t", {"filter": {"$eq": [{"$field": "a"}, {"$literal": [0.0] * 8193}]}}),
            "Array length is too long (8193 > maximum length 8192)",
        ),
        (by("t.i", ("Eq", "a-b", 1.0)), BAD_DASH),
        (by("t.i", ("Eq", "a", {"$set": []})), "Received a Set which is no longer supported as a Convex type."),
        (by("missing.i", ("Gt", "1x", 1.0)), BAD_DIGIT),
        (scan("1x"), BAD_DIGIT),
        (by("1x.i"), BAD_DIGIT),
        (scan(""), "Identifier cannot be empty"),
    ],
)
def test_what_is_no_query_is_told_as_an_argument(plan, reason):
    for method in ("queryStream", "queryPage"):
        with pytest.raises(LearnerError) as caught:
            parse_plan(plan, {"t": TABLE}.get, method)
        assert caught.value.message == f"Invalid argument `query` for `{method}`: {reason}"


def test_points_around_a_field_path_say_nothing():
    assert interval_of(("Eq", ".a.", 1.0)) == interval_of(("Eq", "a", 1.0))
    (matches,) = parse_plan(
        scan("t", {"filter": {"$eq": [{"$field": "a."}, {"$literal": 1.0}]}}), {"t": TABLE}.get
    ).operators
    assert matches.matches({"a": 1.0})


@settings(max_examples=400, deadline=None)
@given(ranges(), documents(("a", "b")))
def test_an_interval_holds_exactly_the_documents_that_match(range_, body):
    document = {**body, "_creationTime": 1.0, "_id": "id"}
    expected = all(
        SIGNS[kind](compare(field_at(document, tuple(path.split("."))), value)) for kind, path, value in range_
    )
    wired = [{"type": kind, "fieldPath": path, "value": wire(value)} for kind, path, value in range_]
    general = compile_range(TABLE, INDEX, parse_range("t.i", wired))
    assert general.contains(INDEX.key(document)) == expected
    assert parse_plan(by("t.i", *((k, p, wire(v)) for k, p, v in range_)), {"t": TABLE}.get).interval == general
