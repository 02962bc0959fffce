"""Values as error messages print them. Source: docs/spec/semantics.md §5 ("Value printing").

This is what Convex's server, a Rust program, prints: `1.0`, `"text"`, `{a: [1.0, null]}`.
"""

from __future__ import annotations

import base64
import math
import unicodedata
from decimal import Decimal

from sandbox.engine.values.types import Int64, Value

_ESCAPES = {
    "\0": "\\0",
    "\t": "\\t",
    "\n": "\\n",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}


def display(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Int64():
            return str(int(value))
        case float():
            return display_float(value)
        case str():
            return display_string(value)
        case bytes():
            return f'b"{base64.b64encode(value).decode("ascii")}"'
        case list():
            return f"[{', '.join(map(display, value))}]"
        case dict():
            return "{" + ", ".join(f"{name}: {display(value[name])}" for name in sorted(value)) + "}"
    raise TypeError(f"not a Convex value: {value!r}")


def type_name(value: Value) -> str:
    """`Null`, `Int64`, `Float64`, `Boolean`, `String`, `Bytes`, `Array` or `Object`."""
    return _TYPE_NAMES[type(value)]


_TYPE_NAMES: dict[type, str] = {
    type(None): "Null",
    Int64: "Int64",
    float: "Float64",
    bool: "Boolean",
    str: "String",
    bytes: "Bytes",
    list: "Array",
    dict: "Object",
}


def display_float(number: float) -> str:
    """Always with a point or an exponent: `1.0`, `1e16`, `1e-5`, `NaN`, `-inf`."""
    if math.isnan(number):
        return "NaN"
    # Python switches to an exponent at the same sizes, and writes it as e+16 or e-05.
    digits, exponent, power = repr(number).partition("e")
    return f"{digits}e{int(power)}" if exponent else digits


def display_json_number(number: float) -> str:
    """As Convex's server writes a finite number in JSON: only the exponents differ from `display_float`."""
    if 1e-5 <= abs(number) < 1e-4:
        return f"{Decimal(repr(number)):f}"
    return display_float(number)


def display_string(text: str) -> str:
    """In double quotes; what does not print, or joins the character before it, is escaped as `\\u{301}`."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(map(_display_char, text)) + '"'


def _display_char(char: str) -> str:
    escape = _ESCAPES.get(char)
    if escape is not None:
        return escape
    joins = unicodedata.category(char) in ("Mn", "Me")
    return f"\\u{{{ord(char):x}}}" if joins or not char.isprintable() else char
