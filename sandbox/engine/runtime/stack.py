"""Error texts as Convex prints them: the message, then the frames of the learner's own files, mapped to the source.

Source: docs/spec/semantics.md §9. The frames come from js/stacks.js, but learner code may have made anything of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox.engine.runtime.source_map import SourceMap

FRAMES_MAX = 20
MESSAGE_BYTES_MAX = 1 << 16
_FRAME = re.compile(r"    at (.{1,220}) \(convex/([\w./-]{1,200})\.js:(\d{1,9}):(\d{1,9})\)")
_BUILT_IN = re.compile(r"    at .{1,220} \((?:<anonymous>|index \d{1,9})\)")


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in a learner's file: `file` is "convex/signups.ts", line and column count from 1."""

    function: str
    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"    at {self.function} (../{self.file}:{self.line}:{self.column})"


def frames_of(stack: str, maps: Mapping[str, SourceMap]) -> list[Frame]:
    """The frames that lie in learner code."""
    return [frame for frame in _frames(stack, maps) if isinstance(frame, Frame)]


def lines_of(stack: str, maps: Mapping[str, SourceMap]) -> list[str]:
    """The frames as they are printed: those in learner code, and the language's own between them (`Array.map`)."""
    return [str(frame) for frame in _frames(stack, maps)]


def _frames(stack: str, maps: Mapping[str, SourceMap]) -> Iterator[Frame | str]:
    for line in stack.split("\n")[:FRAMES_MAX]:
        match = _FRAME.fullmatch(line)
        if match is None:
            if _BUILT_IN.fullmatch(line):
                yield line
        elif match[2] in maps:
            place = maps[match[2]].locate(int(match[3]), int(match[4]))
            if place is not None:
                yield Frame(match[1], *place)


def uncaught(text: str, lines: list[str]) -> str:
    """`Uncaught Error: …`, the frames' lines, and a newline at the end."""
    message = f"Uncaught {text}".encode()[:MESSAGE_BYTES_MAX].decode(errors="ignore")
    return "".join(f"{line}\n" for line in (message, *lines))
