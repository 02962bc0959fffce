"""Validators for Hypothesis, with values that they accept and values that they refuse."""

from __future__ import annotations

import math

from hypothesis import assume
from hypothesis import strategies as st

from sandbox.engine.values import Int64, decode, encode, encode_id
from tests.engine.values.strategies import blobs, floats, int64s, texts

TABLES = {"teams": 10_001, "users": 10_002}
field_names = st.sampled_from(["a", "b", "c", "d", "name"])
uids = st.binary(min_size=16, max_size=16)


class Tables:
    """The tables of a store that has two, beside the system's."""

    NAMES = {number: name for name, number in TABLES.items()} | {20: "_storage"}

    def name_of(self, table_no):
        return self.NAMES.get(table_no)


SIMPLE = {
    "null": st.none(),
    "number": floats,
    "bigint": int64s,
    "boolean": st.booleans(),
    "string": texts,
    "bytes": blobs,
}
literals = st.one_of(floats.filter(math.isfinite), int64s, st.booleans(), texts)


def _optional(inner):
    return st.fixed_dictionaries({"fieldType": inner, "optional": st.booleans()})


def _extend(inner):
    required = st.fixed_dictionaries({"fieldType": inner, "optional": st.just(False)})
    return st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "value": inner}),
        st.fixed_dictionaries({"type": st.just("union"), "value": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"type": st.just("record"), "keys": st.just({"type": "string"}), "values": required}),
        st.fixed_dictionaries(
            {"type": st.just("object"), "value": st.dictionaries(field_names, _optional(inner), max_size=3)}
        ),
    )


leaves = st.one_of(
    st.sampled_from([{"type": name} for name in SIMPLE]),
    st.sampled_from(sorted(TABLES)).map(lambda table: {"type": "id", "tableName": table}),
    literals.map(lambda value: {"type": "literal", "value": encode(value)}),
)
validator_json = st.recursive(leaves, _extend, max_leaves=6)


def accepted(draw, json):
    """A value that the validator accepts."""
    match json["type"]:
        case "id":
            return encode_id(TABLES[json["tableName"]], draw(uids))
        case "literal":
            return decode(json["value"])
        case "array":
            return [accepted(draw, json["value"]) for _ in range(draw(st.integers(0, 2)))]
        case "union":
            return accepted(draw, draw(st.sampled_from(json["value"])))
        case "record":
            return {name: accepted(draw, json["values"]["fieldType"]) for name in draw(st.sets(field_names))}
        case "object":
            chosen = {
                name: field for name, field in json["value"].items() if not field["optional"] or draw(st.booleans())
            }
            return {name: accepted(draw, field["fieldType"]) for name, field in chosen.items()}
        case simple:
            return draw(SIMPLE[simple])


def refused(draw, json):
    """A value that the validator refuses: wrong at the top, or wrong in one place inside."""
    match json["type"]:
        case "array" if draw(st.booleans()):
            return [*accepted(draw, json), refused(draw, json["value"])]
        case "record" if draw(st.booleans()):
            return accepted(draw, json) | {"x": refused(draw, json["values"]["fieldType"])}
        case "object" if json["value"] and draw(st.booleans()):
            name = draw(st.sampled_from(sorted(json["value"])))
            field = json["value"][name]
            others = {key: value for key, value in accepted(draw, json).items() if key != name}
            if not field["optional"] and draw(st.booleans()):
                return others
            return others | {name: refused(draw, field["fieldType"])}
        case "object":
            return accepted(draw, json) | {"extra": None}
        case "union":
            assume(len(json["value"]) == 1)
            return refused(draw, json["value"][0])
        case "id":
            other = next(number for table, number in TABLES.items() if table != json["tableName"])
            return draw(st.sampled_from([None, "not an id", encode_id(other, bytes(16)), encode_id(20, bytes(16))]))
        case "null" | "literal" | "array" | "record":
            return b"no test makes a literal of bytes"
        case simple:
            return draw(st.sampled_from(OTHER[simple]))


OTHER = {
    "number": [None, Int64(1), True, "1", b"", [], {}],
    "bigint": [None, 1.0, True, "1", b"", [], {}],
    "boolean": [None, 1.0, Int64(1), "true", [], {}],
    "string": [None, 1.0, True, b"", [], {}],
    "bytes": [None, "", [], {}],
}
