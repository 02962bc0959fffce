"""A transaction as of an earlier moment: what has been committed since is taken back, for its eyes alone.

The log has the old version of every document that changed. They stand in the transaction as writes of its own would,
so that every index and search shows them; nothing of that is ever committed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from sandbox.engine.errors import LearnerError
from sandbox.engine.store.catalog import Table
from sandbox.engine.store.commit_log import Change, Commit
from sandbox.engine.store.documents import Document
from sandbox.engine.store.pending_writes import Keys, PendingWrite, keys_of
from sandbox.engine.store.transaction import Transaction
from sandbox.engine.values import loads, size_of

DOCUMENTS_MAX = 4_096
"""About a tenth of a second of work."""


def rewind(transaction: Transaction, commits: Iterable[Commit]) -> None:
    """`commits` are those since the wanted moment, oldest first. Raises LearnerError SnapshotTooOld for too many."""
    assert len(transaction.pending) == 0
    oldest: dict[str, Change] = {}
    newest: dict[str, bytes | None] = {}
    for commit in commits:
        for change in commit.changes:
            oldest.setdefault(change.id, change)
            newest[change.id] = change.new
    if len(oldest) > DOCUMENTS_MAX:
        raise too_old()
    for document_id, change in oldest.items():
        table = transaction.catalog.by_number.get(change.table_no)
        if table is not None and change.old != newest[document_id]:
            transaction.pending.put(_taken_back(table, change, newest[document_id]))


def too_old() -> LearnerError:
    return LearnerError(
        "Too much has changed since that timestamp. Take a new one (`query_ts`) and repeat the queries of this moment.",
        code="SnapshotTooOld",
    )


def _taken_back(table: Table, change: Change, newest: bytes | None) -> PendingWrite:
    _, hidden, _ = _version(table, newest)
    text, keys, size = _version(table, change.old)
    return PendingWrite(table, change.uid, change.id, None, newest, hidden, text, keys, size)


def _version(table: Table, text: bytes | None) -> tuple[bytes | None, Keys, int]:
    if text is None:
        return None, (), 0
    document = cast(Document, loads(text))
    return text, keys_of(table, document), size_of(document)
