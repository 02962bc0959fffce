"""Source maps, version 3: from a place in compiled text to the place in the learner's file."""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import Any

_DIGITS = {
    digit: value for value, digit in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}

_Segment = tuple[int, int, int]
"""Column in the compiled line, line and column in the source, all from 0."""


class SourceMap:
    """The map of one module. Decoded on first use, because most revisions never throw."""

    def __init__(self, source: str, json_text: str) -> None:
        """`source` is the learner's file, such as "convex/signups.ts"; `json_text` is the map of that one file."""
        self.source = source
        self._json_text = json_text
        self._lines: list[list[_Segment]] | None = None

    def position(self, line: int, column: int) -> tuple[int, int] | None:
        """Line and column in the source for a place in the compiled text; all count from 1, columns in UTF-16 units."""
        if self._lines is None:
            document: dict[str, Any] = json.loads(self._json_text)
            self._lines = _decode(document["mappings"])
        if not 1 <= line <= len(self._lines):
            return None
        segments = self._lines[line - 1]
        at = bisect_right(segments, column - 1, key=lambda segment: segment[0]) - 1
        if at < 0:
            return None
        _, source_line, source_column = segments[at]
        return source_line + 1, source_column + 1


def _decode(mappings: str) -> list[list[_Segment]]:
    lines: list[list[_Segment]] = []
    source_line = source_column = 0
    for text in mappings.split(";"):
        compiled_column = 0
        segments: list[_Segment] = []
        for segment in text.split(",") if text else ():
            fields = _decode_fields(segment)
            compiled_column += fields[0]
            if len(fields) >= 4:
                source_line += fields[2]
                source_column += fields[3]
                segments.append((compiled_column, source_line, source_column))
        lines.append(segments)
    return lines


def _decode_fields(segment: str) -> list[int]:
    """Signed numbers of any length: 5 bits a digit, the sixth says that more follow, the lowest bit is the sign."""
    fields: list[int] = []
    number = shift = 0
    for character in segment:
        digit = _DIGITS[character]
        number |= (digit & 31) << shift
        shift += 5
        if not digit & 32:
            fields.append(-(number >> 1) if number & 1 else number >> 1)
            number = shift = 0
    return fields
