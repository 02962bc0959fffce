"""Few values of every type, so that generated documents meet each other in indexes."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from sandbox.engine.values import UNDEFINED, Int64, encode

scalars = st.sampled_from(
    [
        None,
        Int64(-1),
        Int64(300),
        -math.inf,
        -1.5,
        -0.0,
        0.0,
        2.0,
        math.nan,
        False,
        True,
        "",
        "a",
        "a\0b",
        "b",
        b"",
        b"\0",
    ]
)
values = st.one_of(
    scalars, st.lists(scalars, max_size=2), st.dictionaries(st.sampled_from(["x", "y"]), scalars, max_size=2)
)
maybe_values = st.one_of(values, st.just(UNDEFINED))


def documents(names: tuple[str, ...] = ("a", "b")) -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, values))


def wire(value: object) -> object:
    return {"$undefined": None} if value is UNDEFINED else encode(value)
