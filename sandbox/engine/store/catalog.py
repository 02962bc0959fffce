"""The catalog: which tables and indexes there are, and the schema in force, as of one timestamp.

Immutable and cached: the log says with every commit when the catalog changed last (layout.py, `catalog_ts`), so a
snapshot knows at once whether the cached one is its own.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store.commit_log import Timestamp
from sandbox.engine.store.search_index import SearchIndex, make_search_index
from sandbox.engine.values import USER_TABLE_NUMBER_MIN, Value, compile_key
from sandbox.engine.values.order import Key

BY_ID = "by_id"
BY_CREATION_TIME = "by_creation_time"
BUILT_IN_FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {BY_ID: ("_id",), BY_CREATION_TIME: ("_creationTime", "_id")}
)
LIVE_STATES = ("ready", "staged")

_INSERT_INDEX = "INSERT INTO indexes (table_number, name, fields, state) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Index:
    """One index of one table. `fields` ends with `_id`; `key` makes the index key of a whole document.

    A staged index is kept up to date and refuses queries.
    """

    id: int
    name: str
    fields: tuple[str, ...]
    is_staged: bool
    key: Key = field(repr=False, compare=False)

    @property
    def declared_fields(self) -> tuple[str, ...]:
        """Without what is appended: ("a",) of a declared index on a, ("_creationTime",) of by_creation_time."""
        return BUILT_IN_FIELDS[self.name][:1] if self.name in BUILT_IN_FIELDS else self.fields[:-2]

    @classmethod
    def make(cls, index_id: int, name: str, fields: Iterable[str], *, is_staged: bool = False) -> Index:
        fields = tuple(fields)
        return cls(index_id, name, fields, is_staged, compile_key([tuple(path.split(".")) for path in fields]))

    @property
    def spec(self) -> list[str]:
        return list(self.fields)

    def keys(self, document: Mapping[str, Value]) -> list[bytes]:
        return [self.key(document)]


def make_index(index_id: int, name: str, spec: Any, *, is_staged: bool) -> Index | SearchIndex:
    """An index of any kind, from what `spec` of it was: a list of fields, or an object of a search index."""
    if isinstance(spec, list):
        return Index.make(index_id, name, spec, is_staged=is_staged)
    return make_search_index(index_id, name, spec, is_staged=is_staged)


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    number: int
    indexes: Mapping[str, Index]
    """By name; by_id and by_creation_time come first."""
    search_indexes: Mapping[str, SearchIndex] = field(default_factory=lambda: MappingProxyType({}))
    """Text and vector indexes, by name. No name is in both."""

    @property
    def all_indexes(self) -> tuple[Index | SearchIndex, ...]:
        return (*self.indexes.values(), *self.search_indexes.values())

    @property
    def is_system(self) -> bool:
        """One of system_tables.py, which learner code does not write."""
        return self.number < USER_TABLE_NUMBER_MIN

    @property
    def by_id(self) -> Index:
        return self.indexes[BY_ID]

    @property
    def by_creation_time(self) -> Index:
        return self.indexes[BY_CREATION_TIME]


@dataclass(frozen=True, slots=True)
class Catalog:
    """`ts` is the commit that made it so; `schema_ts` and `code_ts` last changed schema and code (0: none did).

    `tables` are the learner's and `system_tables` those of system_tables.py, by name; `by_number` holds all.
    """

    ts: Timestamp
    schema_ts: Timestamp
    code_ts: Timestamp
    schema: SchemaDefinition
    tables: Mapping[str, Table]
    system_tables: Mapping[str, Table]
    by_number: Mapping[int, Table]

    def name_of(self, table_no: int) -> str | None:
        table = self.by_number.get(table_no)
        return None if table is None else table.name

    @property
    def next_table_number(self) -> int:
        return max(USER_TABLE_NUMBER_MIN - 1, max(self.by_number, default=0)) + 1


# Before every commit: an empty store is at 0, and has its system tables.
_NOTHING_READ = Timestamp(-1)


class CatalogCache:
    """The newest catalog seen; older ones are read again from the snapshot that still needs them."""

    def __init__(self) -> None:
        self.newest = _assemble(_NOTHING_READ, Timestamp(0), Timestamp(0), SchemaDefinition.EMPTY, (), ())

    def at(self, connection: sqlite3.Connection, catalog_ts: Timestamp) -> Catalog:
        """The catalog that `connection` sees inside its transaction; `catalog_ts` comes from the head of the log."""
        if catalog_ts == self.newest.ts:
            return self.newest
        catalog = _load(connection, catalog_ts, self.newest)
        if catalog.ts > self.newest.ts:
            self.newest = catalog
        return catalog


def _load(connection: sqlite3.Connection, catalog_ts: Timestamp, known: Catalog) -> Catalog:
    meta = dict(connection.execute("SELECT name, value FROM meta WHERE name IN ('schema', 'schema_ts', 'code_ts')"))
    schema_ts = Timestamp(meta.get("schema_ts", 0))
    schema = known.schema if schema_ts == known.schema_ts else SchemaDefinition.parse(meta["schema"])
    tables = connection.execute("SELECT number, name FROM tables ORDER BY number").fetchall()
    indexes = connection.execute(
        "SELECT table_number, id, name, fields, state FROM indexes WHERE state IN (?, ?) ORDER BY id", LIVE_STATES
    )
    return _assemble(catalog_ts, schema_ts, Timestamp(meta.get("code_ts", 0)), schema, tables, indexes)


def _assemble(
    ts: Timestamp,
    schema_ts: Timestamp,
    code_ts: Timestamp,
    schema: SchemaDefinition,
    tables: Iterable[tuple[int, str]],
    indexes: Iterable[tuple[int, int, str, str, str]],
) -> Catalog:
    plain: dict[int, dict[str, Index]] = {}
    search: dict[int, dict[str, SearchIndex]] = {}
    for number, index_id, name, spec, state in indexes:
        index = make_index(index_id, name, json.loads(spec), is_staged=state == "staged")
        if isinstance(index, Index):
            plain.setdefault(number, {})[name] = index
        else:
            search.setdefault(number, {})[name] = index
    by_number = {
        number: Table(name, number, MappingProxyType(plain[number]), MappingProxyType(search.get(number, {})))
        for number, name in tables
    }
    by_name = {table.name: table for table in by_number.values() if not table.is_system}
    system = {table.name: table for table in by_number.values() if table.is_system}
    return Catalog(
        ts, schema_ts, code_ts, schema, MappingProxyType(by_name), MappingProxyType(system), MappingProxyType(by_number)
    )


def create_index(
    connection: sqlite3.Connection, table_number: int, name: str, spec: Iterable[str] | Mapping[str, Any], state: str
) -> int:
    """Writes an index down, inside a write transaction; nothing is filled. Returns its id."""
    index_id = connection.execute(
        _INSERT_INDEX, (table_number, name, json.dumps(spec if isinstance(spec, Mapping) else list(spec)), state)
    ).lastrowid
    assert index_id is not None
    return index_id
