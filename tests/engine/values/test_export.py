"""The formats of the HTTP API: what each says of a value, and what can be had back from it."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest
from hypothesis import given

from sandbox.engine import values
from sandbox.engine.errors import LearnerError
from sandbox.engine.values import Int64, Value
from tests.engine.values import strategies
from tests.engine.values.strategies import same


def through_text(json_value: Any) -> Any:
    return json.loads(json.dumps(json_value))


def from_clean(shown: Any, model: Value) -> Value:
    """The value again, with the types taken from the one that was shown."""
    match model:
        case Int64():
            return Int64(int(shown))
        case bytes():
            return base64.b64decode(shown)
        case float() if not math.isfinite(model):
            assert {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}[shown] == model or model != model
            return model
        case list():
            return [from_clean(inner, of) for inner, of in zip(shown, model, strict=True)]
        case dict():
            return {name: from_clean(shown[name], model[name]) for name in model}
    return shown


def from_export(shown: Any) -> Value:
    """Integers are Int64; everything else is Convex-encoded, so only containers need a look inside."""
    if type(shown) is int:
        return Int64(shown)
    if isinstance(shown, list):
        return [from_export(inner) for inner in shown]
    if isinstance(shown, dict) and not any(name.startswith("$") for name in shown):
        return {name: from_export(inner) for name, inner in shown.items()}
    return values.decode(shown)


@given(strategies.values)
def test_the_encoded_format_loses_nothing(value: Value) -> None:
    assert same(values.decode(through_text(values.export(value, "convex_encoded_json"))), value)


@given(strategies.values)
def test_the_clean_format_with_its_types_loses_nothing(value: Value) -> None:
    assert same(from_clean(through_text(values.export(value, "json")), value), value)


@given(strategies.values)
def test_the_export_format_loses_nothing(value: Value) -> None:
    assert same(from_export(through_text(values.export(value, "export_json"))), value)


@given(strategies.values)
def test_a_text_is_exported_as_its_value_is(value: Value) -> None:
    for format_ in ("convex_encoded_json", "json", "export_json"):
        text = values.export_text(values.dumps(value), format_)
        assert text == json.dumps(values.export(value, format_), ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize(
    ("value", "clean", "exported"),
    [
        (Int64(33), '"33"', "33"),
        (1.0, "1.0", "1.0"),
        (-0.0, "-0.0", '{"$float":"AAAAAAAAAIA="}'),
        (math.nan, '"NaN"', '{"$float":"AAAAAAAA+H8="}'),
        (-math.inf, '"-Infinity"', '{"$float":"AAAAAAAA8P8="}'),
        (b"\x00\x10\x83", '"ABCD"', '{"$bytes":"ABCD"}'),
        ({"b": [Int64(-1)], "a": None}, '{"a":null,"b":["-1"]}', '{"a":null,"b":[-1]}'),
    ],
)
def test_what_each_format_says(value: Value, clean: str, exported: str) -> None:
    assert values.export_text(values.dumps(value), "json") == clean
    assert values.export_text(values.dumps(value), "export_json") == exported


def test_formats_have_aliases_and_others_are_refused() -> None:
    assert values.parse_format("convex_json") == "convex_encoded_json"
    assert values.parse_format("convex_clean_json") == "json"
    with pytest.raises(LearnerError, match=r"format param must be one of \[`json`\]\. Got xml") as refused:
        values.parse_format("xml")
    assert refused.value.code == "BadFormat"
