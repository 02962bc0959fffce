"""Rows as the lines of a file: JSON lines and CSV, read and written one at a time.

A line of JSON is a Convex-encoded document, so nothing is lost. A cell of CSV is a text by the type of its column
(cell_text.py). System fields are written and, when read, left out: an imported row is a new one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from sandbox.engine.errors import LearnerError
from sandbox.engine.schema import CREATION_TIME_FIELD, ID_FIELD
from sandbox.engine.tables.cell_text import Column, cell_text, parse_cell
from sandbox.engine.values import UNDEFINED, Value, loads

FileFormat = Literal["jsonl", "csv"]
NumberedRow = tuple[int, dict[str, Value]]
"""The number of the line that a row begins on, from 1, and its fields."""

CELL_CHARACTERS_MAX = 1_100_000
_SYSTEM = (ID_FIELD, CREATION_TIME_FIELD)


class BrokenLine(LearnerError):
    code = "BrokenLine"

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line:,}: {reason}")
        self.line = line


def read_rows(lines: Iterable[bytes], file_format: FileFormat, columns: Mapping[str, Column]) -> Iterator[NumberedRow]:
    """The rows of a file. Raises BrokenLine at the first line that is none."""
    texts = _decoded(lines)
    return _json_rows(texts) if file_format == "jsonl" else _csv_rows(texts, columns)


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise BrokenLine(number, "this is not UTF-8 text. Save the file as UTF-8 and try again.") from None


def _json_rows(lines: Iterable[str]) -> Iterator[NumberedRow]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            document = loads(line)
        except LearnerError as error:
            raise BrokenLine(number, f"this is not a document in JSON. {error.message}") from None
        if not isinstance(document, dict):
            raise BrokenLine(number, "a row must be a JSON object.")
        yield number, {name: value for name, value in document.items() if name not in _SYSTEM}


def _csv_rows(lines: Iterator[str], columns: Mapping[str, Column]) -> Iterator[NumberedRow]:
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    reader = csv.reader(lines, strict=True)
    header: list[str] | None = None
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BrokenLine(number, f"this is not a line of CSV ({error}).") from None
        if not cells:
            continue
        if header is None:
            header = _header(number, cells)
        else:
            yield number, _row(number, header, cells, columns)


def _header(number: int, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if "" in names or len(set(names)) < len(names):
        raise BrokenLine(number, "the first line must name every column once.")
    return names


def _row(number: int, header: list[str], cells: list[str], columns: Mapping[str, Column]) -> dict[str, Value]:
    if len(cells) != len(header):
        raise BrokenLine(number, f"there are {len(cells)} cells, but the first line names {len(header)} columns.")
    row: dict[str, Value] = {}
    for name, text in zip(header, cells, strict=True):
        if name in _SYSTEM:
            continue
        try:
            value = parse_cell(text, columns.get(name) or Column(name))
        except LearnerError as error:
            raise BrokenLine(number, error.message) from None
        if value is not UNDEFINED:
            row[name] = value
    return row


def csv_line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(list(cells))
    return text.getvalue().encode()


def csv_row(document: Mapping[str, Value], header: Iterable[str], columns: Mapping[str, Column]) -> bytes:
    return csv_line(cell_text(document.get(name, UNDEFINED), columns.get(name) or Column(name)) for name in header)
