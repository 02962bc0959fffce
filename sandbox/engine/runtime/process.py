"""One JS process: booted, given a project, asked to run calls one at a time.

It trusts nothing that comes back: every frame carries the run number of this side's choosing, counts and sizes are
bounded, and whoever breaks the rules is killed. When to start another process is host.py's business.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sandbox.engine import limits
from sandbox.engine.errors import EngineError, LearnerError
from sandbox.engine.runtime.call import Call
from sandbox.engine.runtime.channel import DeadlinePassed, LineChannel, ProcessEnded
from sandbox.engine.runtime.compile import CompiledProject
from sandbox.engine.runtime.hardening import command, limit_memory
from sandbox.engine.runtime.syscalls import Syscalls
from sandbox.engine.runtime.toolchain import Toolchain

BOOT_SECONDS = 30.0
LOAD_SECONDS = 2.0
SOURCES = ("prelude.js", "fixed_world.js", "ids.js", "console.js", "web.js")
_FOLDER = Path(__file__).parent / "js"


class CallStopped(EngineError):
    """The process was ended in the middle of a call or a load. `code` says why."""

    code = "CallStopped"


@dataclass(slots=True)
class Reply:
    """The outcome frame. `ok` decides: `text` holds the result, or `error` the text of what was thrown."""

    ok: bool
    text: str
    error: str = ""
    stack: str | None = None
    data: str | None = None
    log_lines: list[str] = field(default_factory=list)


class JsProcess:
    """Start with `await JsProcess.start(tools)`. After CallStopped, or any other exception, it is dead."""

    def __init__(self, channel: LineChannel) -> None:
        self._channel = channel
        self.project: CompiledProject | None = None

    @classmethod
    async def start(cls, tools: Toolchain) -> JsProcess:
        """A process that holds the runner and the `convex` library. Raises RunnerRefused, EngineError."""
        argv = await command(tools)
        loop = asyncio.get_running_loop()
        # The child dies with the thread that forked it (PDEATHSIG), and the loop forks in its own thread.
        _, channel = await loop.subprocess_exec(LineChannel, *argv, env={}, cwd="/", start_new_session=True)
        process = cls(channel)
        try:
            await process._boot(tools)
        except BaseException:
            await process.close()
            raise
        limit_memory(channel.pid)
        return process

    async def _boot(self, tools: Toolchain) -> None:
        run = _new_run()
        self._channel.write(_boot_command(tools.convex_library, tools.convex_library.stat().st_mtime_ns, run))
        try:
            reply = await self._collect(run, BOOT_SECONDS, None)
        except CallStopped as stopped:
            report = self._channel.stderr.decode(errors="replace").strip()
            raise EngineError(
                f"The JavaScript process did not start: {stopped.message} {report}", code="BootFailed"
            ) from stopped
        if not reply.ok:
            raise EngineError(f"The JavaScript process did not start: {reply.error}", code="BootFailed")

    @property
    def pid(self) -> int:
        return self._channel.pid

    @property
    def is_alive(self) -> bool:
        return not self._channel.has_ended and self._channel.exit_code is None

    async def load(self, project: CompiledProject, now_ms: float, seed: int) -> Reply:
        """Makes the project current if all its modules load; otherwise the one before stays. Raises CallStopped."""
        run = _new_run()
        scripts = list(project.scripts.items())
        entries = project.entries
        self._send({"do": "load", "run": run, "scripts": scripts, "entries": entries, "nowMs": now_ms, "seed": seed})
        reply = await self._collect(run, LOAD_SECONDS, None)
        if reply.ok:
            self.project = project
        return reply

    async def call(self, call: Call, syscalls: Syscalls, log_lines: list[str]) -> Reply:
        """Runs one function. Log lines are added to `log_lines` as they come, so they outlive a CallStopped."""
        run = _new_run()
        message = {
            "do": "call",
            "run": run,
            "kind": call.kind,
            "path": call.path,
            "args": call.args_json,
            "nowMs": call.now_ms,
            "seed": call.seed,
            "tables": call.table_numbers,
        }
        self._send(message)
        return await self._collect(run, limits.CALL_DEADLINE_MS / 1000, syscalls, log_lines)

    def kill(self) -> None:
        """Ends the process and whatever it may have started."""
        self._channel.kill()

    async def close(self) -> None:
        self.kill()
        await self._channel.ended()

    # ── frames ──────────────────────────────────────────────────────────────

    def _send(self, message: dict[str, Any]) -> None:
        if self._channel.has_unread:
            self.kill()  # something spoke out of turn; the next read finds the process gone
        self._channel.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    async def _collect(
        self, run: str, seconds: float, syscalls: Syscalls | None, log_lines: list[str] | None = None
    ) -> Reply:
        """Serves the process until the outcome of `run` is there. Only time that the process spends counts."""
        exchange = _Exchange(self._channel, run.encode(), seconds, syscalls, [] if log_lines is None else log_lines)
        try:
            return await exchange.run()
        except DeadlinePassed:
            self.kill()
            raise CallStopped("Function execution timed out (maximum duration: 1s)", code="FunctionTimedOut") from None
        except ProcessEnded:
            self.kill()
            raise self._why_ended() from None
        except BaseException:
            self.kill()
            raise

    def _why_ended(self) -> CallStopped:
        channel = self._channel
        if channel.flooded:
            return CallStopped(
                "The function sent more than fits in one message (limit: 16 MiB)", code="MessageTooLarge"
            )
        if b"out of memory" in channel.stderr or b"Allocation failed" in channel.stderr:
            return CallStopped(
                "JavaScript execution ran out of memory (maximum memory usage: 64 MB)", code="OutOfMemory"
            )
        return CallStopped("The JavaScript process ended unexpectedly", code="ProcessEnded")


class _Exchange:
    """The frames of one run."""

    def __init__(
        self, channel: LineChannel, run: bytes, seconds: float, syscalls: Syscalls | None, log_lines: list[str]
    ) -> None:
        self._channel = channel
        self._run = run
        self._seconds = seconds
        self._syscalls = syscalls
        self._log_lines = log_lines
        self._syscall_count = 0
        self._syscall_seconds = 0.0

    async def run(self) -> Reply:
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            line = await self._channel.read_line(self._seconds)
            self._seconds -= loop.time() - started
            kind, fields = self._parse(line)
            if kind == b"R":
                return self._outcome(fields)
            if self._syscalls is None:
                raise _out_of_turn()
            if kind == b"S":
                await self._answer(self._syscalls, fields)
            elif kind == b"Q":
                self._syscalls.leave_stream(_number(fields[0]), _number(fields[1]))
            elif kind == b"G":
                self._log(fields)

    def _parse(self, line: bytes) -> tuple[bytes, list[bytes]]:
        kind, (run, *fields) = line[:1], line[1:].split(b"\t", 2)
        if run != self._run or kind not in (b"R", b"S", b"Q", b"G") or len(fields) != (1 if kind == b"G" else 2):
            raise _out_of_turn()
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
            document = {"message": error.message, "data": error.data} if error.has_data else {"message": error.message}
            answer = "!" + json.dumps(document)
        self._syscall_seconds += loop.time() - started
        if self._syscall_seconds * 1000 > limits.SYSCALL_DEADLINE_MS:
            raise CallStopped(
                "The function's database operations took too long (limit: 15s)", code="SystemTimeoutError"
            )
        self._channel.write(answer.encode() + b"\n")

    def _log(self, fields: list[bytes]) -> None:
        if len(self._log_lines) < limits.LOG_LINES_MAX:
            line = _json(fields[0])
            if not isinstance(line, str):
                raise _out_of_turn()
            self._log_lines.append(line)

    def _outcome(self, fields: list[bytes]) -> Reply:
        header = _json(fields[0])
        if not isinstance(header, dict):
            raise _out_of_turn()
        stack, data = header.get("stack"), header.get("data")
        return Reply(
            ok=header.get("ok") is True,
            text=fields[1].decode(errors="replace"),
            error=str(header.get("error", "")),
            stack=None if stack is None else str(stack),
            data=None if data is None else str(data),
            log_lines=self._log_lines,
        )


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise _out_of_turn() from None


def _number(raw: bytes) -> int:
    if not raw.isdigit() or len(raw) > 9:
        raise _out_of_turn()
    return int(raw)


def _out_of_turn() -> CallStopped:
    return CallStopped("The JavaScript process sent a message that makes no sense", code="ForgedMessage")


def _new_run() -> str:
    """A number that code of an earlier call cannot know."""
    return secrets.token_hex(8)


def _boot_command(library: Path, _version: int, run: str) -> bytes:
    return b'{"do":"boot","run":"%s",%s' % (run.encode(), _boot_sources(library, _version))


@lru_cache(maxsize=4)
def _boot_sources(library: Path, _version: int) -> bytes:
    """The rest of the boot command; `_version` is the library's time of change, so that a rebuild is noticed."""
    sources: Iterable[tuple[str, str]] = [(name, (_FOLDER / name).read_text()) for name in SOURCES]
    document = {"sources": list(sources), "convexLibrary": library.read_text()}
    return json.dumps(document).encode()[1:] + b"\n"
