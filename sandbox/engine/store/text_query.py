"""What a text search looks for: the conditions of `.withSearchIndex(…)`, held against the index.

Source: docs/spec/semantics.md §8 and §10 ("Text search"). Finding it is search.py's part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.limits import SEARCH_FILTERS_MAX, SEARCH_TERMS_MAX
from sandbox.engine.store.search_index import FILTER_BYTES, TextIndex, filter_hash
from sandbox.engine.store.text_terms import terms_of
from sandbox.engine.values import decode_with_undefined


@dataclass(frozen=True, slots=True)
class TextQuery:
    index: TextIndex
    terms: tuple[str, ...]
    """In their order; the last one is also a prefix."""
    filters: tuple[tuple[int, bytes], ...]
    """Which bytes of a posting's filters must be what."""


def parse_text_query(table: str, index: TextIndex, filters: Iterable[Mapping[str, Any]]) -> TextQuery:
    """Raises LearnerError with Convex's text."""
    name = f"Search query against {table}.{index.name}"
    text: str | None = None
    found: list[tuple[int, bytes]] = []
    for condition in filters:
        path = condition["fieldPath"]
        if condition["type"] == "Search":
            _check_search_field(name, index, path, text is not None)
            text = condition["value"]
            if type(text) is not str:
                raise TypeError(text)
        elif path not in index.filter_fields:
            raise LearnerError(
                f'{name} contains an equality filter on "{path}" but that field isn\'t indexed for filtering in '
                "`filterFields`.",
                code="IncorrectFilterFieldError",
            )
        else:
            value = decode_with_undefined(condition["value"])
            found.append((FILTER_BYTES * index.filter_fields.index(path), filter_hash(value)))
    if text is None:
        raise LearnerError(
            f"{name} does not contain any search filters. You must include a search filter like "
            f'`q.search(""{index.search_field}"", searchText)`.',
            code="MissingSearchFilterError",
        )
    if len(found) > SEARCH_FILTERS_MAX:
        raise LearnerError(
            f"{name} has too many filter conditions. Max: {SEARCH_FILTERS_MAX} Actual: {len(found)}",
            code="TooManyFilterConditionsInSearchQueryError",
        )
    return TextQuery(index, tuple(terms_of(text)[:SEARCH_TERMS_MAX]), tuple(found))


def _check_search_field(name: str, index: TextIndex, path: str, has_one: bool) -> None:
    if path != index.search_field:
        raise LearnerError(
            f'{name} contains a search filter against "{path}", which doesn\'t match the indexed `searchField` '
            f'"{index.search_field}".',
            code="IncorrectSearchField",
        )
    if has_one:
        raise LearnerError(
            f'{name} contains multiple search filters against "{path}". Only one is allowed.',
            code="DuplicateSearchFiltersError",
        )
