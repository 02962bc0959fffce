"""Leases: who may do what only one of all processes should do. A row that runs out by itself when its owner dies.

A lease is a hint against double work, never what keeps data right: a process may be stopped for longer than its
lease lasts, so whatever runs under one commits through the same conflict check as everything else.
"""

from __future__ import annotations

import sqlite3

_CREATE = """
CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, owner TEXT NOT NULL, until_ns INTEGER NOT NULL) WITHOUT ROWID
"""
_FIND = "SELECT owner, until_ns FROM leases WHERE name = ?"
_TAKE = (
    "INSERT INTO leases VALUES (:name, :owner, :until) ON CONFLICT DO UPDATE SET owner = :owner, until_ns = :until "
    "WHERE owner = :owner OR until_ns <= :now"
)


def create(connection: sqlite3.Connection) -> None:
    connection.execute(_CREATE)


def take(connection: sqlite3.Connection, name: str, owner: str, now_ns: int, seconds: float) -> bool:
    """Takes or renews the lease, unless another owner has it. Asking for what another has writes nothing."""
    found = connection.execute(_FIND, (name,)).fetchone()
    if found is not None and found[0] != owner and found[1] > now_ns:
        return False
    values = {"name": name, "owner": owner, "now": now_ns, "until": now_ns + int(seconds * 1e9)}
    return connection.execute(_TAKE, values).rowcount == 1


def drop(connection: sqlite3.Connection, name: str, owner: str) -> None:
    """Gives the lease back, if it is the owner's."""
    connection.execute("DELETE FROM leases WHERE name = ? AND owner = ?", (name, owner))


def owner_of(connection: sqlite3.Connection, name: str) -> str | None:
    """Whoever took it last, also when the time has run out."""
    found = connection.execute(_FIND, (name,)).fetchone()
    return None if found is None else found[0]


def drop_all(connection: sqlite3.Connection) -> None:
    """In a copy of a store: whoever holds leases holds them of the original."""
    connection.execute("DELETE FROM leases")
