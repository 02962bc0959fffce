"""Text and vector indexes: which keys they make of a document. Searching them is search.py's and vectors.py's part.

Their keys lie in `index_entries` with all others, so snapshots, conflicts, rollback and the read sets of live queries
hold for them without more machinery. A document without a text (or a fitting vector) in its field has no key.

    text index      term as an encoded String, per filter field 8 bytes, occurrences (2), terms in the document
                    (4), creation time as a double (8), uid (16): one key per distinct term
    vector index    per filter field 8 bytes, uid (16), the vector as 32-bit floats

The 8 bytes of a filter field are a hash of its encoded value, undefined too. Source: docs/spec/semantics.md §10.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

from sandbox.engine.limits import TERMS_PER_DOCUMENT_MAX
from sandbox.engine.store.read_set import Interval
from sandbox.engine.store.text_terms import terms_of
from sandbox.engine.values import Undefined, Value, decode_id, encode_value, field_at

FILTER_BYTES = 8
_UID_BYTES = 16
_TAIL = struct.Struct(">HId16s")
_OCCURRENCES_MAX = 0xFFFF
_TERM_END = encode_value("")[1:]

_Path: TypeAlias = tuple[str, ...]


def filter_hash(value: Value | Undefined) -> bytes:
    return blake2b(encode_value(value), digest_size=FILTER_BYTES).digest()


class Posting(NamedTuple):
    """That a term occurs in a document: what the key of a text index says."""

    term: bytes
    """In UTF-8."""
    filters: bytes
    """The hashes of all filter fields, in their order."""
    occurrences: int
    length: int
    """How many terms the document has."""
    creation_time: float
    uid: bytes


@dataclass(frozen=True, slots=True)
class TextIndex:
    id: int
    name: str
    search_field: str
    filter_fields: tuple[str, ...]
    is_staged: bool
    _search_path: _Path = field(init=False, repr=False, compare=False)
    _filter_paths: tuple[_Path, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_search_path", _path(self.search_field))
        object.__setattr__(self, "_filter_paths", tuple(map(_path, self.filter_fields)))

    @property
    def spec(self) -> dict[str, Any]:
        return {"searchField": self.search_field, "filterFields": list(self.filter_fields)}

    def keys(self, document: Mapping[str, Value]) -> list[bytes]:
        text = field_at(document, self._search_path)
        if type(text) is not str:
            return []
        terms = terms_of(text)
        found = Counter(terms)
        if len(found) > TERMS_PER_DOCUMENT_MAX:
            found = Counter(dict(list(found.items())[:TERMS_PER_DOCUMENT_MAX]))
        filters = _filters(document, self._filter_paths)
        uid, created, length = _uid(document), document["_creationTime"], len(terms)
        return [
            encode_value(term) + filters + _TAIL.pack(min(count, _OCCURRENCES_MAX), length, created, uid)
            for term, count in found.items()
        ]

    def interval(self, term: str, *, is_prefix: bool) -> Interval:
        """The keys of a term, or of all terms that begin with it."""
        encoded = encode_value(term)
        return Interval.prefix(self.id, encoded[: -len(_TERM_END)] if is_prefix else encoded)

    def posting(self, key: bytes) -> Posting:
        tail = len(key) - _TAIL.size
        filters = tail - FILTER_BYTES * len(self.filter_fields)
        occurrences, length, created, uid = _TAIL.unpack_from(key, tail)
        # A term holds no zero byte, so nothing of it was escaped.
        return Posting(key[1 : filters - len(_TERM_END)], key[filters:tail], occurrences, length, created, uid)


@dataclass(frozen=True, slots=True)
class VectorIndex:
    id: int
    name: str
    vector_field: str
    dimensions: int
    filter_fields: tuple[str, ...]
    is_staged: bool
    _vector_path: _Path = field(init=False, repr=False, compare=False)
    _filter_paths: tuple[_Path, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_vector_path", _path(self.vector_field))
        object.__setattr__(self, "_filter_paths", tuple(map(_path, self.filter_fields)))

    @property
    def spec(self) -> dict[str, Any]:
        filters = list(self.filter_fields)
        return {"vectorField": self.vector_field, "dimensions": self.dimensions, "filterFields": filters}

    def keys(self, document: Mapping[str, Value]) -> list[bytes]:
        vector = field_at(document, self._vector_path)
        if type(vector) is not list or len(vector) != self.dimensions:
            return []
        packed = packed_vector(vector)
        return [] if packed is None else [_filters(document, self._filter_paths) + _uid(document) + packed]

    @property
    def vector_at(self) -> int:
        """Where in a key the uid ends and the vector begins."""
        return FILTER_BYTES * len(self.filter_fields) + _UID_BYTES


SearchIndex: TypeAlias = TextIndex | VectorIndex


def make_search_index(index_id: int, name: str, spec: Mapping[str, Any], *, is_staged: bool) -> SearchIndex:
    """From what `spec` of such an index was."""
    filters = tuple(spec["filterFields"])
    if "searchField" in spec:
        return TextIndex(index_id, name, spec["searchField"], filters, is_staged)
    return VectorIndex(index_id, name, spec["vectorField"], spec["dimensions"], filters, is_staged)


def packed_vector(vector: list[Value]) -> bytes | None:
    """The numbers as 32-bit floats; None if something is no Float64, or has no direction in 32 bits."""
    if any(type(number) is not float for number in vector):
        return None
    try:
        packed = struct.pack(f"<{len(vector)}f", *vector)
    except OverflowError:
        return None
    return packed if all(map(math.isfinite, vector)) else None  # type: ignore[arg-type]


def _path(field_path: str) -> _Path:
    return tuple(field_path.split("."))


def _filters(document: Mapping[str, Value], paths: tuple[_Path, ...]) -> bytes:
    return b"".join([filter_hash(field_at(document, path)) for path in paths])


def _uid(document: Mapping[str, Value]) -> bytes:
    document_id = document["_id"]
    assert type(document_id) is str
    return decode_id(document_id)[1]
