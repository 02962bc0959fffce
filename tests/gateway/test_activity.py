"""What the page is told of a read: the fields that an index could find instead of a filter."""

from __future__ import annotations

import pytest

from sandbox.engine import ReadNote
from sandbox.gateway.activity import filtered_fields


def compare(operator: str, field: str) -> dict:
    return {operator: [{"$field": field}, {"$literal": 1.0}]}


@pytest.mark.parametrize(
    ("expression", "fields"),
    [
        (compare("$eq", "bus"), ["bus"]),
        ({"$and": [compare("$gt", "age"), compare("$eq", "bus")]}, ["bus", "age"]),
        ({"$and": [compare("$eq", "a"), {"$and": [compare("$lt", "b"), compare("$eq", "a")]}]}, ["a", "b"]),
        ({"$or": [compare("$eq", "a"), compare("$eq", "b")]}, []),
        ({"$not": compare("$eq", "a")}, []),
        (compare("$neq", "a"), []),
        ({"$eq": [{"$literal": 1.0}, {"$field": "a.b"}]}, ["a.b"]),
        ({"$literal": True}, []),
        (None, []),
    ],
)
def test_only_fields_that_narrow_every_row_are_named(expression, fields):
    operators = [{"filter": expression}, {"limit": 3}]
    assert filtered_fields(ReadNote("signups", None, [], "asc", operators=operators)) == fields
