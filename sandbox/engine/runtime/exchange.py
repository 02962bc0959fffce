"""The frames between host and JS process during one run, and the time the run may take.

It trusts nothing that comes back: every frame carries the run number of this side's choosing, counts and sizes are
bounded. Who breaks the rules gets CallStopped; ending the process then is process.py's part. Frames: js/runner.js.

A function may call others: they run in the same process, one inside the other, so the calls are a stack. Frames belong
to the call on top; its time is its own, and for its caller it is time that an operation takes.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sandbox.engine import limits
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.budget import Budget
from sandbox.engine.runtime.call import CallResult
from sandbox.engine.runtime.channel import DeadlinePassed, LineChannel
from sandbox.engine.runtime.compile import CompiledProject
from sandbox.engine.runtime.frames import (
    CallStopped,
    Reply,
    out_of_turn,
    read_log_line,
    read_number,
    read_outcome,
    refusal_text,
)
from sandbox.engine.runtime.results import thrown_error
from sandbox.engine.runtime.stack import frames_of
from sandbox.engine.runtime.syscalls import NestedCall, Syscalls
from sandbox.engine.runtime.unawaited import names_of, warning

__all__ = ["CallStopped", "Exchange", "Reply"]

# The frames that a process may send, by their first letter, and how many fields follow the run (js/runner.js).
_FIELDS = {b"B": 0, b"G": 1, b"S": 2, b"Q": 2, b"E": 2, b"R": 2}


@dataclass(frozen=True, slots=True)
class _Running:
    """A call on the stack; `nested` is None for the outermost."""

    budget: Budget
    syscalls: Syscalls | None
    nested: NestedCall | None = None


class Exchange:
    """One run: a call with the calls it makes, or the loading of `project` (then there are no syscalls)."""

    def __init__(
        self,
        channel: LineChannel,
        run: str,
        begin_seconds: float,
        seconds: float = 0.0,
        syscalls: Syscalls | None = None,
        log_lines: list[str] | None = None,
        project: CompiledProject | None = None,
    ) -> None:
        self._channel = channel
        self._run = run.encode()
        self._begin_seconds = begin_seconds
        self._seconds = seconds
        self._stack = [_Running(Budget(channel.pid, begin_seconds, seconds), syscalls)]
        self._log_lines = [] if log_lines is None else log_lines
        self._project = project
        self._syscall_count = 0
        self._syscall_seconds = 0.0
        self._unawaited: list[str] = []

    @property
    def has_begun(self) -> bool:
        return self._stack[0].budget.has_begun

    async def run(self) -> Reply:
        """The outcome; `unawaited` names operations as learners do, and the log tells of them."""
        while True:
            top = self._stack[-1]
            kind, fields = self._parse(await self._next_line(top.budget))
            if kind == b"R" and top.nested is None:
                return self._last(top, read_outcome(fields))
            if kind == b"B" and not top.budget.has_begun:
                top.budget.begin()
            elif top.syscalls is None or not top.budget.has_begun:
                raise out_of_turn()
            elif kind == b"S":
                top.budget.excuse_operation()
                await self._answer(top, top.syscalls, fields)
            elif kind == b"Q":
                top.syscalls.leave_stream(read_number(fields[0]), read_number(fields[1]))
            elif kind == b"G":
                read_log_line(fields[0], self._log_lines)
            elif kind == b"E" and top.nested is not None:
                self._end_nested(top, top.nested, read_outcome(fields))
            else:
                raise out_of_turn()

    def too_late(self) -> CallStopped:
        if not self.has_begun:
            return CallStopped("The JavaScript process did not begin in time", code="NotBegun")
        if self._stack[0].syscalls is None:
            message = f"The modules did not finish loading (maximum duration: {self._seconds:.0f}s)"
            return CallStopped(message, code="LoadTimedOut")
        message = f"Function execution timed out (maximum duration: {self._seconds:.0f}s)"
        return CallStopped(message, code="FunctionTimedOut")

    async def _next_line(self, budget: Budget) -> bytes:
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                return await self._channel.read_line(budget.left)
            except DeadlinePassed:
                if not budget.extend():
                    raise
            finally:
                budget.spend(loop.time() - started)

    def _parse(self, line: bytes) -> tuple[bytes, list[bytes]]:
        kind, (run, *fields) = line[:1], line[1:].split(b"\t", 2)
        if run != self._run or len(fields) != _FIELDS.get(kind):
            raise out_of_turn()
        return kind, fields

    # ── operations ──────────────────────────────────────────────────────────

    async def _answer(self, top: _Running, syscalls: Syscalls, fields: list[bytes]) -> None:
        self._syscall_count += 1
        if self._syscall_count > limits.SYSCALLS_MAX:
            raise CallStopped(
                f"Too many system operations in one function (limit: {limits.SYSCALLS_MAX})", code="TooManySyscalls"
            )
        op, args = (part.decode(errors="replace") for part in fields)
        # The process stands still meanwhile: it reads the answer before it runs on. So this time is nobody's.
        step = None
        if syscalls.stepper is not None:
            op, _, place = op.partition("@")
            step = await syscalls.reach(op, args, self._place_of(place))
        loop = asyncio.get_running_loop()
        started = loop.time()
        answer: str | NestedCall | LearnerError
        try:
            answer = await syscalls.handle(op, args)
        except LearnerError as error:
            answer = error
        self._count_syscall_time(loop.time() - started)
        if step is not None:
            syscalls.note_step(step, answer)
        if isinstance(answer, NestedCall):
            top.budget.pause()
            budget = Budget(self._channel.pid, self._begin_seconds, self._seconds)
            self._stack.append(_Running(budget, answer.syscalls, answer))
            self._send("&" + answer.command)
        else:
            self._send("=" + answer if isinstance(answer, str) else refusal_text(answer))

    def _place_of(self, place: str) -> tuple[str, int]:
        """File and line in the learner's project for a place in compiled text; "" and 0 where there is none."""
        maps = {} if self._project is None else self._project.maps
        frames = frames_of(f"    at step ({place})", maps)
        return (frames[0].file, frames[0].line) if frames else ("", 0)

    def _end_nested(self, top: _Running, nested: NestedCall, reply: Reply) -> None:
        self._stack.pop()
        self._stack[-1].budget.resume()
        self._count_syscall_time(top.budget.spent)
        self._note_outcome(top, reply)
        assert self._project is not None
        error = None if reply.ok else thrown_error(reply, self._project)
        result = CallResult(reply.ok, reply.text if reply.ok else None, error, (), 0.0)
        try:
            self._send("=" + nested.end(result))
        except LearnerError as refused:
            self._send(refusal_text(refused))

    def _count_syscall_time(self, seconds: float) -> None:
        self._syscall_seconds += seconds
        if self._syscall_seconds * 1000 > limits.SYSCALL_DEADLINE_MS:
            raise CallStopped(
                "The function's database operations took too long (limit: 15s)", code="SystemTimeoutError"
            )

    def _send(self, answer: str) -> None:
        self._channel.write(answer.encode() + b"\n")

    # ── outcomes ────────────────────────────────────────────────────────────

    def _note_outcome(self, ended: _Running, reply: Reply) -> None:
        if ended.syscalls is not None:
            ended.syscalls.note_outcome(reply)
        names = names_of(reply.unawaited)
        if names:
            self._log_lines.append(warning(names))
            self._unawaited += names

    def _last(self, top: _Running, reply: Reply) -> Reply:
        self._note_outcome(top, reply)
        reply.unawaited = tuple(self._unawaited)
        return reply
