"""`ctx.db`: documents, queries and pages. Texts: docs/spec/runtime-abi.md §2 ("Database")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.syscalls.arguments import document, fields, optional_text, text
from sandbox.engine.runtime.syscalls.context import CallContext, Operation, Reads, Stream

# Who leaves early has little read ahead of them; who reads on gets four times as much with each batch.
STREAM_BATCH_FIRST = 16
STREAM_BATCH_MAX = 256


class Streams:
    """The queries that a call reads row by row, by the numbers that js/prelude.js gives them."""

    def __init__(self, tx: Reads) -> None:
        self._tx = tx
        self._streams: dict[int, Stream] = {}
        self._batches: dict[int, int] = {}

    @property
    def operations(self) -> Mapping[str, Operation]:
        return {"stream/next": self._next}

    def read_ahead(self, consumed: Any) -> tuple[int, int]:
        """Documents and bytes that no function has seen yet. `consumed` is by stream, as js/prelude.js counts."""
        if not isinstance(consumed, dict):
            return 0, 0
        ahead = [
            stream.read_ahead(consumed[str(number)])
            for number, stream in self._streams.items()
            if type(consumed.get(str(number))) is int
        ]
        return sum(documents for documents, _ in ahead), sum(size for _, size in ahead)

    def leave(self, number: int, consumed: int) -> None:
        left = self._streams.pop(number, None)
        if left is not None:
            left.close(consumed)

    async def _next(self, args: dict[str, Any]) -> str:
        number = args.get("stream")
        if type(number) is not int:
            raise _no_such_query()
        if "plan" in args:
            self._streams[number] = self._tx.open_query(_plan(args["plan"]))
        if number not in self._streams:
            raise _no_such_query()
        batch = self._batches.get(number, STREAM_BATCH_FIRST)
        self._batches[number] = min(4 * batch, STREAM_BATCH_MAX)
        documents, is_done = await self._streams[number].next(batch)
        if is_done and not documents:
            del self._streams[number]
        return "\t".join(("1" if is_done else "0", *(document.decode() for document in documents)))


def operations(context: CallContext) -> Mapping[str, Operation]:
    database = _Database(context)
    return {
        "id/normalize": database.normalize_id,
        "1.0/get": database.get,
        "1.0/count": database.count,
        "1.0/queryPage": database.page,
        "1.0/insert": database.insert,
        "1.0/shallowMerge": database.patch,
        "1.0/replace": database.replace,
        "1.0/remove": database.remove,
    }


class _Database:
    def __init__(self, context: CallContext) -> None:
        self._context = context
        self._tx = context.tx

    # ── reads ───────────────────────────────────────────────────────────────

    async def get(self, args: dict[str, Any]) -> str:
        method = "system.get" if args.get("isSystem") else "get"
        found = await self._tx.get(text(args, "id", f"db.{method}"), table=optional_text(args, "table"), method=method)
        return "null" if found is None else found.decode()

    async def count(self, args: dict[str, Any]) -> str:
        source = {"type": "FullTableScan", "tableName": text(args, "table", "db.count"), "order": None}
        stream = self._tx.open_query({"source": source, "operators": []})
        count, is_done = 0, False
        while not is_done:
            documents, is_done = await stream.next(STREAM_BATCH_MAX)
            count += len(documents)
        return json.dumps(float(count))

    async def page(self, args: dict[str, Any]) -> str:
        page = await self._context.transaction.paginate(
            _plan(args.get("query")),
            cursor=optional_text(args, "cursor"),
            end_cursor=optional_text(args, "endCursor"),
            page_size=args.get("pageSize"),
            maximum_rows_read=args.get("maximumRowsRead"),
            maximum_bytes_read=args.get("maximumBytesRead"),
        )
        rest = {
            "isDone": page.is_done,
            "continueCursor": page.continue_cursor,
            "splitCursor": page.split_cursor,
            "pageStatus": page.page_status,
        }
        rows = ",".join(row.decode() for row in page.documents)
        return f'{{"page":[{rows}],{json.dumps(rest)[1:]}'

    async def normalize_id(self, args: dict[str, Any]) -> str:
        table, id_text = args.get("table"), args.get("id")
        known = self._tx.normalize_id(table, id_text) if isinstance(table, str) and isinstance(id_text, str) else None
        return json.dumps({"id": known})

    # ── writes ──────────────────────────────────────────────────────────────

    async def insert(self, args: dict[str, Any]) -> str:
        self._context.refuse_unless_mutation()
        table = text(args, "table", "db.insert")
        document_id = await self._tx.insert(table, document(args, "value", "db.insert"))
        return json.dumps({"_id": document_id})

    async def patch(self, args: dict[str, Any]) -> str:
        self._context.refuse_unless_mutation()
        changed = fields(args, "value", "db.patch")
        await self._tx.patch(text(args, "id", "db.patch"), changed, table=optional_text(args, "table"))
        return "null"

    async def replace(self, args: dict[str, Any]) -> str:
        self._context.refuse_unless_mutation()
        value = document(args, "value", "db.replace")
        await self._tx.replace(text(args, "id", "db.replace"), value, table=optional_text(args, "table"))
        return "null"

    async def remove(self, args: dict[str, Any]) -> str:
        self._context.refuse_unless_mutation()
        await self._tx.delete(text(args, "id", "db.delete"), table=optional_text(args, "table"))
        return "null"


def _plan(plan: Any) -> dict[str, Any]:
    if not isinstance(plan, dict):
        raise LearnerError("Invalid query", code="InvalidSyscall")
    return plan


def _no_such_query() -> LearnerError:
    return LearnerError("in-progress query not found", code="InvalidSyscall")
