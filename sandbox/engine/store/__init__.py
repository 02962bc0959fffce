"""The store: optimistic transactions over a commit log in SQLite (design.md §3)."""

from __future__ import annotations

from .commit_log import Change, Commit, IndexKey, Timestamp
from .compare import Comparison, compare_plans
from .connections import Snapshot
from .layout import TABLES_INDEX
from .query_stream import QueryStream
from .read_index import ReadIndex
from .read_set import Interval, ReadSet
from .store import IndexInfo, Store, TableInfo, TablePage
from .transaction import Transaction

__all__ = [
    "TABLES_INDEX",
    "Change",
    "Commit",
    "Comparison",
    "IndexInfo",
    "IndexKey",
    "Interval",
    "QueryStream",
    "ReadIndex",
    "ReadSet",
    "Snapshot",
    "Store",
    "TableInfo",
    "TablePage",
    "Timestamp",
    "Transaction",
    "compare_plans",
]
