"""A call that the deployment refused, or that ended with an error."""

from __future__ import annotations

import re

from lessons.verdict import Place
from sandbox.engine import LearnerError

# `    at handler (../convex/signups.ts:12:9)` (docs/spec/semantics.md §9)
STACK_FRAME = re.compile(r"\(\.\./(?P<file>convex/[^():]+):(?P<line>\d+):(?P<column>\d+)\)")


class CallRefused(Exception):
    """A function of the learner's ended with an error, or an argument was refused.

    `data` is what a ConvexError carries, Convex-encoded; None for other errors.
    """

    def __init__(self, path: str, error: LearnerError) -> None:
        super().__init__(error.message)
        self.path = path
        self.message = error.message
        self.code = error.code
        self.data = error.data if error.has_data else None

    @property
    def first_line(self) -> str:
        """What was said, without where: `Uncaught Error: Not yours`."""
        return self.message.partition("\n")[0]

    @property
    def place(self) -> Place | None:
        """The line that threw, where it is known."""
        frame = STACK_FRAME.search(self.message)
        return None if frame is None else Place(frame["file"], int(frame["line"]), int(frame["column"]))
