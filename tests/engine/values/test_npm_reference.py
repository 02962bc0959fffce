"""Values, sizes, order and validators as the npm package `convex` has them, asked as often as Hypothesis likes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.engine.errors import LearnerError
from sandbox.engine.schema import parse_validator
from sandbox.engine.values import Int64, compare, decode, dumps, encode, loads, size_of
from tests.engine.values.strategies import blobs, int64s, names, texts

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = Path(__file__).with_name("npm_reference.mjs")

many = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# JavaScript does not promise to keep the bits of a NaN, and sets a prototype where it is told to set `__proto__`.
floats = st.one_of(st.floats(allow_nan=False), st.sampled_from([-0.0, 0.0, float("nan"), 5e-324, 1e16, 1e21, 1e-7]))
scalars = st.one_of(st.none(), int64s, floats, st.booleans(), texts, blobs)
fields = names.filter(lambda name: name != "__proto__")
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(fields, inner, max_size=3)),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def npm(tools):
    command = [str(tools.deno), "run", "--allow-all", str(SCRIPT), str(ROOT / "static" / "src")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:

        def ask(what: str, **question: Any) -> Any:
            process.stdin.write(json.dumps({"ask": what, **question}) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            return answer["is"] if "is" in answer else LearnerError(answer["error"])

        yield ask
        process.stdin.close()


@many
@given(value=values)
def test_values_are_written_and_weighed_alike(npm, value):
    answer = npm("value", json=encode(value))
    assert dumps(decode(_floats(answer["json"]))) == dumps(value)
    assert answer["size"] == size_of(value)


@many
@given(document=st.dictionaries(fields, values, max_size=4))
def test_documents_weigh_alike(npm, document):
    whole = {**document, "_id": "j" * 32, "_creationTime": 1.5}
    assert npm("document", json=encode(whole)) == size_of(whole)


@many
@given(left=values, right=values)
def test_values_are_ordered_alike(npm, left, right):
    assert npm("order", left=encode(left), right=encode(right)) == compare(left, right)


near = st.one_of(
    st.integers(-2, 2).map(Int64), st.sampled_from([-1.0, -0.0, 0.0, 1.0, float("nan"), True, False, "", "a"])
)
nested = st.recursive(
    near, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner))
)


@many
@given(left=nested, right=nested)
def test_values_that_nearly_equal_are_ordered_alike(npm, left, right):
    assert npm("order", left=encode(left), right=encode(right)) == compare(left, right)


@pytest.mark.parametrize(
    "malformed",
    [
        {"$integer": "AAA="},
        {"$integer": 5},
        {"$float": "AAAAAAAA8D8="},
        {"$float": "AAAA"},
        {"$float": 1},
        {"$bytes": 5},
        {"$set": []},
        {"$map": []},
        {"$other": 1},
        {"$a": 1, "b": 2},
        {"é": 1},
        {"\x7f": 1},
        {"\n": 1},
        {"a" * 1025: 1},
    ],
)
def test_what_the_library_refuses_is_refused(npm, malformed):
    assert isinstance(npm("value", json=malformed), LearnerError)
    with pytest.raises(LearnerError):
        decode(malformed)
    with pytest.raises(LearnerError):
        loads(json.dumps(malformed))


# --- validators: what prints one makes it again

identifiers = st.from_regex(r"[a-z][A-Za-z0-9_]{0,5}", fullmatch=True)
literals = st.one_of(
    st.sampled_from(['v.literal("a")', 'v.literal("\\"\\\\")', "v.literal(1.0)", "v.literal(-0.5)", "v.literal(true)"])
)
plain = st.sampled_from(
    ["v.null()", "v.float64()", "v.int64()", "v.boolean()", "v.string()", "v.bytes()", "v.any()", 'v.id("users")']
)
sources = st.recursive(
    st.one_of(plain, literals),
    lambda inner: st.one_of(
        inner.map("v.array({})".format),
        st.lists(inner, max_size=3).map(lambda members: f"v.union({', '.join(members)})"),
        inner.map("v.record(v.string(), {})".format),
        inner.map('v.record(v.id("users"), {})'.format),
        st.dictionaries(identifiers, st.tuples(inner, st.booleans()), max_size=3).map(
            lambda declared: (
                "v.object({"
                + ", ".join(
                    f"{name}: v.optional({kind})" if optional else f"{name}: {kind}"
                    for name, (kind, optional) in sorted(declared.items())
                )
                + "})"
            )
        ),
    ),
    max_leaves=8,
)


@many
@given(source=sources)
def test_a_printed_validator_is_the_source_that_makes_it(npm, source):
    assert str(parse_validator(npm("validator", source=source))) == source


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("v.number()", "v.float64()"),
        ("v.bigint()", "v.int64()"),
        ("v.literal(5n)", "v.literal(<bigint>)"),
        ("v.literal(1)", "v.literal(1.0)"),
        ("v.nullable(v.string())", "v.union(v.string(), v.null())"),
        ("v.nullable(v.union(v.string(), v.float64()))", "v.union(v.union(v.string(), v.float64()), v.null())"),
        ("v.array(v.nullable(v.id('t')))", 'v.array(v.union(v.id("t"), v.null()))'),
        ("v.object({ b: v.string(), a: v.optional(v.null()) })", "v.object({a: v.optional(v.null()), b: v.string()})"),
        (
            "v.object({ a: v.string(), b: v.null() }).partial()",
            "v.object({a: v.optional(v.string()), b: v.optional(v.null())})",
        ),
        ("v.object({ a: v.string(), b: v.null() }).pick('b')", "v.object({b: v.null()})"),
        ("v.object({ a: v.string(), b: v.null() }).omit('b')", "v.object({a: v.string()})"),
        ("v.object({ a: v.string() }).extend({ b: v.null() })", "v.object({a: v.string(), b: v.null()})"),
        ("v.object({ a: v.string().optional() })", "v.object({a: v.optional(v.string())})"),
        ("v.record(v.union(v.id('a'), v.string()), v.any())", 'v.record(v.union(v.id("a"), v.string()), v.any())'),
        ("v.union()", "v.union()"),
        ("v.union(v.string())", "v.union(v.string())"),
        ("v.object({})", "v.object({})"),
    ],
)
def test_what_validator_algebra_exports(npm, source, printed):
    assert str(parse_validator(npm("validator", source=source))) == printed


def _floats(json_value: Any) -> Any:
    """Every JSON number as a float, as our own reader makes them."""
    return json.loads(json.dumps(json_value), parse_int=float)
