"""Puts the rows with which a lesson begins into a store (`seed.jsonl`, `seed-2.jsonl`; lesson_folder.py reads them).

A row that needs the id of another says
`{"$row": ["signups", 0]}`: the first row of that table, which must stand above it.
"""

from __future__ import annotations

import json
from typing import Any

from lessons.evidence import RowNumbers
from lessons.lesson import Rows
from sandbox.engine import Deployment

Row = dict[str, Any]

PAGE_ROWS = 1_000


async def insert_seed(deployment: Deployment, seed: Rows, *, skip: frozenset[str] = frozenset()) -> None:
    """Puts the rows into a store that has none of them yet, except those of the tables in `skip`.

    Raises LearnerError when the schema refuses one; LookupError for a reference to a row that is not there.
    """
    numbers = RowNumbers()
    for table, rows in seed.items():
        if table in skip:
            continue
        await deployment.insert_rows(table, [numbers.real(row) for row in rows], cause="seed")
        if any('"$row"' in json.dumps(each) for each in seed.values()):
            numbers.note(table, await row_ids(deployment, table))


async def row_ids(deployment: Deployment, table: str) -> list[str]:
    """The ids of all rows of a table, in the order in which they were made."""
    found: list[Row] = []
    after: bytes | None = None
    while True:
        page = await deployment.store.table_page(table, index=None, order="asc", limit=PAGE_ROWS, after=after)
        found += map(json.loads, page.rows)
        if page.next is None:
            return [row["_id"] for row in sorted(found, key=lambda row: row["_creationTime"])]
        after = page.next
