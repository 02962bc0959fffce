from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from lessons.arguments import arguments, fits_anywhere, takes_id
from sandbox.engine import decode
from sandbox.engine.schema import parse_validator
from sandbox.engine.values import encode_id

ROW = {"_id": "k57", "_creationTime": 1.0, "ownerId": "alice", "name": "Minh Anh", "bus": 2.0}
ID, TEXT, NUMBER = {"type": "id", "tableName": "signups"}, {"type": "string"}, {"type": "number"}


class Tables:
    def name_of(self, table_no: int) -> str | None:
        return "signups"


ROW_OF_STORE = {**ROW, "_id": encode_id(10_001, bytes(range(16)))}


def an_object(**fields: Any) -> dict[str, Any]:
    """A validator with these fields; a field in a list is optional."""
    value = {
        name: {"fieldType": field[0] if isinstance(field, list) else field, "optional": isinstance(field, list)}
        for name, field in fields.items()
    }
    return {"type": "object", "value": value}


def function(**fields: Any) -> Any:
    return SimpleNamespace(args=an_object(**fields))


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        ({"id": ID}, {"id": "k57"}),
        ({"signupId": ID}, {"signupId": "k57"}),
        ({"whichever": {"type": "union", "value": [ID, {"type": "null"}]}}, {"whichever": "k57"}),
        ({"id": TEXT}, {"id": "k57"}),
        ({"row": TEXT, "archivedBy": TEXT}, {"row": "k57", "archivedBy": "alice"}),
        ({"by": TEXT, "signup": {"type": "any"}}, {"by": "alice", "signup": "k57"}),
        ({"id": ID, "at": NUMBER, "note": [TEXT]}, {"id": "k57", "at": 1.0}),
        ({"id": ID, "ownerId": TEXT, "bus": NUMBER}, {"id": "k57", "ownerId": "alice", "bus": 2.0}),
        ({"id": ID, "kind": {"type": "literal", "value": "soft"}}, {"id": "k57", "kind": "soft"}),
        ({"target": {"type": "object", "value": {}}, "id": [ID]}, {"target": {}, "id": "k57"}),
        ({"ownerId": TEXT}, {"ownerId": "alice"}),
        ({"ids": {"type": "array", "value": ID}}, {"ids": ["k57"]}),
        (
            {"signup": an_object(_id=ID, name=TEXT, by=TEXT)},
            {"signup": {"_id": "k57", "name": "Minh Anh", "by": "alice"}},
        ),
    ],
)
def test_the_id_is_found_whatever_it_is_called(fields: dict[str, Any], given: dict[str, Any]) -> None:
    assert arguments(function(**fields), "signups", ROW, wants_id=True) == given


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        ({"ownerId": TEXT}, {"ownerId": "alice"}),
        ({"owner": TEXT}, {"owner": "alice"}),
        ({"ownerId": [TEXT]}, {"ownerId": "alice"}),
        ({"limit": [NUMBER]}, {}),
        ({}, {}),
    ],
)
def test_a_list_is_asked_for_the_rows_owner(fields: dict[str, Any], given: dict[str, Any]) -> None:
    assert arguments(function(**fields), "signups", ROW, wants_id=False) == given


@pytest.mark.parametrize("args", [None, {"type": "any"}])
def test_a_function_that_declares_nothing_gets_every_usual_name(args: Any) -> None:
    given = arguments(SimpleNamespace(args=args), "signups", ROW, wants_id=True)
    assert given == {
        "id": "k57", "_id": "k57", "signupId": "k57", "ownerId": "alice", "name": "Minh Anh", "bus": 2.0
    }  # fmt: skip


CREATE = {"ownerId": "alice", "name": "Minh Anh", "bus": 2.0}


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        ({"fullName": TEXT, "busNumber": NUMBER}, {"fullName": "Minh Anh", "busNumber": 2.0}),
        ({"signup": an_object(name=TEXT, bus=NUMBER)}, {"signup": {"name": "Minh Anh", "bus": 2.0}}),
        ({"name": NUMBER}, {"name": 1.0}),
        ({"bus": {"type": "union", "value": [{"type": "literal", "value": 2.0}, TEXT]}}, {"bus": 2.0}),
        ({"trip": {"type": "id", "tableName": "trips"}}, {"trip": "t1"}),
        ({"paginationOpts": an_object(numItems=NUMBER, cursor={"type": "union", "value": [TEXT, {"type": "null"}]},
                                      id=[NUMBER])}, {"paginationOpts": {"numItems": 100.0, "cursor": None}}),
        ({"tags": {"type": "array", "value": TEXT}, "extra": {"type": "record"}}, {"tags": [], "extra": {}}),
    ],
)  # fmt: skip
def test_a_row_that_is_yet_to_be_made_is_meant_by_names_that_are_alike(
    fields: dict[str, Any], given: dict[str, Any]
) -> None:
    assert arguments(function(**fields), "signups", CREATE, wants_id=False, ids={"trips": "t1"}) == given


@pytest.mark.parametrize(
    ("fields", "takes"),
    [({"id": ID}, True), ({"id": [ID]}, True), ({"which": {"type": "any"}}, True), ({"ownerId": TEXT}, False),
     ({"owner": TEXT}, False), ({"bus": NUMBER}, False), ({"in": an_object(it=TEXT, of=ID)}, True)],
)  # fmt: skip
def test_whether_a_function_can_know_the_row(fields: dict[str, Any], takes: bool) -> None:
    assert takes_id(function(**fields), "signups", ROW) == takes


NAMES = st.sampled_from(["id", "signupId", "owner", "ownerId", "name", "newName", "bus", "at", "note", "data", "it"])
SIMPLE = st.sampled_from(
    [*({"type": kind} for kind in ("string", "number", "boolean", "null", "any", "bigint", "bytes")), ID,
     {"type": "literal", "value": "soft"}, {"type": "literal", "value": 3.0}]
)  # fmt: skip


def _larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    field = st.tuples(inner, st.booleans()).map(lambda pair: {"fieldType": pair[0], "optional": pair[1]})
    return (
        st.dictionaries(NAMES, field, max_size=4).map(lambda fields: {"type": "object", "value": fields})
        | inner.map(lambda each: {"type": "array", "value": each})
        | st.lists(inner, min_size=1, max_size=3).map(lambda each: {"type": "union", "value": each})
    )


VALIDATORS = st.recursive(SIMPLE, _larger, max_leaves=8)


@hypothesis.given(
    st.dictionaries(NAMES, st.tuples(VALIDATORS, st.booleans()), max_size=5),
    st.booleans(),
)
def test_whatever_a_function_declares_its_arguments_are_accepted(fields: dict[str, Any], wants_id: bool) -> None:
    validator = {
        "type": "object",
        "value": {name: {"fieldType": each, "optional": optional} for name, (each, optional) in fields.items()},
    }
    given_ = arguments(SimpleNamespace(args=validator), "signups", ROW_OF_STORE, wants_id=wants_id)
    parse_validator(validator).check(decode(given_), Tables())


@hypothesis.given(VALIDATORS, st.booleans())
def test_a_declared_id_is_given_when_it_is_wanted(other: Any, optional: bool) -> None:
    fields = {"other": {"fieldType": other, "optional": True}, "target": {"fieldType": ID, "optional": optional}}
    made = SimpleNamespace(args={"type": "object", "value": fields})
    assert fits_anywhere(arguments(made, "signups", ROW_OF_STORE, wants_id=True), ROW_OF_STORE["_id"])
