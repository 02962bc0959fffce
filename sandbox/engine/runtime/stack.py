"""Error texts as Convex prints them: the message, then the frames of the learner's own files, mapped to the source.

Source: docs/spec/semantics.md §9. What arrives here was made by learner code and may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox.engine.runtime.source_map import SourceMap

FRAMES_MAX = 20
_FRAME = re.compile(r"    at (?:(.{1,200}) \()?(async )?convex/([\w./]{1,200})\.js:(\d{1,9}):(\d{1,9})\)?")


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
    """The frames of V8's `error.stack` that lie in learner code, without the library's and the runner's."""
    return [frame for _, frame in zip(range(FRAMES_MAX), _frames(stack, maps), strict=False)]


def _frames(stack: str, maps: Mapping[str, SourceMap]) -> Iterator[Frame]:
    for line in stack.split("\n"):
        match = _FRAME.fullmatch(line)
        if match is None or match[3] not in maps:
            continue
        place = maps[match[3]].locate(int(match[4]), int(match[5]))
        if place is not None:
            name = match[1] or f"{match[2] or ''}<anonymous>"
            yield Frame(name, *place)


def uncaught(text: str, frames: list[Frame]) -> str:
    """`Uncaught Error: …`, a line for every frame, and a newline at the end."""
    return "".join(f"{line}\n" for line in (f"Uncaught {text}", *frames))
