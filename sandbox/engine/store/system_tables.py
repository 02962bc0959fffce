"""System tables: what the engine itself keeps beside the learner's documents.

They are ordinary tables with reserved numbers, so snapshots, read sets, rollback and live queries hold for them as
for any other. Learner code reads the public ones through `db.system` and writes none; the engine's own parts use
`Transaction.system`. Fields: docs/spec/semantics.md §10.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.engine.store.catalog import BUILT_IN_FIELDS, create_index

SCHEDULED_FUNCTIONS = "_scheduled_functions"
STORAGE = "_storage"
FILES = "_files"
CRON_JOBS = "_cron_jobs"


@dataclass(frozen=True, slots=True)
class SystemTable:
    """`indexes` are fields by index name, without the creation time and id that every index ends with."""

    name: str
    number: int
    is_public: bool
    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


# From 128 to 16,383 a table number takes two bytes, so that ids have 32 characters as those of the learner's tables.
SYSTEM_TABLES = (
    SystemTable(
        SCHEDULED_FUNCTIONS,
        539,
        True,
        {"by_state": ("state.kind", "scheduledTime"), "by_completed": ("completedTime",)},
    ),
    SystemTable(STORAGE, 540, True),
    SystemTable(FILES, 541, False, {"by_uuid": ("uuid",), "by_storage_id": ("storageId",), "by_sha256": ("sha256",)}),
    SystemTable(CRON_JOBS, 542, False, {"by_identifier": ("identifier",), "by_next_time": ("nextTime",)}),
)

PUBLIC_TABLES = frozenset(table.name for table in SYSTEM_TABLES if table.is_public)


def create_system_tables(connection: sqlite3.Connection) -> None:
    """Makes those that are missing. For a connection that nobody reads through yet: no commit tells of them."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        known = {name for (name,) in connection.execute("SELECT name FROM tables")}
        for table in SYSTEM_TABLES:
            if table.name not in known:
                connection.execute("INSERT INTO tables VALUES (?, ?, 0)", (table.number, table.name))
                _create_indexes(connection, table)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _create_indexes(connection: sqlite3.Connection, table: SystemTable) -> None:
    for name, fields in BUILT_IN_FIELDS.items():
        create_index(connection, table.number, name, fields, "ready")
    for name, fields in table.indexes.items():
        create_index(connection, table.number, name, (*fields, "_creationTime", "_id"), "ready")
