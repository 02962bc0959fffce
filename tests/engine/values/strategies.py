"""Values for Hypothesis: all types, with the numbers and texts at which orders and codecs go wrong."""

from __future__ import annotations

import struct

from hypothesis import strategies as st

from sandbox.engine.values import UNDEFINED, Int64

texts = st.text(
    alphabet=st.one_of(st.sampled_from("\0\x01ab\xff\u07ff\uffff\U00010000"), st.characters(exclude_categories=["Cs"])),
    max_size=5,
)
names = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=4).filter(
    lambda name: not name.startswith("$")
)
any_bits = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
floats = st.one_of(
    st.floats(), any_bits, st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, float("inf"), float("-inf")])
)
int64s = st.integers(-(2**63), 2**63 - 1).map(Int64)
blobs = st.one_of(st.binary(max_size=4), st.sampled_from([b"\0", b"\0\xff", b"\0\x01", b"\xff"]))
scalars = st.one_of(st.none(), int64s, floats, st.booleans(), texts, blobs)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=6,
)
values_or_undefined = st.one_of(st.just(UNDEFINED), values)
documents = st.dictionaries(names, values, max_size=4)


def same(left: object, right: object) -> bool:
    """Equality to the type and the bit: 1 is not 1.0 or true, -0.0 is not 0.0, a NaN is itself."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack("<d", left) == struct.pack("<d", right)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    return left == right
