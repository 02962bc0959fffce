"""Validator JSON that is refused, and with which words."""

from __future__ import annotations

import pytest

from sandbox.engine.errors import LearnerError
from sandbox.engine.schema import parse_validator

STRING = {"type": "string"}


def refusal(json):
    with pytest.raises(LearnerError) as caught:
        parse_validator(json)
    return caught.value


def record(keys, optional=False):
    return {"type": "record", "keys": keys, "values": {"fieldType": STRING, "optional": optional}}


def obj(name, validator=STRING):
    return {"type": "object", "value": {name: {"fieldType": validator, "optional": False}}}


@pytest.mark.parametrize(
    ("json", "message"),
    [
        (
            record({"type": "number"}),
            "Records can only have string keys. Your validator contains a record with key typed as `v.float64()`, "
            "which is not a subtype of `v.string()`",
        ),
        (record({"type": "literal", "value": "x"}), "Records cannot have string literal keys"),
        (
            record({"type": "union", "value": [STRING, {"type": "literal", "value": "x"}]}),
            "Records cannot have string literal keys",
        ),
        (record(STRING, optional=True), "Records cannot have optional values"),
    ],
)
def test_record_rules(json, message):
    assert refusal(json).message == message
    assert refusal(json).code == "InvalidRecordType"


def test_record_keys_may_be_ids():
    assert str(parse_validator(record({"type": "id", "tableName": "users"}))) == 'v.record(v.id("users"), v.string())'


@pytest.mark.parametrize(
    ("json", "message"),
    [
        (obj("a b"), "Identifier a b has invalid character ' ': "
         "Identifiers can only contain alphanumeric characters or underscores"),
        (obj("$a"), "Field name $a starts with '$', which is reserved."),
        (obj("a", record(STRING, optional=True)),
         "Invalid validator for key `a`: Records cannot have optional values"),
        ({"type": "id", "tableName": "1x"},
         "Invalid first character '1' in 1x: Identifiers must start with an alphabetic character or underscore"),
        ({"type": "literal", "value": None}, "Value null is not a valid literal."),
        ({"type": "literal", "value": [1]}, "Value [1.0] is not a valid literal."),
        (
            {"type": "literal", "value": {"$float": "AAAAAAAA8H8="}},
            "Infinite or NaN values are not supported in literal validators.",
        ),
        ({"type": "commitTs"}, "`v.commitTs()` is not available in this sandbox."),
        ({"type": "date"}, "Unknown validator type `date`"),
    ],
)  # fmt: skip
def test_refusals(json, message):
    assert refusal(json).message == message


@pytest.mark.parametrize(
    "json",
    [
        None,
        [],
        {},
        {"type": 1},
        {"type": "array"},
        {"type": "array", "value": None},
        {"type": "union", "value": {}},
        {"type": "object", "value": []},
        {"type": "record", "keys": STRING, "values": STRING},
        {"type": "id"},
        {"type": "literal"},
    ],
)
def test_json_of_another_shape_is_refused(json):
    assert refusal(json).message.startswith("Malformed validator")


def test_a_field_of_another_shape_is_named():
    json = {"type": "object", "value": {"a": STRING}}
    assert refusal(json).message == "Invalid validator for key `a`: Malformed validator: expected `fieldType`"


def test_a_bottomless_validator_is_refused():
    json = STRING
    for _ in range(200):
        json = {"type": "array", "value": json}
    assert refusal(json).message == "Validator is too nested (maximum nesting 64)"
