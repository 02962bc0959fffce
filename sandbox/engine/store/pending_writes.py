"""The writes of one transaction before its commit, and how they look through an index.

Keeps for every touched document its committed and its newest version with the index keys of both. An index that the
transaction scans gets a view: own keys in order, and the committed keys that they replace.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import cast

from sandbox.engine.store.catalog import Table
from sandbox.engine.store.read_set import Interval
from sandbox.engine.values import Value

Keys = tuple[tuple[int, bytes], ...]
"""Index ids with keys, for every index of one table: one key of most, and of a search index as many as it finds."""

_INDEX_ID = itemgetter(0)


def keys_of(table: Table, document: dict[str, Value]) -> Keys:
    keys = [(index.id, index.key(document)) for index in table.indexes.values()]
    for search_index in table.search_indexes.values():
        keys += [(search_index.id, key) for key in search_index.keys(document)]
    return tuple(keys)


@dataclass(slots=True)
class PendingWrite:
    """`old` is what the snapshot has, `new` what the commit will leave; None means that there is no document.

    `size` is that of the new version, 0 where there is none.
    """

    table: Table
    uid: bytes
    id: str
    seq: int | None
    """The row of the old version."""
    old: bytes | None
    old_keys: Keys
    new: bytes | None
    new_keys: Keys
    size: int

    @property
    def changes_something(self) -> bool:
        return self.old != self.new


class _IndexView:
    """The writes to one table as one of its indexes shows them."""

    def __init__(self) -> None:
        self.own_keys: list[bytes] = []
        self.own: dict[bytes, PendingWrite] = {}
        self.hidden: list[bytes] = []

    def show(self, key: bytes, write: PendingWrite) -> None:
        insort(self.own_keys, key)
        self.own[key] = write

    def unshow(self, key: bytes) -> None:
        del self.own_keys[bisect_left(self.own_keys, key)]
        del self.own[key]

    def hide(self, key: bytes) -> None:
        insort(self.hidden, key)

    def own_between(self, span: Interval, is_descending: bool, count: int) -> list[tuple[bytes, bytes, int]]:
        """(index key, JSON text, size) of the first `count` own documents of the span, in the asked order."""
        keys = _between(self.own_keys, span)
        if is_descending:
            keys = keys[: -count - 1 : -1]
        own = self.own
        return [(key, cast(bytes, own[key].new), own[key].size) for key in keys[:count]]

    def hidden_between(self, span: Interval) -> list[bytes]:
        return _between(self.hidden, span)


def _between(keys: list[bytes], span: Interval) -> list[bytes]:
    end = len(keys) if span.high is None else bisect_left(keys, span.high)
    return keys[bisect_left(keys, span.low) : end]


class PendingWrites:
    __slots__ = ("_indexes", "_replaced", "_views", "_writes")

    def __init__(self) -> None:
        self._writes: dict[str, PendingWrite] = {}
        self._views: dict[int, _IndexView] = {}
        self._indexes: set[int] = set()
        # What each `put` replaced, in their order: enough to take them back.
        self._replaced: list[tuple[str, PendingWrite | None]] = []

    def __iter__(self) -> Iterator[PendingWrite]:
        return iter(self._writes.values())

    def __len__(self) -> int:
        return len(self._writes)

    def get(self, document_id: str) -> PendingWrite | None:
        return self._writes.get(document_id)

    def put(self, write: PendingWrite) -> None:
        """A first write of this document, or one that replaces the transaction's earlier version of it."""
        earlier = self._writes.get(write.id)
        self._replaced.append((write.id, earlier))
        self._writes[write.id] = write
        self._indexes.update(map(_INDEX_ID, write.old_keys), map(_INDEX_ID, write.new_keys))
        for index_id, view in self._views.items():
            _apply(view, index_id, earlier, write)

    @property
    def mark(self) -> int:
        return len(self._replaced)

    def put_since(self, mark: int) -> list[str]:
        """The ids of the documents put since then, each once, in their order."""
        return list(dict.fromkeys(document_id for document_id, _ in self._replaced[mark:]))

    def rollback_to(self, mark: int) -> None:
        """Takes back every `put` since `mark`."""
        if mark == len(self._replaced):
            return
        while len(self._replaced) > mark:
            document_id, earlier = self._replaced.pop()
            if earlier is None:
                del self._writes[document_id]
            else:
                self._writes[document_id] = earlier
        self._views.clear()

    def view(self, index_id: int) -> _IndexView | None:
        """None where this transaction wrote nothing that the index shows."""
        if index_id not in self._indexes:
            return None
        view = self._views.get(index_id)
        if view is None:
            view = self._views[index_id] = _IndexView()
            for write in self._writes.values():
                _apply(view, index_id, None, write)
        return view


def _apply(view: _IndexView, index_id: int, earlier: PendingWrite | None, write: PendingWrite) -> None:
    """A write to another table has no key in this index, and then nothing happens."""
    if earlier is None:
        for key in _keys_in(write.old_keys, index_id):
            view.hide(key)
    else:
        for key in _keys_in(earlier.new_keys, index_id):
            view.unshow(key)
    for key in _keys_in(write.new_keys, index_id):
        view.show(key, write)


def _keys_in(keys: Keys, index_id: int) -> list[bytes]:
    return [key for owner, key in keys if owner == index_id]
