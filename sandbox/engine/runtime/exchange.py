"""The frames between host and JS process during one run, and the time the run may take.

It trusts nothing that comes back: every frame carries the run number of this side's choosing, counts and sizes are
bounded. Who breaks the rules gets CallStopped; ending the process then is process.py's part. Frames: js/runner.js.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import sys
import time
from dataclasses import dataclass
from typing import Any

from sandbox.engine import limits
from sandbox.engine.errors import EngineError, LearnerError
from sandbox.engine.runtime.channel import DeadlinePassed, LineChannel
from sandbox.engine.runtime.syscalls import Syscalls

# A call whose time is up but which had less than this part of it on the processor goes on, a few times.
STARVED_BELOW = 0.8
EXTENSIONS_MAX = 4
UNAWAITED_MAX = 1000
_OPERATION = re.compile(r"[\w./]{1,64}")


class CallStopped(EngineError):
    """The process was ended in the middle of a call or a load. `code` says why."""

    code = "CallStopped"


# The frames that a process may send, by their first letter, and how many fields follow the run (js/runner.js).
_FIELDS = {b"B": 0, b"G": 1, b"S": 2, b"Q": 2, b"R": 2}


@dataclass(slots=True)
class Reply:
    """The outcome frame. `ok` decides: `text` holds the result, or `error` the text of what was thrown."""

    ok: bool
    text: str
    error: str = ""
    stack: str | None = None
    data: str | None = None
    unawaited: tuple[str, ...] = ()


class Exchange:
    """The frames of one run, and the time it may take: only what the process spends itself counts."""

    def __init__(
        self,
        channel: LineChannel,
        run: str,
        begin_seconds: float,
        seconds: float = 0.0,
        syscalls: Syscalls | None = None,
        log_lines: list[str] | None = None,
    ) -> None:
        self._channel = channel
        self._run = run.encode()
        self._seconds_left = begin_seconds
        self._seconds = seconds
        self._syscalls = syscalls
        self._log_lines = [] if log_lines is None else log_lines
        self.has_begun = False
        self._cpu_seconds = math.inf
        self._extensions = 0
        self._syscall_count = 0
        self._syscall_seconds = 0.0

    async def run(self) -> Reply:
        while True:
            kind, fields = self._parse(await self._next_line())
            if kind == b"R":
                return read_outcome(fields)
            if kind == b"B":
                self._begin()
            elif self._syscalls is None or not self.has_begun:
                raise out_of_turn()
            elif kind == b"S":
                await self._answer(self._syscalls, fields)
            elif kind == b"Q":
                self._syscalls.leave_stream(_number(fields[0]), _number(fields[1]))
            else:
                read_log_line(fields[0], self._log_lines)

    def too_late(self) -> CallStopped:
        if not self.has_begun:
            return CallStopped("The JavaScript process did not begin in time", code="NotBegun")
        if self._syscalls is None:
            message = f"The modules did not finish loading (maximum duration: {self._seconds:.0f}s)"
            return CallStopped(message, code="LoadTimedOut")
        message = f"Function execution timed out (maximum duration: {self._seconds:.0f}s)"
        return CallStopped(message, code="FunctionTimedOut")

    def _begin(self) -> None:
        if self.has_begun:
            raise out_of_turn()
        self.has_begun = True
        self._seconds_left = self._seconds
        self._cpu_seconds = cpu_seconds(self._channel.pid)

    async def _next_line(self) -> bytes:
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                return await self._channel.read_line(self._seconds_left)
            except DeadlinePassed:
                if not self._was_starved():
                    raise
            finally:
                self._seconds_left -= loop.time() - started

    def _was_starved(self) -> bool:
        """Whether the machine, not the function, used up the time; then the function gets what it missed."""
        used = cpu_seconds(self._channel.pid) - self._cpu_seconds
        if not self.has_begun or used > self._seconds * STARVED_BELOW or self._extensions == EXTENSIONS_MAX:
            return False
        self._extensions += 1
        self._seconds_left = self._seconds - used
        return True

    def _parse(self, line: bytes) -> tuple[bytes, list[bytes]]:
        kind, (run, *fields) = line[:1], line[1:].split(b"\t", 2)
        if run != self._run or len(fields) != _FIELDS.get(kind):
            raise out_of_turn()
        return kind, fields

    async def _answer(self, syscalls: Syscalls, fields: list[bytes]) -> None:
        self._syscall_count += 1
        if self._syscall_count > limits.SYSCALLS_MAX:
            raise CallStopped(
                f"Too many system operations in one function (limit: {limits.SYSCALLS_MAX})", code="TooManySyscalls"
            )
        loop = asyncio.get_running_loop()
        started = loop.time()
        op, args = (part.decode(errors="replace") for part in fields)
        try:
            answer = "=" + await syscalls.handle(op, args)
        except LearnerError as error:
            answer = refusal_text(error)
        self._syscall_seconds += loop.time() - started
        if self._syscall_seconds * 1000 > limits.SYSCALL_DEADLINE_MS:
            raise CallStopped(
                "The function's database operations took too long (limit: 15s)", code="SystemTimeoutError"
            )
        self._channel.write(answer.encode() + b"\n")


def read_log_line(raw: bytes, log_lines: list[str]) -> None:
    """Adds a line of a "G" frame, as long as there is room. Raises CallStopped for what is none."""
    if len(log_lines) < limits.LOG_LINES_MAX:
        line = _json(raw)
        if not isinstance(line, str) or len(line) > limits.LOG_LINE_BYTES_MAX:
            raise out_of_turn()
        log_lines.append(well_formed(line))


def read_outcome(fields: list[bytes]) -> Reply:
    """The outcome of an "R" frame: header and text. Raises CallStopped for what is none."""
    header = _json(fields[0])
    if not isinstance(header, dict):
        raise out_of_turn()
    stack, data = header.get("stack"), header.get("data")
    return Reply(
        ok=header.get("ok") is True,
        text=fields[1].decode(errors="replace"),
        error=well_formed(str(header.get("error", ""))),
        stack=None if stack is None else well_formed(str(stack)),
        data=None if data is None else str(data),
        unawaited=_operations(header.get("unawaited")),
    )


def refusal_text(error: LearnerError) -> str:
    """What the function is answered whose operation is refused."""
    document = {"message": error.message, "data": error.data} if error.has_data else {"message": error.message}
    return "!" + json.dumps(document)


def well_formed(text: str) -> str:
    """The text with U+FFFD for every half of a surrogate pair, which JavaScript allows and no socket carries."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _operations(named: Any) -> tuple[str, ...]:
    """Names of operations, as far as they can be such."""
    if not isinstance(named, list):
        return ()
    return tuple(op for op in named[:UNAWAITED_MAX] if isinstance(op, str) and _OPERATION.fullmatch(op))


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise out_of_turn() from None


def _number(raw: bytes) -> int:
    if not raw.isdigit() or len(raw) > 9:
        raise out_of_turn()
    return int(raw)


def out_of_turn() -> CallStopped:
    """A frame that no runner of ours sends: learner code got hold of stdout."""
    return CallStopped("The JavaScript process sent a message that makes no sense", code="ForgedMessage")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process: the clock whose number Linux makes from the pid. Infinite where there is none."""
    try:
        return time.clock_gettime((~pid << 3) | 2) if sys.platform == "linux" else math.inf
    except OSError:
        return math.inf
