"""What a learner may call, and which rows they may pick as an argument."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.engine import Deployment, FunctionInfo

ROWS_MAX = 100
# Rows may have a megabyte each, so they are read in small pages until there are enough to pick from.
ROWS_PER_PAGE = 20
BYTES_READ_MAX = 2_000_000
TEXT_LENGTH_MAX = 80


@dataclass(frozen=True, slots=True)
class RowsToPick:
    """The first rows of a table with their short fields, and how many rows it has."""

    rows: list[dict[str, Any]]
    count: int


def describe_functions(functions: Mapping[str, FunctionInfo]) -> list[dict[str, Any]]:
    """In the order of their files and lines, as a reader of the code meets them."""
    ordered = sorted(functions.items(), key=lambda item: (item[1].file, item[1].line, item[0]))
    return [
        {
            "path": path,
            "kind": function.kind,
            "visibility": function.visibility,
            "args": function.args,
            "returns": function.returns,
            "file": function.file,
            "line": function.line,
        }
        for path, function in ordered
    ]


async def rows_to_pick(deployment: Deployment, table: str) -> RowsToPick:
    """Newest rows first: what was added last is what a learner looks for. An unknown table has none."""
    rows: list[bytes] = []
    after: bytes | None = None
    while True:
        page = await deployment.store.table_page(table, index=None, order="desc", limit=ROWS_PER_PAGE, after=after)
        rows += page.rows
        after = page.next
        if after is None or len(rows) >= ROWS_MAX or sum(map(len, rows)) > BYTES_READ_MAX:
            return RowsToPick([_shortened(json.loads(row)) for row in rows], page.count)


def _shortened(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row may have a megabyte; its id and its short texts are enough to know it."""
    return {
        name: value[:TEXT_LENGTH_MAX] if isinstance(value, str) and name != "_id" else value
        for name, value in row.items()
        if isinstance(value, (str, int, float, bool))
    }
