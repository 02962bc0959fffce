"""One JS process: booted, given a project, asked to run calls one at a time.

The frames are exchange.py's, which process to use and when to start another host.py's. Whatever goes wrong during a
run ends the process: after a timeout a late answer could be taken for that of the next call.
"""

from __future__ import annotations

import json
import resource
import secrets
import signal
from functools import lru_cache
from pathlib import Path
from typing import Any

from sandbox.engine import limits
from sandbox.engine.errors import EngineError
from sandbox.engine.runtime.call import Call
from sandbox.engine.runtime.channel import DeadlinePassed, LineChannel, ProcessEnded
from sandbox.engine.runtime.compile import CompiledProject
from sandbox.engine.runtime.exchange import CallStopped, Exchange, Reply
from sandbox.engine.runtime.hardening import NODE_RUNNER, command
from sandbox.engine.runtime.realm_sources import realm_sources
from sandbox.engine.runtime.syscalls import Syscalls
from sandbox.engine.runtime.toolchain import Toolchain

BOOT_SECONDS = 30.0
BEGIN_SECONDS = 10.0  # until learner code begins: the realm of the call before may have to be made first
LOAD_SECONDS = 2.0
ACTION_RUNNER = "action_runner.js"
QUARANTINE_RUNNER = "runner.js in quarantine"


class JsProcess:
    """Start with `await JsProcess.start(tools)`. After CallStopped, or any other exception, it is dead."""

    def __init__(self, channel: LineChannel) -> None:
        self._channel = channel
        self.project: CompiledProject | None = None

    @classmethod
    async def start(cls, tools: Toolchain, *, in_quarantine: bool = False) -> JsProcess:
        """A process that holds the runner and the `convex` library. Raises RunnerRefused, EngineError.

        `in_quarantine` gives queries and mutations a fetch, which the host still has to answer (quarantine.py).
        """
        argv = await command(tools)
        # The child dies with the thread that forked it (PDEATHSIG): that is the loop's, and no helper thread's.
        process = cls(LineChannel(argv))
        try:
            await process._boot(tools, in_quarantine)
        except BaseException:
            await process.close()
            raise
        return process

    async def _boot(self, tools: Toolchain, in_quarantine: bool) -> None:
        run = _new_run()
        self._channel.write(boot_command(tools, run, QUARANTINE_RUNNER if in_quarantine else "runner.js"))
        try:
            reply = await self._collect(Exchange(self._channel, run, BOOT_SECONDS))
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
        return self._channel.is_alive

    @property
    def private_bytes(self) -> int:
        """Memory that would be free without this process: resident and shared with nobody. 0 where it is not told."""
        try:
            _, resident, shared, *_ = Path(f"/proc/{self.pid}/statm").read_text().split()
        except OSError:
            return 0
        return (int(resident) - int(shared)) * resource.getpagesize()

    async def load(self, project: CompiledProject, now_ms: float, seed: int) -> Reply:
        """Makes the project current if all its modules load; otherwise the one before stays. Raises CallStopped."""
        run = _new_run()
        self._send({**project.load_command(now_ms, seed), "run": run})
        reply = await self._collect(Exchange(self._channel, run, BEGIN_SECONDS, LOAD_SECONDS))
        if reply.ok:
            self.project = project
        return reply

    async def call(self, call: Call, syscalls: Syscalls, log_lines: list[str]) -> Reply:
        """Runs one function. Log lines are added to `log_lines` as they come, so they outlive a CallStopped."""
        run = _new_run()
        self._send({"do": "call", "run": run, "args": call.args_json, "about": call.about})
        seconds = limits.CALL_DEADLINE_MS / 1000
        exchange = Exchange(self._channel, run, BEGIN_SECONDS, seconds, syscalls, log_lines, self.project)
        return await self._collect(exchange)

    def tidy(self) -> None:
        """Has it give back the memory of past calls, which takes some 30 ms. For a pause: a call behind it waits."""
        self._send({"do": "tidy"})

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

    async def _collect(self, exchange: Exchange) -> Reply:
        """Serves the process until its outcome is there. Whatever goes wrong ends the process."""
        try:
            return await exchange.run()
        except DeadlinePassed:
            self.kill()
            raise exchange.too_late() from None
        except ProcessEnded:
            self.kill()
            raise self._why_ended(exchange) from None
        except BaseException:
            self.kill()
            raise

    def _why_ended(self, exchange: Exchange) -> CallStopped:
        channel = self._channel
        if not exchange.has_begun:
            return CallStopped("The JavaScript process ended before the function began", code="NotBegun")
        if channel.flooded:
            return CallStopped(
                "The function sent more than fits in one message (limit: 16 MiB)", code="MessageTooLarge"
            )
        # V8 and Deno abort when they cannot allocate; the kernel's own choice of a victim ends in much the same way.
        if (channel.exit_code or 0) < 0:
            message = "JavaScript execution ran out of memory (maximum memory usage: 64 MB)"
            return CallStopped(message, code="ProcessKilled" if channel.exit_code == -signal.SIGKILL else "OutOfMemory")
        return CallStopped("The JavaScript process ended unexpectedly", code="ProcessEnded")


def _new_run() -> str:
    """A number that code of an earlier call cannot know."""
    return secrets.token_hex(8)


def boot_command(tools: Toolchain, run: str, program: str = "runner.js") -> bytes:
    """The first command of a process: the scripts of its realms."""
    libraries = (tools.convex_library, tools.web_streams)
    versions = tuple(library.stat().st_mtime_ns for library in libraries)
    return b'{"do":"boot","run":"%s",%s' % (run.encode(), _boot_sources(*libraries, versions, program))


def _last(program: str) -> str | None:
    return {ACTION_RUNNER: "action_world.js", QUARANTINE_RUNNER: "quarantine_world.js"}.get(program)


@lru_cache(maxsize=6)
def _boot_sources(convex_library: Path, web_streams: Path, _versions: tuple[int, ...], program: str) -> bytes:
    """The rest of the boot command; `_versions` are the times of change, so that a rebuild is noticed."""
    has_realms = program != NODE_RUNNER
    sources = realm_sources(web_streams, _last(program)) if has_realms else []
    return json.dumps({"sources": sources, "convexLibrary": convex_library.read_text()}).encode()[1:] + b"\n"
