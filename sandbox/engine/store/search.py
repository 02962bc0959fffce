"""Text search: what `.withSearchIndex(…)` finds, and in which order.

A document matches that has one of the terms and passes every filter; the last term matches as a prefix too. Scores
are BM25 over the candidates, the documents that share a term before filters: so a result follows from nothing but the
spans of index keys that the search read, one for each term. Their counts and mean length are rounded up to powers of
two, so that most writes leave the scores of the others, and with them the ends of pages, where they are.
Equal scores: newest first, then by id.
Source: docs/spec/semantics.md §10 ("Text search"); why the candidates: docs/decisions/0003.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sandbox.engine.errors import LearnerError
from sandbox.engine.limits import SEARCH_RESULTS_MAX
from sandbox.engine.store.query_stream import QueryStream, Row
from sandbox.engine.store.read_set import Interval
from sandbox.engine.store.search_index import FILTER_BYTES, TextIndex
from sandbox.engine.store.text_query import TextQuery
from sandbox.engine.values import encode_key

if TYPE_CHECKING:
    from sandbox.engine.store.meter import Meter
    from sandbox.engine.store.plan import Plan
    from sandbox.engine.store.transaction import Transaction

SATURATION = 1.2
LENGTH_WEIGHT = 0.75
PREFIX_BOOST = 0.5
"""What a term counts that only begins with the last term of the query."""

_CHUNK = 2_000
"""How many postings are read before others get their turn: some milliseconds."""

_POSTINGS = "SELECT key, seq FROM index_entries WHERE index_id = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?"
_DOCUMENT = "SELECT json, size FROM documents WHERE seq = ?"

Place: TypeAlias = int | tuple[bytes, int]
"""Where a document is: its seq, or the JSON text and the size of what the transaction wrote itself."""


@dataclass(slots=True)
class _Candidate:
    """A document that shares a term with the query."""

    creation_time: float
    uid: bytes
    filters: bytes
    length: int
    place: Place
    occurrences: dict[bytes, int] = field(default_factory=dict)

    def passes(self, filters: Iterable[tuple[int, bytes]]) -> bool:
        return all(self.filters[at : at + FILTER_BYTES] == wanted for at, wanted in filters)


class Match(NamedTuple):
    key: bytes
    """Orders the matches; a page of them ends after one."""
    place: Place


async def find_matches(transaction: Transaction, query: TextQuery) -> list[Match]:
    """The best 1,024 matches, best first, as the transaction sees them. What was read is in its read set before."""
    if not query.terms:
        return []
    spans = [query.index.interval(term, is_prefix=False) for term in dict.fromkeys(query.terms[:-1])]
    spans.append(query.index.interval(query.terms[-1], is_prefix=True))
    candidates: dict[bytes, _Candidate] = {}
    for span in spans:
        transaction.read_set.add(span)
        await _gather(transaction, query.index, span, candidates)
    weights = _weights(query, candidates.values())
    mean_length = _mean_length(candidates.values())
    ranked = heapq.nsmallest(
        SEARCH_RESULTS_MAX,
        (
            (-_score(candidate, weights, mean_length), -candidate.creation_time, candidate.uid, candidate.place)
            for candidate in candidates.values()
            if candidate.passes(query.filters)
        ),
        key=lambda ranked: ranked[:3],
    )
    return [Match(encode_key([score, created, uid]), place) for score, created, uid, place in ranked]


async def _gather(
    transaction: Transaction, index: TextIndex, span: Interval, candidates: dict[bytes, _Candidate]
) -> None:
    """Adds what the postings of a span say. A term in two spans says the same twice."""
    view = transaction.pending.view(index.id)
    hidden = frozenset() if view is None else frozenset(view.hidden_between(span))
    own = [] if view is None else view.own_between(span, False, len(view.own_keys))
    _, low, high = span
    rows: list[tuple[bytes, Place]] = [(key, (text, size)) for key, text, size in own]
    while True:
        committed = transaction.connection.execute(_POSTINGS, (index.id, low, high, _CHUNK)).fetchall()
        rows += [row for row in committed if row[0] not in hidden]
        for key, place in rows:
            _add_posting(index, key, place, candidates)
        if len(committed) < _CHUNK:
            return
        low, rows = committed[-1][0] + b"\0", []
        await asyncio.sleep(0)


def _add_posting(index: TextIndex, key: bytes, place: Place, candidates: dict[bytes, _Candidate]) -> None:
    posting = index.posting(key)
    candidate = candidates.get(posting.uid)
    if candidate is None:
        candidate = candidates[posting.uid] = _Candidate(
            posting.creation_time, posting.uid, posting.filters, posting.length, place
        )
    candidate.occurrences[posting.term] = posting.occurrences


def _weights(query: TextQuery, candidates: Iterable[_Candidate]) -> dict[bytes, float]:
    """What one occurrence of each found term is worth: more if it is rare."""
    frequencies: dict[bytes, int] = {}
    count = 0
    for candidate in candidates:
        count += 1
        for term in candidate.occurrences:
            frequencies[term] = frequencies.get(term, 0) + 1
    exact = {term.encode() for term in query.terms}
    return {
        term: _rarity(_rounded(count), _rounded(frequency)) * (1.0 if term in exact else PREFIX_BOOST)
        for term, frequency in frequencies.items()
    }


def _rarity(count: int, frequency: int) -> float:
    return math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))


def _mean_length(candidates: Collection[_Candidate]) -> int:
    return _rounded(sum(candidate.length for candidate in candidates) // max(len(candidates), 1))


def _rounded(count: int) -> int:
    return 1 << max(count - 1, 0).bit_length()


def _score(candidate: _Candidate, weights: Mapping[bytes, float], mean_length: int) -> float:
    norm = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * candidate.length / mean_length)
    return math.fsum(  # exact, so that the order in which terms were found makes no difference
        weights[term] * count * (SATURATION + 1) / (count + norm) for term, count in candidate.occurrences.items()
    )


# --- as a stream


class SearchStream(QueryStream):
    """The matches of one search as a stream. The span that it moves through is one of match keys, not of index keys."""

    __slots__ = ("_keys", "_matches", "_query")

    def __init__(self, transaction: Transaction, plan: Plan, meter: Meter) -> None:
        super().__init__(transaction, plan, meter)
        assert plan.search is not None
        self._query = plan.search
        self._matches: list[Match] | None = None
        self._keys: list[bytes] = []

    async def _prepare(self) -> None:
        if self._matches is not None or self._is_done:
            return
        started = perf_counter()
        self._matches = await find_matches(self._transaction, self._query)
        self._keys = [match.key for match in self._matches]
        spent_ms = (perf_counter() - started) * 1000
        self.note.store_ms += spent_ms
        self._meter.store_ms += spent_ms

    def _read(self, count: int) -> tuple[list[Row], bool]:
        assert self._whole is not None
        assert self._rest is not None
        assert self._matches is not None
        first = bisect_left(self._keys, self._whole.low)
        start = bisect_left(self._keys, self._rest.low)
        end = len(self._keys) if self._rest.high is None else bisect_left(self._keys, self._rest.high)
        if start - first == SEARCH_RESULTS_MAX:
            raise LearnerError(
                f"Search query scanned too many documents (fetched {SEARCH_RESULTS_MAX}). Consider using a smaller "
                "limit, paginating the query, or using a filter field to limit the number of documents pulled from "
                "the search index.",
                code="SearchQueryScannedTooManyDocumentsError",
            )
        rows = [(match.key, *self._document(match.place)) for match in self._matches[start : min(end, start + count)]]
        has_ended = start + count > end and end - first < SEARCH_RESULTS_MAX
        return rows, has_ended

    def _document(self, place: Place) -> tuple[bytes, int]:
        if isinstance(place, tuple):
            return place
        found: tuple[bytes, int] = self._transaction.connection.execute(_DOCUMENT, (place,)).fetchone()
        return found

    def _record(self, interval: Interval | None) -> None:
        """The postings are in the read set already; which of the matches were consumed makes no difference."""
