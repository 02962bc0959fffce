"""Vector search: the documents whose vectors point most nearly in a given direction, by cosine.

Every vector that passes the filter is looked at, some thousand at a time. Actions ask, on a snapshot of their own.
Source: docs/spec/semantics.md §10 ("Vector search") and runtime-abi.md §2.
"""

from __future__ import annotations

import asyncio
import heapq
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.engine.errors import LearnerError
from sandbox.engine.limits import VECTOR_DIMENSIONS, VECTOR_FILTERS_MAX, VECTOR_RESULTS_DEFAULT, VECTOR_RESULTS_MAX
from sandbox.engine.store.catalog import Catalog
from sandbox.engine.store.faults import reporting
from sandbox.engine.store.search_index import FILTER_BYTES, VectorIndex, filter_hash, packed_vector
from sandbox.engine.values import decode_with_undefined, encode_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK_BYTES = 4 << 20
"""About how much is read and multiplied before others get their turn."""

_ENTRIES = "SELECT key FROM index_entries WHERE index_id = ? AND key > ? ORDER BY key LIMIT ?"


class Snapshot(Protocol):
    """What a search reads: a Snapshot of the store, or a Transaction."""

    @property
    def catalog(self) -> Catalog: ...
    @property
    def connection(self) -> sqlite3.Connection: ...


@dataclass(frozen=True, slots=True)
class _Query:
    index: VectorIndex
    table_number: int
    limit: int
    vector: bytes
    conditions: tuple[tuple[int, bytes], ...]
    """Which bytes of a key may be what; one of them is enough. Empty: no filter."""


@reporting
async def vector_search(snapshot: Snapshot, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`[{"_id", "_score"}]`, nearest first, for the `query` of `1.0/actions/vectorSearch`. Raises LearnerError."""
    parsed = _parse(snapshot.catalog, query)
    best: list[tuple[float, bytes]] = []
    count = max(1, CHUNK_BYTES // (4 * parsed.index.dimensions))
    after = b""
    while True:
        rows = snapshot.connection.execute(_ENTRIES, (parsed.index.id, after, count)).fetchall()
        keys = [key for (key,) in rows if _passes(key, parsed.conditions)]
        best = heapq.nlargest(parsed.limit, [*best, *_scored(parsed, keys)])
        if len(rows) < count:
            break
        after = rows[-1][0]
        await asyncio.sleep(0)
    return [{"_id": encode_id(parsed.table_number, uid), "_score": score} for score, uid in best]


def _passes(key: bytes, conditions: Iterable[tuple[int, bytes]]) -> bool:
    return not conditions or any(key[at : at + FILTER_BYTES] == wanted for at, wanted in conditions)


def _scored(query: _Query, keys: list[bytes]) -> Iterable[tuple[float, bytes]]:
    import numpy as np  # only who searches vectors pays for it

    if not keys:
        return ()
    start = query.index.vector_at
    vectors = np.frombuffer(b"".join(key[start:] for key in keys), dtype="<f4").reshape(len(keys), -1)
    wanted = np.frombuffer(query.vector, dtype="<f4").astype(np.float64)
    scores = _cosines(np, vectors.astype(np.float64), wanted)
    uids = (key[start - 16 : start] for key in keys)
    return zip(map(float, scores), uids, strict=True)


def _cosines(np: Any, vectors: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 where a vector has no direction."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(wanted)
    products: NDArray[np.float64] = np.einsum("ij,j->i", vectors, wanted)
    return np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0).clip(-1.0, 1.0)  # type: ignore[no-any-return]


# --- from what the action asked


def _parse(catalog: Catalog, query: Mapping[str, Any]) -> _Query:
    name, limit, vector = query.get("indexName"), query.get("limit"), query.get("vector")
    if not isinstance(name, str):
        raise LearnerError("Invalid vector search: this is not a vector query", code="InvalidVectorSearch")
    table_name, _, index_name = name.partition(".")
    table = catalog.tables.get(table_name)
    index = None if table is None else table.search_indexes.get(index_name)
    if table is None or (index is None and index_name not in table.indexes):
        raise LearnerError(f"Index {name} not found.", code="IndexNotFound")
    if not isinstance(index, VectorIndex):
        raise LearnerError(f"Index {name} is not a vector index", code="IndexNotAVectorIndex")
    if index.is_staged:
        raise LearnerError(
            f"Index {name} is currently staged and not available to query until it is enabled.", code="StagedIndex"
        )
    return _Query(
        index, table.number, _limit(limit), _vector(index, vector), _conditions(name, index, query.get("expressions"))
    )


def _limit(limit: Any) -> int:
    if limit is None:
        return VECTOR_RESULTS_DEFAULT
    if isinstance(limit, bool) or not isinstance(limit, int | float) or limit != limit // 1 or limit < 0:
        raise LearnerError(f"`limit` must be a whole number that is not negative, not {limit}", code="InvalidLimit")
    if limit > VECTOR_RESULTS_MAX:
        raise LearnerError(
            f"Vector queries can fetch at most {VECTOR_RESULTS_MAX} results, requested {int(limit)}.",
            code="VectorLimitTooLargeError",
        )
    return int(limit)


def _vector(index: VectorIndex, vector: Any) -> bytes:
    numbers = vector if isinstance(vector, list) else []
    expected = min(index.dimensions, VECTOR_DIMENSIONS[-1])
    if len(numbers) != expected:
        raise LearnerError(
            f"Expected a vector with dimensions {expected}, received {len(numbers)}.", code="VectorDimensionsMismatch"
        )
    is_plain = all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers)
    packed = packed_vector([float(number) for number in numbers]) if is_plain else None
    if packed is None:
        raise LearnerError("`vector` must be an array of finite numbers in vectorSearch", code="InvalidVector")
    return packed


def _conditions(name: str, index: VectorIndex, expression: Any) -> tuple[tuple[int, bytes], ...]:
    conditions = dict.fromkeys(_equalities(expression, 0)) if expression is not None else {}
    for path, _ in conditions:
        if path not in index.filter_fields:
            raise LearnerError(
                f'Vector query against {name} contains a filter on "{path}" but that field isn\'t indexed for '
                "filtering in `filterFields`.",
                code="IncorrectVectorFilterField",
            )
    if len(conditions) > VECTOR_FILTERS_MAX:
        raise LearnerError(
            f"Vector query against {name} has too many conditions. Max: {VECTOR_FILTERS_MAX} Actual: {len(conditions)}",
            code="TooManyElementsInVectorQueryError",
        )
    return tuple((FILTER_BYTES * index.filter_fields.index(path), hashed) for path, hashed in conditions)


def _equalities(expression: Any, depth: int) -> Iterable[tuple[str, bytes]]:
    match expression:
        case {"$or": list(parts)} if len(expression) == 1 and depth < 64:
            for part in parts:
                yield from _equalities(part, depth + 1)
        case {"$eq": [{"$field": str(path)}, {"$literal": value}]} if len(expression) == 1:
            yield path, filter_hash(decode_with_undefined(value))
        case {"$eq": _}:
            raise _invalid_filter("`q.eq` must take a field path as its first argument and a value as its second")
        case _:
            raise _invalid_filter("Filters should be a combination of `q.eq` and `q.or`.")


def _invalid_filter(message: str) -> LearnerError:
    return LearnerError(message, code="InvalidVectorSearchFilter")
