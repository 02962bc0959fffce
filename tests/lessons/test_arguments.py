from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lessons.arguments import arguments

ROW = {"_id": "k57", "_creationTime": 1.0, "ownerId": "alice", "name": "Minh Anh", "bus": 2.0}
ID, TEXT, NUMBER = {"type": "id", "tableName": "signups"}, {"type": "string"}, {"type": "number"}


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
