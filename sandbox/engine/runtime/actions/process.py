"""One process that runs actions: several at a time, its frames apart by their run. Frames: js/action_runner.js.

It trusts nothing that comes back. A process that does not answer pings although it had the processor is blocked by an
action that computes without ever waiting; it is ended, and all its actions with it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.engine import limits
from sandbox.engine.errors import EngineError
from sandbox.engine.runtime.actions.running import ActionCall, Operations, Run
from sandbox.engine.runtime.budget import cpu_seconds
from sandbox.engine.runtime.channel import DeadlinePassed, LineChannel, ProcessEnded
from sandbox.engine.runtime.exchange import Exchange
from sandbox.engine.runtime.frames import CallStopped, Reply, out_of_turn, read_log_line, read_outcome
from sandbox.engine.runtime.hardening import command
from sandbox.engine.runtime.process import ACTION_RUNNER, BEGIN_SECONDS, BOOT_SECONDS, LOAD_SECONDS, boot_command
from sandbox.engine.runtime.toolchain import Toolchain

PING_SECONDS = 1.0
# The processor time that one stretch of an action's code may take, and how long the machine may keep it from having it.
BLOCKED_CPU_SECONDS = 5.0
BLOCKED_SECONDS = 60.0
BUFFERED_BYTES_MAX = 64 * limits.MIB  # arguments and results of several actions
UNREAD_BYTES_MAX = 128 * limits.MIB  # answers that the process does not take
LINES_AT_ONCE = 64

_FIELDS = {b"B": 0, b"G": 1, b"S": 3, b"R": 2}


@dataclass(frozen=True, slots=True)
class _Ping:
    nonce: bytes
    at: float
    cpu_seconds: float


class ActionProcess:
    """Start with `await ActionProcess.start(tools, …)`; end it with `close`."""

    def __init__(self, channel: LineChannel, blocked_cpu_seconds: float | None = None) -> None:
        self._channel = channel
        self._blocked_cpu_seconds = blocked_cpu_seconds or BLOCKED_CPU_SECONDS
        self.loaded = ""
        self._runs: dict[bytes, Run] = {}
        self._left: set[bytes] = set()
        self._unfinished: list[Run] = []  # actions that have ended, but not what they asked for and did not wait for
        self._stopped: CallStopped | None = None
        self._ping: _Ping | None = None
        self._pulse = time.monotonic()
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        tools: Toolchain,
        load_command: dict[str, Any],
        *,
        program: str = ACTION_RUNNER,
        load_seconds: float = LOAD_SECONDS,
        blocked_cpu_seconds: float | None = None,
    ) -> ActionProcess:
        """A process that holds a project; `loaded` is what it says of it.

        Raises RunnerRefused, EngineError, and CallStopped where the project's modules do not come to an end.
        """
        argv = await command(tools, program)
        process = cls(LineChannel(argv, buffered_bytes_max=BUFFERED_BYTES_MAX), blocked_cpu_seconds)
        try:
            await process._prepare(boot_command(tools, boot := _new_run(), program), boot, load_command, load_seconds)
        except BaseException:
            await process.close()
            raise
        process._reader = asyncio.create_task(process._read())
        return process

    async def _prepare(self, boot_line: bytes, boot: str, load_command: dict[str, Any], load_seconds: float) -> None:
        load = _new_run()
        self._channel.write(boot_line)
        self._send({**load_command, "run": load})
        loading = Exchange(self._channel, load, BEGIN_SECONDS, load_seconds)
        try:
            for exchange in (Exchange(self._channel, boot, BOOT_SECONDS), loading):
                reply = await exchange.run()
                if not reply.ok:
                    raise EngineError(f"The action process did not start: {reply.error}", code="BootFailed")
                self.loaded = reply.text
        except (DeadlinePassed, ProcessEnded, CallStopped) as error:
            if loading.has_begun:
                raise self._why_not_loaded(loading, error) from error
            report = self._channel.stderr.decode(errors="replace").strip()
            raise EngineError(f"The action process did not start: {error} {report}", code="BootFailed") from error

    def _why_not_loaded(self, loading: Exchange, error: EngineError) -> CallStopped:
        """Modules that load for queries may do otherwise here: that is their doing, and no failure of ours."""
        if isinstance(error, CallStopped):
            return error
        if isinstance(error, DeadlinePassed):
            return loading.too_late()
        return CallStopped("The modules used up their memory while they loaded", code="OutOfMemory")

    @property
    def pid(self) -> int:
        return self._channel.pid

    @property
    def is_alive(self) -> bool:
        return self._channel.is_alive and self._stopped is None

    @property
    def is_busy(self) -> bool:
        return bool(self._runs)

    async def call(
        self,
        call: ActionCall,
        operations: Operations,
        log_lines: list[str],
        seconds: float,
        scripts: Sequence[tuple[str, str]] = (),
    ) -> Reply:
        """Runs one action. Log lines are added to `log_lines` as they come. Raises CallStopped.

        `scripts` are modules that the process may lack, for those that do not hold the whole project.
        """
        loop = asyncio.get_running_loop()
        token = _new_run().encode()
        run = Run(
            token, operations, log_lines, lambda number, text: self._answer(token, number, text), loop.create_future()
        )
        if not self._runs:
            self._pulse = time.monotonic()
        self._runs[token] = run
        more = {"scripts": scripts} if scripts else {}
        self._send({"do": "call", "run": token.decode(), "args": call.args, "about": call.about, **more})
        if not self.is_alive:
            run.fail(self._why_ended(run))
        try:
            async with asyncio.timeout(seconds):
                return await run.outcome
        except TimeoutError:
            message = f"Function execution timed out (maximum duration: {seconds:.0f}s)"
            raise CallStopped(message, code="FunctionTimedOut") from None
        finally:
            del self._runs[token]
            self._unfinished = [ended for ended in (*self._unfinished, run) if ended.tasks]
            if not (run.outcome.done() and not run.outcome.cancelled() and run.outcome.exception() is None):
                self._left.add(token)
                self._send({"do": "stop", "run": token.decode()})

    def stop(self, why: CallStopped) -> None:
        """Ends the process; the actions that run in it fail with `why`."""
        if self._stopped is None:
            self._stopped = why
        self._channel.kill()
        for run in list(self._runs.values()):
            run.fail(why)

    async def close(self) -> None:
        runs = [*self._runs.values(), *self._unfinished]
        self.stop(CallStopped("The deployment was closed while this action ran", code="Closed"))
        operations = [task for run in runs for task in run.cancel_operations()]
        await asyncio.gather(*operations, return_exceptions=True)
        await self._channel.ended()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    # ── frames ──────────────────────────────────────────────────────────────

    def _send(self, message: dict[str, Any]) -> None:
        self._channel.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def _answer(self, token: bytes, number: bytes, reply: str) -> None:
        if token not in self._runs:
            return  # the action did not wait for it
        self._channel.write(b"A%s\t%s\t%s\n" % (token, number, reply.encode()))
        if self._channel.unsent_bytes > UNREAD_BYTES_MAX:
            self.stop(CallStopped("The action process does not take its answers", code="MessageTooLarge"))

    async def _read(self) -> None:
        try:
            lines = 0
            while True:
                self._check_pulse()
                try:
                    line = await self._channel.read_line(PING_SECONDS)
                except DeadlinePassed:
                    continue
                self._receive(line)
                lines += 1
                if lines % LINES_AT_ONCE == 0:
                    await asyncio.sleep(0)  # a process that talks all the time must not keep the loop for itself
        except ProcessEnded:
            for run in list(self._runs.values()):
                run.fail(self._why_ended(run))
        except CallStopped as stopped:
            self.stop(stopped)

    def _receive(self, line: bytes) -> None:
        """One frame. Raises CallStopped for one that makes no sense."""
        kind = line[:1]
        if kind == b"P":
            return self._receive_pong(line[1:])
        token, *fields = line[1:].split(b"\t", 3 if kind == b"S" else 2)
        if len(fields) != _FIELDS.get(kind):
            raise out_of_turn()
        run = self._runs.get(token)
        if run is None:
            return self._receive_late(kind, token)
        if kind == b"B" and not run.has_begun:
            run.has_begun = True
        elif not run.has_begun:
            raise out_of_turn()
        elif kind == b"G":
            read_log_line(fields[0], run.log_lines)
        elif kind == b"S":
            self._receive_question(run, fields)
        elif kind == b"R" and not run.outcome.done():
            run.outcome.set_result(read_outcome(fields))
        else:
            raise out_of_turn()
        return None

    def _receive_question(self, run: Run, fields: list[bytes]) -> None:
        number, op, text = fields
        if not number.isdigit() or len(number) > 9 or number in run.tasks or run.outcome.done():
            raise out_of_turn()
        try:
            run.ask(number, op.decode(errors="replace"), text.decode(errors="replace"))
        except CallStopped as stopped:
            run.fail(stopped)

    def _receive_late(self, kind: bytes, token: bytes) -> None:
        """Of an action that was stopped here and not yet there."""
        if token not in self._left:
            raise out_of_turn()
        if kind == b"R":
            self._left.discard(token)

    # ── pulse ───────────────────────────────────────────────────────────────

    def _check_pulse(self) -> None:
        """Asks for a sign of life now and then while actions run. Raises CallStopped when none comes."""
        now = time.monotonic()
        if self._ping is None:
            if self._runs and now - self._pulse >= PING_SECONDS:
                self._ping = _Ping(secrets.token_hex(8).encode(), now, cpu_seconds(self.pid))
                self._send({"do": "ping", "nonce": self._ping.nonce.decode()})
            return
        used = cpu_seconds(self.pid) - self._ping.cpu_seconds
        allowed = self._blocked_cpu_seconds
        limit = max(BLOCKED_SECONDS, allowed) if used < allowed else allowed
        if now - self._ping.at >= limit:
            raise CallStopped(
                f"An action computed for more than {allowed:.0f}s without awaiting anything. "
                "The action process was ended, with all actions that ran in it.",
                code="ActionBlocked",
            )

    def _receive_pong(self, nonce: bytes) -> None:
        if self._ping is None or nonce != self._ping.nonce:
            raise out_of_turn()
        self._ping = None
        self._pulse = time.monotonic()

    def _why_ended(self, run: Run) -> CallStopped:
        if self._stopped is not None:
            return self._stopped
        if not run.has_begun:
            return CallStopped("The action process ended before the function began", code="NotBegun")
        if self._channel.flooded:
            return CallStopped("An action sent more than fits in one message", code="MessageTooLarge")
        if (self._channel.exit_code or 0) < 0:
            message = "JavaScript execution ran out of memory (maximum memory usage: 64 MB)"
            return CallStopped(message, code="OutOfMemory")
        return CallStopped("The action process ended unexpectedly", code="ProcessEnded")


def _new_run() -> str:
    """A number that code of an earlier call cannot know."""
    return secrets.token_hex(8)
