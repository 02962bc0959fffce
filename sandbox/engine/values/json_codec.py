"""Values to JSON and back, as they cross every boundary: wire, store, JS process.

Source: docs/spec/semantics.md §1. A JSON number is always a Float64; what JSON cannot say is an object of one
`$` key. Object keys are written in ascending order, so equal values have equal texts.
Both directions run in the json module's C code where the values allow it, and in Python for the rest.
"""

from __future__ import annotations

import base64
import binascii
import gc
import json
import math
import re
import struct
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NoReturn

from sandbox.engine.errors import LearnerError
from sandbox.engine.limits import ARRAY_LENGTH_MAX, OBJECT_FIELDS_MAX, VALUE_NESTING_MAX
from sandbox.engine.values.bounds import check_array_length, check_depth, check_field_count
from sandbox.engine.values.names import check_field_names, known_field_names
from sandbox.engine.values.types import UNDEFINED, Int64, Undefined, Value

_FLOAT64 = struct.Struct("<d")
_INT64 = struct.Struct("<q")
_are_known = known_field_names.issuperset

LONE_SURROGATE = "unexpected end of hex escape"
"""What Convex's reader of JSON says of half a surrogate pair."""

LONG_TEXT = 1 << 16
QUOTES_FEW = 10_000
_NUMBERS = re.compile(rf'(?<=\[)[^][{{}}"]{{{2 * ARRAY_LENGTH_MAX},}}(?=\])')


def decode(json_value: Any) -> Value:
    """A parsed JSON value as a Value. Raises LearnerError with Convex's text."""
    return _decode(json_value, 0)


def decode_with_undefined(json_value: Any) -> Value | Undefined:
    """The same, and `{"$undefined": null}` is UNDEFINED (ranges, filters, the fields of a patch)."""
    if json_value == {"$undefined": None}:
        return UNDEFINED
    return _decode(json_value, 0)


def loads(text: str | bytes) -> Value:
    """The Value of a JSON text. Raises LearnerError: bad JSON, or anything that `decode` refuses.

    A number beyond the range of doubles reads as an infinity, as in JavaScript.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode()
        if len(text) > LONG_TEXT:
            _refuse_long_runs(text)
            value = _parse_long(text)
        else:
            value = _parse(text)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise LearnerError(f"Invalid JSON: {error}", code="InvalidJson") from None
    except RecursionError:
        check_depth(VALUE_NESTING_MAX)
        raise
    if _may_break_a_bound(text):
        _check_parsed(value, 0)
    return value


def encode(value: Value) -> Any:
    """The JSON value of a Value, to be part of a larger text. Whole floats stay floats, keys are ascending."""
    match value:
        case None | bool():
            return value
        case str():
            return _check_unicode(value)
        case float():
            return value if _is_plain(value) else {"$float": _base64(_FLOAT64.pack(value))}
        case Int64():
            return {"$integer": _base64(_INT64.pack(value))}
        case bytes():
            return {"$bytes": _base64(value)}
        case list():
            return [encode(inner) for inner in value]
        case dict():
            return {name: encode(value[name]) for name in sorted(value)}
    raise TypeError(f"not a Convex value: {value!r}")


def dumps(value: Value) -> str:
    """The JSON text of a Value: no spaces, keys ascending, no ASCII escapes. LearnerError on a lone surrogate."""
    if _c_encoder_knows(value):
        try:
            text = _ENCODER.encode(value)
        except ValueError:  # a NaN or an infinity
            text = "-0.0"
        if "-0.0" not in text:  # it may be a negative zero, which needs its own form, or part of -0.05
            return _check_unicode(text)
    return _ENCODER.encode(encode(value))


# --- from JSON


def _decode(json_value: Any, depth: int) -> Value:
    kind = type(json_value)
    if kind is str:
        return _check_unicode(json_value)
    if kind is float or json_value is None or kind is bool:
        return json_value  # type: ignore[no-any-return]
    if kind is int:
        return _float_of(json_value)
    if kind is list:
        check_depth(depth)
        check_array_length(len(json_value))
        return [_decode(inner, depth + 1) for inner in json_value]
    if kind is dict:
        if len(json_value) == 1 and next(iter(json_value))[:1] == "$":
            return _decode_tagged(json_value)
        check_depth(depth)
        check_field_count(len(json_value))
        check_field_names(json_value.keys())
        return {name: _decode(inner, depth + 1) for name, inner in json_value.items()}
    raise TypeError(f"not a JSON value: {json_value!r}")


def _float_of(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _object_hook(fields: dict[str, Any]) -> Value:
    """What json calls for every object it has read, innermost first."""
    if _are_known(fields) and len(fields) <= OBJECT_FIELDS_MAX:
        return fields
    if len(fields) == 1 and next(iter(fields))[:1] == "$":
        return _decode_tagged(fields)
    check_field_count(len(fields))
    check_field_names(fields.keys())
    return fields


def _decode_tagged(fields: dict[str, Any]) -> Value:
    ((tag, inner),) = fields.items()
    match tag:
        case "$integer":
            return Int64(_INT64.unpack(_eight_bytes(tag, inner, "Int64"))[0])
        case "$float":
            number: float = _FLOAT64.unpack(_eight_bytes(tag, inner, "Float64"))[0]
            if number != 0.0 and math.isfinite(number):
                raise _malformed(f"Float64 {Decimal(repr(number)).normalize():f} should be encoded as a number")
            return number
        case "$bytes":
            return _from_base64(tag, inner)
        case "$set":
            raise _malformed("Received a Set which is no longer supported as a Convex type.")
        case "$map":
            raise _malformed("Received a Map which is no longer supported as a Convex type.")
        case "$commitTs":
            raise _malformed("Commit timestamps (`db.vars.commitTs`) are not available in this sandbox.")
    check_field_names(fields.keys())
    raise AssertionError("a name that starts with $ is refused")


def _eight_bytes(tag: str, text: Any, type_name: str) -> bytes:
    raw = _from_base64(tag, text)
    if len(raw) != 8:
        raise _malformed(f"{type_name} must be exactly eight bytes")
    return raw


def _from_base64(tag: str, text: Any) -> bytes:
    if type(text) is not str:
        raise _malformed(f"Malformed {tag} field: expected a string")
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise _malformed(f"Malformed {tag} field: invalid base64") from None
    if _base64(raw) != text:  # bits or padding that mean nothing
        raise _malformed(f"Malformed {tag} field: invalid base64")
    return raw


def _malformed(message: str) -> LearnerError:
    return LearnerError(message, code="MalformedValue")


def _refuse_constant(name: str) -> NoReturn:
    raise LearnerError(f"Invalid JSON: {name}", code="InvalidJson")


_DECODER = json.JSONDecoder(object_hook=_object_hook, parse_int=float, parse_constant=_refuse_constant)
_scan = _DECODER.scan_once  # type: ignore[attr-defined]


def _parse(text: str) -> Value:
    try:
        value, end = _scan(text, 0)
    except StopIteration:  # white space first, or not JSON
        end = -1
    return value if end == len(text) else _DECODER.decode(text)  # type: ignore[no-any-return]


def _parse_long(text: str) -> Value:
    """Many new lists and objects make the garbage collector look at all of them again and again, for nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return _parse(text)
    finally:
        if was_enabled:
            gc.enable()


def _refuse_long_runs(text: str) -> None:
    """Refuses an array of too many numbers before it becomes as many objects, thirty bytes each. It does not see
    arrays of anything else; those cost little more than their text, and are refused once they are read."""
    if text.count(",") >= ARRAY_LENGTH_MAX and text.count('"') < QUOTES_FEW:
        for run in _NUMBERS.finditer(text):
            check_array_length(run.group().count(",") + 1)


def _may_break_a_bound(text: str) -> bool:
    """Whether a cheap look at the text leaves open that it holds a lone surrogate or passes a bound."""
    return (
        "\\u" in text
        or not text.isascii()
        or text.count("[") + text.count("{") > VALUE_NESTING_MAX
        or text.count(",") >= ARRAY_LENGTH_MAX
    )


def _check_parsed(value: Value, depth: int) -> None:
    """What the hook does not see: strings, arrays, and how deep a part lies."""
    if type(value) is str:
        _check_unicode(value)
    elif type(value) is list:
        check_depth(depth)
        check_array_length(len(value))
        _check_all(value, depth + 1)
    elif type(value) is dict:
        check_depth(depth)
        _check_all(value.values(), depth + 1)


def _check_all(values: Iterable[Value], depth: int) -> None:
    for value in values:
        _check_parsed(value, depth)


# --- to JSON

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)
_SAME_IN_JSON = frozenset({str, float, bool, type(None)})


def _c_encoder_knows(value: Value) -> bool:
    """Whether json writes this value as we do, special floats aside. It would write an Int64 as a plain number."""
    inner: Iterable[Value]
    if type(value) is dict:
        inner = value.values()
    elif type(value) is list:
        inner = value
    else:
        return type(value) in _SAME_IN_JSON
    return _SAME_IN_JSON.issuperset(map(type, inner)) or all(map(_c_encoder_knows, inner))


def _is_plain(number: float) -> bool:
    """Whether JSON can say it: finite, and not a negative zero."""
    return math.isfinite(number) and (number != 0.0 or math.copysign(1.0, number) > 0.0)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _check_unicode(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise LearnerError(
                "Strings must be valid Unicode, but this one has a lone surrogate", code="LoneSurrogate"
            ) from None
    return text
