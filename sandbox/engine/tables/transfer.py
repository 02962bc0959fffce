"""Import and export of a table, in slices between which others of the process come in.

An import reads the file twice: first every line is held against the schema, and only a file without a broken line is
written, in commits of some hundred rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from sandbox.engine.errors import LearnerError
from sandbox.engine.schema import CREATION_TIME_FIELD, ID_FIELD
from sandbox.engine.seeding import ROWS_PER_COMMIT, insert_values
from sandbox.engine.store import Store
from sandbox.engine.store.documents import text_of, with_system_fields
from sandbox.engine.tables.cell_text import Column, columns_of
from sandbox.engine.tables.row_files import BrokenLine, FileFormat, NumberedRow, csv_line, csv_row, read_rows
from sandbox.engine.values import Value, identifier_problem, key_after, loads

ROWS_IMPORTED_MAX = 500_000
ROWS_PER_SLICE = 100
ROWS_PER_EXPORT_PAGE = 500
_SAMPLE_ID, _SAMPLE_TIME = "j" * 32, 1.0


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """`checked` rows of the file fit so far; then `written` of them are in the table."""

    checked: int
    written: int


async def import_rows(
    store: Store, table: str, file: BinaryIO, file_format: FileFormat, *, writer: str, after_each: Callable[[], None]
) -> AsyncIterator[ImportProgress]:
    """Adds every row of the file. Raises BrokenLine with the number of the line, and then nothing was written;
    LearnerError where the table or the deployment cannot take the rows, with how many it has taken.
    """
    if identifier_problem(table) is not None or table.startswith("_"):
        raise LearnerError(f"There is no table {table!r} to import into.", code="InvalidTableName")
    checked = 0
    async for checked in _check(store, table, file, file_format):
        yield ImportProgress(checked, 0)
    file.seek(0)
    written = 0
    for chunk in _chunks(read_rows(file, file_format, columns_of(store.schema, table)), ROWS_PER_COMMIT):
        try:
            await insert_values(store, table, [row for _, row in chunk], writer=writer, cause="import")
        except LearnerError as error:
            raise LearnerError(f"{error.message} {_so_far(written, checked)}", code=error.code) from None
        after_each()
        written += len(chunk)
        yield ImportProgress(checked, written)
        await asyncio.sleep(0)


async def _check(store: Store, table: str, file: BinaryIO, file_format: FileFormat) -> AsyncIterator[int]:
    """Holds every line against the schema. Yields now and then how many fit so far, and at the end."""
    checked = 0
    async with await store.snapshot() as snapshot:
        catalog = snapshot.catalog
    for chunk in _chunks(read_rows(file, file_format, columns_of(catalog.schema, table)), ROWS_PER_SLICE):
        for line, row in chunk:
            try:
                text_of(with_system_fields(row, _SAMPLE_ID, _SAMPLE_TIME))
                catalog.schema.check_document(table, row, catalog)
            except LearnerError as error:
                raise BrokenLine(line, error.message) from None
        checked += len(chunk)
        if checked > ROWS_IMPORTED_MAX:
            raise LearnerError(f"At most {ROWS_IMPORTED_MAX:,} rows can be imported at once.", code="TooManyRows")
        yield checked
        await asyncio.sleep(0)


def _chunks(rows: Iterator[NumberedRow], size: int) -> Iterator[list[NumberedRow]]:
    chunk: list[NumberedRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _so_far(written: int, checked: int) -> str:
    return f"{written:,} of {checked:,} rows were imported before that, and stay."


async def export_rows(store: Store, table: str, file_format: FileFormat) -> AsyncIterator[bytes]:
    """The rows of a table by creation time, as the bytes of a file, page by page.

    Rows that are written meanwhile may be in it or not; each row is one version of it. CSV has the declared columns,
    or, of a table without a schema, those of its first rows.
    """
    columns = columns_of(store.schema, table)
    header: list[str] | None = None
    after: bytes | None = None
    while True:
        page = await store.table_page(table, index=None, order="asc", limit=ROWS_PER_EXPORT_PAGE, after=after)
        if file_format == "jsonl":
            yield b"".join(text + b"\n" for text in page.rows)
        else:
            documents = [cast("dict[str, Value]", loads(text)) for text in page.rows]
            if header is None:
                header = _header(columns, documents)
                yield csv_line(header)
            yield b"".join(csv_row(document, header, columns) for document in documents)
        after = page.next
        if after is None or key_after(after) is None:
            return
        await asyncio.sleep(0)


def _header(columns: dict[str, Column], documents: list[dict[str, Value]]) -> list[str]:
    names = dict.fromkeys([*columns, *(name for document in documents for name in document)])
    return [ID_FIELD, *(name for name in names if not name.startswith("_")), CREATION_TIME_FIELD]
