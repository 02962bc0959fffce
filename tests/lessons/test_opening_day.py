"""The final task: roles are guessed and chosen, arguments are made from validators, and only the owner may ask."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.opening_day import making, roles
from lessons.opening_day.making import CannotMake, Maker
from sandbox.engine import FunctionInfo


def function(kind: str, args: Any = None, visibility: str = "public") -> FunctionInfo:
    return FunctionInfo(kind=kind, visibility=visibility, args=args, returns=None, file="convex/notes.ts", line=1)  # type: ignore[arg-type]


def shape(**fields: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "value": {name: {"fieldType": validator, "optional": False} for name, validator in fields.items()},
    }


STRING, NUMBER = {"type": "string"}, {"type": "number"}


def test_the_usual_names_need_no_choosing() -> None:
    functions = {
        "notes:add": function("mutation"),
        "notes:mine": function("query"),
        "notes:archiveNote": function("mutation"),
        "notes:restoreNote": function("mutation"),
        "privacy:eraseEverything": function("mutation"),
        "notes:internalAdd": function("mutation", visibility="internal"),
    }
    assert roles.guess(functions) == {
        "create": "notes:add",
        "list": "notes:mine",
        "archive": "notes:archiveNote",
        "restore": "notes:restoreNote",
        "erase": "privacy:eraseEverything",
    }


def test_what_was_said_wins_over_a_guess_and_a_function_plays_one_part() -> None:
    functions = {"a:add": function("mutation"), "a:hide": function("mutation"), "a:list": function("query")}
    whole = roles.complete({"create": "a:hide", "list": "a:gone"}, functions)
    assert whole["create"] == "a:hide"
    assert whole["list"] == "a:list"
    assert "a:hide" not in [path for role, path in whole.items() if role != "create"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "Say a function"),
        ({"sing": "a:add"}, "no role"),
        ({"create": 3}, "no role"),
        ({"create": "a:gone"}, "Deploy it first"),
        ({"create": "a:list"}, "needs a mutation"),
        ({"create": "a:add", "archive": "a:add"}, "two roles"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_in_words(body: Any, words: str) -> None:
    functions = {"a:add": function("mutation"), "a:list": function("query")}
    with pytest.raises(ValueError, match=words):
        roles.parse(body, functions)


def test_an_empty_choice_leaves_the_role_open() -> None:
    assert roles.parse({"create": ""}, {}) == {}


def test_arguments_carry_the_tag_and_the_caller() -> None:
    args = shape(title=STRING, ownerId=STRING, rating=NUMBER, email=STRING, confirm={"type": "boolean"})
    made = Maker("kqvtz", "alice", {}).arguments(function("mutation", args))
    assert made["ownerId"] == "alice"
    assert "kqvtz" in made["title"]
    assert made["email"] == "kqvtz@example.org"
    assert made["rating"] == making.A_FEW
    assert made["confirm"] is True


def test_a_row_that_is_needed_first_is_named() -> None:
    args = shape(project={"type": "id", "tableName": "projects"})
    with pytest.raises(CannotMake, match="projects"):
        Maker("t", "alice", {}).arguments(function("mutation", args))
    assert Maker("t", "alice", {"projects": "p1"}).arguments(function("mutation", args)) == {"project": "p1"}


def test_pages_hold_every_row_and_begin_at_the_start() -> None:
    given_ = {"paginationOpts": {"numItems": 1.0, "cursor": "x"}, "limit": 1.0, "ownerId": "alice"}
    assert making.large_pages(given_) == {
        "paginationOpts": {"numItems": making.MANY, "cursor": None},
        "limit": making.MANY,
        "ownerId": "alice",
    }


leaf = st.sampled_from(
    [STRING, NUMBER, {"type": "boolean"}, {"type": "null"}, {"type": "bigint"}, {"type": "literal", "value": "open"}]
)
validators = st.recursive(
    leaf,
    lambda inner: st.one_of(
        inner.map(lambda value: {"type": "array", "value": value}),
        st.lists(inner, min_size=1, max_size=3).map(lambda members: {"type": "union", "value": members}),
        st.dictionaries(st.sampled_from(["title", "ownerId", "size", "note"]), inner, max_size=3).map(
            lambda fields: shape(**fields)
        ),
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["title", "ownerId", "size", "tags", "confirm"]), validators, max_size=4))
def test_what_is_made_fits_the_validator(fields: dict[str, Any]) -> None:
    args = shape(**fields)
    made = Maker("tag", "alice", {}).arguments(function("mutation", args))
    assert fits(args, made)


def fits(validator: Any, value: Any) -> bool:
    match validator["type"]:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, float)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "bigint":
            return isinstance(value, dict) and "$integer" in value
        case "literal":
            return bool(value == validator["value"])
        case "array":
            return isinstance(value, list) and all(fits(validator["value"], entry) for entry in value)
        case "union":
            return any(fits(member, value) for member in validator["value"])
        case _:
            fields = validator["value"]
            return (
                isinstance(value, dict)
                and all(name in fields for name in value)
                and all(fits(fields[name]["fieldType"], entry) for name, entry in value.items())
                and all(name in value or fields[name]["optional"] for name in fields)
            )


@given(st.text(max_size=8), st.floats(allow_nan=False))
def test_every_text_is_once_replaced_by_a_number(text: str, number: float) -> None:
    given_ = {"a": text, "b": number, "c": {"d": text, "e": None}}
    assert list(making.with_wrong_type(given_)) == [
        {**given_, "a": 42.0},
        {**given_, "c": {"d": 42.0, "e": None}},
    ]
