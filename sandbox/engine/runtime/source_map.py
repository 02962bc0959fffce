"""Source maps, version 3: from a place in compiled text to the place in the learner's file.

A module of a lesson is one file, transformed. A module of `host` was bundled of several files before that (bundle.py),
so its places are found through two maps.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_right
from functools import lru_cache
from typing import Any

_DIGITS = {
    digit: value for value, digit in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}

_Segment = tuple[int, int, int, int]
"""Column in the compiled line, number of the source, line and column in it, all from 0."""

SourcePlace = tuple[str, int, int]
"""File, line and column, from 1."""


class _Mappings:
    """Decoded on first use, because most revisions never throw."""

    def __init__(self, json_text: str) -> None:
        self._json_text = json_text
        self._lines: _Lines | None = None
        self.sources: list[str] = []

    def find(self, line: int, column: int) -> tuple[int, int, int] | None:
        """Number of the source, line and column in it (from 1)."""
        if self._lines is None:
            document: dict[str, Any] = json.loads(self._json_text)
            self._lines = _Lines(document["mappings"])
            self.sources = document.get("sources", [])
        segments = self._lines.segments(line)
        at = bisect_right(segments, column - 1, key=lambda segment: segment[0]) - 1
        if at < 0:
            return None
        _, source, source_line, source_column = segments[at]
        return source, source_line + 1, source_column + 1


class SourceMap:
    """The map of one module."""

    def __init__(self, source: str, json_text: str, bundle_json: str | None = None) -> None:
        """`source` is the learner's file, such as "convex/signups.ts"; `json_text` is the map of that one file.

        With `bundle_json`, the file was bundled, and this is the map of the bundle: it tells the sources.
        """
        self.source = source
        self.texts = (source, json_text, bundle_json)
        """What this map was made of."""
        self._mappings = _Mappings(json_text)
        self._bundle = None if bundle_json is None else _Mappings(bundle_json)

    @staticmethod
    def of_bundle(bundle_json: str, line: int, column: int) -> SourcePlace | None:
        """The place in a source for one in the text of a bundle."""
        mappings = _Mappings(bundle_json)
        found = mappings.find(line, column)
        return None if found is None else (mappings.sources[found[0]], *found[1:])

    def locate(self, line: int, column: int) -> SourcePlace | None:
        """The place in a source for one in the compiled text; all count from 1, columns in UTF-16 units."""
        found = self._mappings.find(line, column)
        if found is None or self._bundle is None:
            return None if found is None else (self.source, *found[1:])
        found = self._bundle.find(*found[1:])
        return None if found is None else (self._bundle.sources[found[0]], *found[1:])


class _Lines:
    """Where each line of the compiled text begins in the sources; its segments are decoded when they are asked for.

    A bundle with its packages has a million segments, and few lines are ever looked at.
    """

    def __init__(self, mappings: str) -> None:
        self._texts = mappings.split(";")
        self._starts = array("q")  # source, line and column of each
        source = source_line = source_column = 0
        for text in self._texts:
            self._starts.extend((source, source_line, source_column))
            for segment in text.split(",") if text else ():
                fields = _decode_fields(segment)
                if len(fields) >= 4:
                    source += fields[1]
                    source_line += fields[2]
                    source_column += fields[3]

    def segments(self, line: int) -> list[_Segment]:
        """Those of the line, which counts from 1; none for one that is not there."""
        if not 1 <= line <= len(self._texts):
            return []
        compiled_column = 0
        source, source_line, source_column = self._starts[3 * line - 3 : 3 * line]
        segments: list[_Segment] = []
        for segment in self._texts[line - 1].split(","):
            fields = _decode_fields(segment) or (0,)
            compiled_column += fields[0]
            if len(fields) >= 4:
                source += fields[1]
                source_line += fields[2]
                source_column += fields[3]
                segments.append((compiled_column, source, source_line, source_column))
        return segments


@lru_cache(maxsize=1 << 14)
def _decode_fields(segment: str) -> tuple[int, ...]:
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
    return tuple(fields)
