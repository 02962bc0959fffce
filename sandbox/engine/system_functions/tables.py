"""Looking at tables from outside: which there are, and what is in them."""

from __future__ import annotations

import json
from typing import Any

from sandbox.engine.errors import LimitExceeded
from sandbox.engine.runtime.system_function import SystemCall
from sandbox.engine.store import TABLES_INDEX, Interval, Transaction
from sandbox.engine.system_functions.definition import (
    NUMBER,
    PAGINATION_OPTIONS,
    STRING,
    Arguments,
    system_function,
)

ROWS_READ_MAX = 5_000
BYTES_READ_MAX = 4_000_000


def scan_plan(table: str, order: str, *operators: Any) -> dict[str, Any]:
    """All of a table by creation time, in the wire form of runtime-abi.md §4."""
    source = {"type": "IndexRange", "indexName": f"{table}.by_creation_time", "range": [], "order": order}
    return {"source": source, "operators": list(operators)}


@system_function("query", table=STRING, limit=NUMBER)
async def list_table_scan(call: SystemCall, args: Arguments) -> Any:
    """The newest documents of a table; as many as may be read, where that is less."""
    if not args["table"]:
        return []
    found: list[bytes] = []
    plan = scan_plan(args["table"], "desc", {"limit": args["limit"]})
    is_private = args["table"] in call.transaction.catalog.system_tables
    stream = call.transaction.system.open_query(plan) if is_private else call.transaction.open_query(plan)
    is_done = False
    try:
        while not is_done:
            documents, is_done = await stream.next(256)
            found += documents
    except LimitExceeded:
        pass
    return [json.loads(document) for document in found]


@system_function("query")
async def get_table_mapping(call: SystemCall, args: Arguments) -> Any:
    """Table names by number."""
    _depend_on_tables(call.transaction)
    return {str(number): table.name for number, table in call.transaction.catalog.by_number.items()}


@system_function("query", paginationOpts=PAGINATION_OPTIONS)
async def list_tables(call: SystemCall, args: Arguments) -> Any:
    """All tables on one page."""
    _depend_on_tables(call.transaction)
    page = [{"name": name} for name in sorted(call.transaction.catalog.tables)]
    return {"page": page, "isDone": True, "continueCursor": "_end_cursor", "splitCursor": None, "pageStatus": None}


@system_function(
    "query",
    table=STRING,
    order={"type": "union", "value": [{"type": "literal", "value": order} for order in ("asc", "desc")]},
    paginationOpts=PAGINATION_OPTIONS,
)
async def table_data(call: SystemCall, args: Arguments) -> Any:
    options = args["paginationOpts"]
    page = await call.transaction.paginate(
        scan_plan(args["table"], args["order"]),
        cursor=options["cursor"],
        end_cursor=options.get("endCursor"),
        page_size=options["numItems"],
        maximum_rows_read=ROWS_READ_MAX,
        maximum_bytes_read=BYTES_READ_MAX,
    )
    return {
        "page": [json.loads(document) for document in page.documents],
        "isDone": page.is_done,
        "continueCursor": page.continue_cursor,
        "splitCursor": page.split_cursor,
        "pageStatus": page.page_status,
    }


def _depend_on_tables(transaction: Transaction) -> None:
    """A table that appears changes the answer."""
    transaction.read_set.add(Interval(TABLES_INDEX, b"", None))
