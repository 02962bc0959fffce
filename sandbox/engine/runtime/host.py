"""The JavaScript side of one deployment: its current code, and a process that runs it.

Processes come from the pool when they are needed and are replaced after a call that had to be stopped. What a
function may do while it runs is syscalls.py; who runs what and why is executor.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.engine.errors import DeployError, LearnerError
from sandbox.engine.limits import MIB
from sandbox.engine.runtime.analysis import import_error, parse_analysis
from sandbox.engine.runtime.call import Analysis, Call, CallResult, FunctionInfo
from sandbox.engine.runtime.compile import CompiledProject
from sandbox.engine.runtime.exchange import CallStopped, Reply
from sandbox.engine.runtime.pool import close_pools, pool_of
from sandbox.engine.runtime.process import JsProcess
from sandbox.engine.runtime.results import stopped_error, thrown_error
from sandbox.engine.runtime.syscalls import Syscalls
from sandbox.engine.runtime.toolchain import Toolchain

__all__ = ["Analysis", "Call", "CallResult", "FunctionInfo", "JsHost", "close_pools"]

IDLE_SECONDS = 300.0
# V8 keeps the realms of past calls until it needs room, and after busy times much of that room. A short pause is for
# collecting them; after a longer one a spare process costs less than what could not be given back.
TIDY_SECONDS = 2.0
TIDY_BYTES_MIN = 18 * MIB
PAUSE_SECONDS = 15.0
PAUSE_BYTES_MAX = 32 * MIB
IMPORT_SEED = 1


@dataclass(frozen=True, slots=True)
class _Code:
    """A project that loads. Module scope always sees the same clock, so it makes the same values in every realm."""

    project: CompiledProject
    now_ms: float


class JsHost:
    """Calls run one after the other. Belongs to one event loop; end it with `close`."""

    def __init__(self, tools: Toolchain, *, idle_seconds: float | None = None, in_quarantine: bool = False) -> None:
        self._tools = tools
        self._in_quarantine = in_quarantine
        self._idle_seconds = idle_seconds
        self._lock = asyncio.Lock()
        self._code: _Code | None = None
        self._process: JsProcess | None = None
        self._reaper: asyncio.TimerHandle | None = None

    async def load(self, project: CompiledProject) -> Analysis:
        """Evaluates the project's modules in a fresh realm and makes it current.

        Raises DeployError with the mapped place; then the code before stays current.
        """
        async with self._lock:
            code = _Code(project, float(time.time_ns() // 1_000_000))
            try:
                reply = await self._load(code)
            except CallStopped as stopped:
                await self._drop()
                raise DeployError(stopped.message, code=stopped.code) from None
            if not reply.ok:
                raise import_error(reply.error, reply.stack or "", project, entry=reply.entry)
            analysis = await self._parse(reply.text, project)
            self._code = code
            self._stay()
            return analysis

    async def _load(self, code: _Code) -> Reply:
        if self._process is not None and self._process.is_alive:
            try:
                return await self._process.load(code.project, code.now_ms, IMPORT_SEED)
            except CallStopped as stopped:
                if stopped.code != "NotBegun":
                    raise
        process = await self._replace()
        return await process.load(code.project, code.now_ms, IMPORT_SEED)

    async def _parse(self, text: str, project: CompiledProject) -> Analysis:
        try:
            return parse_analysis(text, project)
        except DeployError:
            await self._drop()  # the process already holds the new project
            raise

    async def call(self, call: Call, syscalls: Syscalls) -> CallResult:
        """Runs one function to its end, or ends it. Learner mistakes come back as the result's error."""
        async with self._lock:
            started = time.perf_counter()
            log_lines: list[str] = []
            value_json, error, unawaited = await self._run(call, syscalls, log_lines)
            total_ms = (time.perf_counter() - started) * 1000
            self._stay()
            return CallResult(error is None, value_json, error, tuple(log_lines), total_ms, unawaited)

    async def close(self) -> None:
        async with self._lock:
            if self._reaper is not None:
                self._reaper.cancel()
            await self._drop()

    # ── one call ────────────────────────────────────────────────────────────

    async def _run(
        self, call: Call, syscalls: Syscalls, log_lines: list[str]
    ) -> tuple[str | None, LearnerError | None, tuple[str, ...]]:
        if self._code is None:
            missing = f"Could not find public function for '{call.path}'."
            return None, LearnerError(missing, code="FunctionNotFound"), ()
        try:
            reply = await self._reply(self._code, call, syscalls, log_lines)
        except CallStopped as stopped:
            await self._drop()
            return None, stopped_error(stopped), ()
        if not reply.ok:
            return None, thrown_error(reply, self._code.project), reply.unawaited
        return reply.text, None, reply.unawaited

    async def _reply(self, code: _Code, call: Call, syscalls: Syscalls, log_lines: list[str]) -> Reply:
        try:
            return await (await self._ready(code)).call(call, syscalls, log_lines)
        except CallStopped as stopped:
            if stopped.code != "NotBegun":
                raise
        # The process died of what the call before left behind: not this one's fault, and it has done nothing yet.
        await self._drop()
        return await (await self._ready(code)).call(call, syscalls, log_lines)

    async def _ready(self, code: _Code) -> JsProcess:
        """A live process with the current code."""
        if self._process is not None and self._process.is_alive and self._process.project is code.project:
            return self._process
        process = await self._replace()
        await process.load(code.project, code.now_ms, IMPORT_SEED)
        return process

    async def _replace(self) -> JsProcess:
        await self._drop()
        if self._in_quarantine:
            self._process = await JsProcess.start(self._tools, in_quarantine=True)
        else:
            self._process = await pool_of(self._tools).take()
        return self._process

    async def _drop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.close()

    # ── idle ────────────────────────────────────────────────────────────────

    def _stay(self) -> None:
        """Begins to wait for the end of a pause. A call that comes after it takes a spare process."""
        self._wait(TIDY_SECONDS, self._tidy)

    def _tidy(self) -> None:
        process = self._process
        if process is not None and not self._lock.locked() and process.private_bytes > TIDY_BYTES_MIN:
            process.tidy()
        self._wait(PAUSE_SECONDS, self._end_if_large)

    def _end_if_large(self) -> None:
        if self._process is not None and self._process.private_bytes > PAUSE_BYTES_MAX:
            self._end_idle()
        else:
            self._wait(self._idle_seconds or IDLE_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        if self._process is not None and not self._lock.locked():
            self._process.kill()

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        if self._reaper is not None:
            self._reaper.cancel()
        self._reaper = asyncio.get_running_loop().call_later(seconds, then)
