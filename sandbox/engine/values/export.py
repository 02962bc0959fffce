"""Values as JSON in the formats that a caller of the HTTP API may name. Source: docs/spec/semantics.md §1 ("clean").

`convex_encoded_json` loses nothing and is what the sync protocol speaks; `json` is for people and loses types;
`export_json` is the encoded form with integers as plain numbers.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any, Literal

from sandbox.engine.errors import LearnerError
from sandbox.engine.values.json_codec import encode, loads
from sandbox.engine.values.types import Int64, Value

ValueFormat = Literal["convex_encoded_json", "json", "export_json"]

_FORMATS: dict[str, ValueFormat] = {
    "convex_encoded_json": "convex_encoded_json",
    "convex_json": "convex_encoded_json",
    "json": "json",
    "convex_clean_json": "json",
    "export_json": "export_json",
}


def parse_format(name: str) -> ValueFormat:
    """The format of that name or alias. Raises LearnerError `BadFormat`."""
    found = _FORMATS.get(name)
    if found is None:
        raise LearnerError(f"format param must be one of [`json`]. Got {name}", code="BadFormat")
    return found


def export(value: Value, format_: ValueFormat) -> Any:
    """The JSON value of a Value in that format. Floats stay floats, also whole ones; keys are ascending."""
    match format_:
        case "convex_encoded_json":
            return encode(value)
        case "json":
            return _clean(value)
        case "export_json":
            return _with_plain_integers(value)


def export_text(value_json: str, format_: ValueFormat) -> str:
    """A Convex-encoded JSON text as JSON text in that format. Raises LearnerError where it holds no value."""
    return json.dumps(export(loads(value_json), format_), ensure_ascii=False, separators=(",", ":"))


def _clean(value: Value) -> Any:
    match value:
        case Int64():
            return str(int(value))
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case list():
            return [_clean(inner) for inner in value]
        case dict():
            return {name: _clean(value[name]) for name in sorted(value)}
    return value


def _with_plain_integers(value: Value) -> Any:
    match value:
        case Int64():
            return int(value)
        case list():
            return [_with_plain_integers(inner) for inner in value]
        case dict():
            return {name: _with_plain_integers(value[name]) for name in sorted(value)}
    return encode(value)
