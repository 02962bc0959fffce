"""The store: optimistic transactions over a commit log in SQLite."""

from __future__ import annotations

from sandbox.engine.store.commit_log import Change, Commit, IndexKey, Timestamp
from sandbox.engine.store.compare import Comparison, compare_plans
from sandbox.engine.store.connections import Snapshot
from sandbox.engine.store.documents import Document
from sandbox.engine.store.file_folder import Arrived, Incoming
from sandbox.engine.store.files import FileChanges, Files, StoredFile
from sandbox.engine.store.layout import TABLES_INDEX
from sandbox.engine.store.paging import Page
from sandbox.engine.store.query_stream import QueryStream
from sandbox.engine.store.quota import Quota
from sandbox.engine.store.read_index import ReadIndex
from sandbox.engine.store.read_set import Interval, ReadSet
from sandbox.engine.store.schema_push import PushProgress
from sandbox.engine.store.store import IndexInfo, Store, TableInfo, TablePage
from sandbox.engine.store.stored_code import CodePush, Project, StoredCode
from sandbox.engine.store.system_tables import CRON_JOBS, FILES, SCHEDULED_FUNCTIONS, STORAGE
from sandbox.engine.store.system_writer import SystemWriter
from sandbox.engine.store.table_window import TableWindow, WindowAsk
from sandbox.engine.store.transaction import Transaction
from sandbox.engine.store.transaction_state import Savepoint
from sandbox.engine.store.upload_tokens import UploadTokens
from sandbox.engine.store.vectors import vector_search

__all__ = [
    "CRON_JOBS",
    "FILES",
    "SCHEDULED_FUNCTIONS",
    "STORAGE",
    "TABLES_INDEX",
    "Arrived",
    "Change",
    "CodePush",
    "Commit",
    "Comparison",
    "Document",
    "FileChanges",
    "Files",
    "Incoming",
    "IndexInfo",
    "IndexKey",
    "Interval",
    "Page",
    "Project",
    "PushProgress",
    "QueryStream",
    "Quota",
    "ReadIndex",
    "ReadSet",
    "Savepoint",
    "Snapshot",
    "Store",
    "StoredCode",
    "StoredFile",
    "SystemWriter",
    "TableInfo",
    "TablePage",
    "TableWindow",
    "Timestamp",
    "Transaction",
    "UploadTokens",
    "WindowAsk",
    "compare_plans",
    "vector_search",
]
