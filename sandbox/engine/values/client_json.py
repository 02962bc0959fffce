"""JSON from outside, as strictly as Convex reads it: what is no JSON, Python's own parser would let pass in part.

NaN and infinities are no JSON, a number beyond the range of doubles is none that a value can hold, and half of a
surrogate pair is no text. Of equal keys the last counts.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def parse_client_json(text: str | bytes) -> Any:
    """The document. Raises ValueError, with a reason for the client, and RecursionError for one that is too deep."""
    if isinstance(text, bytes):
        text = text.decode()
    document = _DECODER.decode(text)
    if "\\ud" in text or "\\uD" in text:
        _refuse_half_pairs(document)
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"expected value, not {name}")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("number out of range")
    return number


def _refuse_half_pairs(document: Any) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("lone leading surrogate in hex escape") from None


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
