"""What validators accept, what they refuse, and what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.schema import ValidationError, display_validator, is_subset, parse_validator
from sandbox.engine.values import Int64, encode_id
from tests.engine.schema.strategies import Tables, accepted, refused, validator_json
from tests.engine.values.strategies import values

TABLES = Tables()
NUMBER, STRING, NULL, ANY = {"type": "number"}, {"type": "string"}, {"type": "null"}, {"type": "any"}
TEAM_ID = encode_id(10_001, bytes(16))
USER_ID = encode_id(10_002, bytes(16))


def field(validator, optional=False):
    return {"fieldType": validator, "optional": optional}


def obj(**fields):
    return {"type": "object", "value": {name: f if "optional" in f else field(f) for name, f in fields.items()}}


def union(*members):
    return {"type": "union", "value": list(members)}


def array(element):
    return {"type": "array", "value": element}


def record(keys, inner):
    return {"type": "record", "keys": keys, "values": field(inner)}


def literal(value):
    return {"type": "literal", "value": value}


def of(table):
    return {"type": "id", "tableName": table}


def refusal(json, value):
    with pytest.raises(ValidationError) as caught:
        parse_validator(json).check(value, TABLES)
    assert caught.value.code == "ValidationError"
    return caught.value.message


def accepts(json, value):
    return parse_validator(json).mismatch(value, TABLES) is None


@given(validator_json, st.data())
def test_a_value_made_to_match_is_accepted(json, data):
    parse_validator(json).check(accepted(data.draw, json), TABLES)


@given(validator_json, st.data())
def test_a_value_made_not_to_match_is_refused(json, data):
    assert refusal(json, refused(data.draw, json))


@given(values)
def test_any_accepts_every_value_and_an_empty_union_none(value):
    assert accepts(ANY, value)
    assert not accepts(union(), value)


@given(validator_json, validator_json, st.data())
def test_a_subset_accepts_no_more(narrow, wide, data):
    if is_subset(parse_validator(narrow), parse_validator(wide)):
        assert accepts(wide, accepted(data.draw, narrow))


@given(validator_json)
def test_every_validator_is_a_subset_of_itself_and_of_any(json):
    assert is_subset(parse_validator(json), parse_validator(json))
    assert is_subset(parse_validator(json), parse_validator(ANY))


def test_subsets_worth_knowing():
    def subset(narrow, wide):
        return is_subset(parse_validator(narrow), parse_validator(wide))

    assert subset(obj(a=NUMBER), obj(a=NUMBER, b=field(STRING, optional=True)))
    assert subset(obj(a=literal("x")), obj(a=field(union(STRING, NULL), optional=True)))
    assert subset({"type": "boolean"}, union(literal(True), literal(False)))
    assert subset(of("users"), STRING)
    assert not subset(obj(a=NUMBER), obj(a=NUMBER, b=STRING))
    assert not subset(obj(a=NUMBER, b=NUMBER), obj(a=NUMBER))
    assert not subset(obj(a=field(NUMBER, optional=True)), obj(a=NUMBER))
    assert not subset(literal(1), union(literal(True), STRING))


def test_a_number_is_a_float_and_nothing_else():
    assert accepts(NUMBER, float("nan"))
    assert not accepts(NUMBER, Int64(1))
    assert not accepts(NUMBER, True)


def test_a_literal_is_equal_by_type_and_bits():
    assert accepts(literal(1), 1.0)
    assert not accepts(literal(1), Int64(1))
    assert not accepts(literal(1), True)
    assert not accepts(literal(0), -0.0)


def test_optional_means_absent_and_never_null():
    json = obj(a=field(NUMBER, optional=True))
    assert accepts(json, {})
    assert not accepts(json, {"a": None})


def test_wrong_type_says_path_value_and_validator():
    assert refusal(NUMBER, "a") == 'Value does not match validator.\n\nValue: "a"\nValidator: v.float64()'
    json = obj(a=array(obj(b=STRING)))
    assert refusal(json, {"a": [{"b": "x"}, {"b": 1.0}]}) == (
        "Value does not match validator.\nPath: .a[1].b\nValue: 1.0\nValidator: v.string()"
    )


def test_a_missing_field():
    assert refusal(obj(b=NUMBER, a=field(STRING, optional=True)), {"a": "x"}) == (
        "Object is missing the required field `b`. Consider wrapping the field validator in `v.optional(...)` "
        "if this is expected.\n\n"
        'Object: {a: "x"}\nValidator: v.object({a: v.optional(v.string()), b: v.float64()})'
    )


def test_an_extra_field():
    assert refusal(obj(o=obj(a=NUMBER)), {"o": {"a": 1.0, "z": None, "b": True}}) == (
        "Object contains extra field `b` that is not in the validator.\nPath: .o\n"
        "Object: {a: 1.0, b: true, z: null}\nValidator: v.object({a: v.float64()})"
    )


def test_declared_fields_come_first_and_in_ascending_order():
    json = obj(m=NUMBER, c=NUMBER)
    assert "Path: .c\n" in refusal(json, {"m": "", "c": "", "a": ""})
    assert "missing the required field `c`" in refusal(json, {"m": "", "a": ""})
    assert "extra field `a`" in refusal(json, {"m": 1.0, "c": 1.0, "z": "", "a": ""})


def test_a_literal_that_differs():
    assert refusal(literal("draft"), "done") == '`"done"` does not match literal validator `v.literal("draft")`.'
    assert refusal(obj(n=literal(1)), {"n": 2.0}) == (
        "`2.0` does not match literal validator `v.literal(1.0)`.Path: .n"
    )


def test_ids():
    assert accepts(of("teams"), TEAM_ID)
    assert refusal(of("teams"), USER_ID) == (
        f'Found ID "{USER_ID}" from table `users`, which does not match the table name in validator `v.id("teams")`.'
    )
    assert refusal(obj(t=of("teams")), {"t": USER_ID}).endswith('validator `v.id("teams")`.Path: .t')
    system_id = encode_id(20, bytes(16))
    assert accepts(of("_storage"), system_id)
    assert refusal(of("teams"), system_id) == (
        f'Found ID "{system_id}" from a system table, which does not match the table name in validator `v.id("teams")`.'
    )


@pytest.mark.parametrize("value", ["not an id", encode_id(10_099, bytes(16)), 1.0])
def test_what_is_no_id_of_any_table_does_not_match(value):
    assert refusal(of("teams"), value).startswith("Value does not match validator.\n")


def test_records():
    json = record(of("users"), NUMBER)
    assert accepts(json, {USER_ID: 1.0})
    assert "\nPath: .keys()\n" in refusal(json, {"bob": 1.0})
    assert "\nPath: .values()\n" in refusal(json, {USER_ID: "1"})


def test_a_union_of_one_says_what_its_member_says():
    assert refusal(union(obj(a=NUMBER)), {}) == refusal(obj(a=NUMBER), {})
    assert refusal(union(NUMBER, NULL), "x") == (
        'Value does not match validator.\n\nValue: "x"\nValidator: v.union(v.float64(), v.null())'
    )


@pytest.mark.parametrize(
    ("json", "shown"),
    [
        (ANY, "v.any()"),
        ({"type": "bigint"}, "v.int64()"),
        ({"type": "bytes"}, "v.bytes()"),
        ({"type": "boolean"}, "v.boolean()"),
        (of("users"), 'v.id("users")'),
        (array(NULL), "v.array(v.null())"),
        (record(STRING, NUMBER), "v.record(v.string(), v.float64())"),
        (union(), "v.union()"),
        (union(literal("x"), NULL), 'v.union(v.literal("x"), v.null())'),
        (literal(True), "v.literal(true)"),
        (literal(0.5), "v.literal(0.5)"),
        (literal({"$integer": "BQAAAAAAAAA="}), "v.literal(<bigint>)"),
        (obj(b=field(STRING, optional=True), a=NUMBER), "v.object({a: v.float64(), b: v.optional(v.string())})"),
    ],
)
def test_validators_print_as_the_code_that_makes_them(json, shown):
    assert display_validator(parse_validator(json)) == shown


# --- unions: found by kind, and bounded


@given(st.lists(validator_json, min_size=2, max_size=5), st.data())
def test_a_union_accepts_what_any_member_accepts(members, data):
    value = data.draw(st.one_of(values, *(made_for(member) for member in members)))
    assert accepts(union(*members), value) == any(accepts(member, value) for member in members)


def made_for(json):
    return st.composite(lambda draw: accepted(draw, json))()


def test_a_union_of_many_literals_is_looked_up():
    validator = parse_validator(array(union(*(literal(float(n)) for n in range(50_000)))))
    validator.check([float(n) for n in range(8_192)], TABLES)
    with pytest.raises(ValidationError):
        validator.check([0.5], TABLES)


def test_a_union_too_wide_for_so_many_values_is_refused():
    validator = parse_validator(array(union(*(obj(**{f"f{n}": ANY}) for n in range(1_000)))))
    with pytest.raises(ValidationError) as caught:
        validator.check([{"f999": None}] * 8_192, TABLES)
    assert caught.value.code == "ValidationTooLong"
    validator.check([{"f999": None}] * 500, TABLES)


def test_unions_too_wide_to_compare_are_taken_for_different():
    def wide(count):
        return parse_validator(union(*(literal(float(n)) for n in range(count))))

    assert is_subset(wide(50), wide(100))
    assert not is_subset(wide(3_000), wide(3_001))
