"""The actions' side of one deployment's JavaScript: its current code, and a process that runs actions of it.

A process is started when an action is called and ends after a pause. After a deploy the actions that run go on with
the code they began with; the next one gets a process with the new code.
"""

from __future__ import annotations

import asyncio
import time

from sandbox.engine import limits
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.actions.process import ActionProcess
from sandbox.engine.runtime.actions.running import ActionCall, Operations
from sandbox.engine.runtime.call import CallResult
from sandbox.engine.runtime.compile import CompiledProject
from sandbox.engine.runtime.frames import CallStopped, Reply
from sandbox.engine.runtime.host import IMPORT_SEED
from sandbox.engine.runtime.results import stopped_error, thrown_error
from sandbox.engine.runtime.stepping import CRASHED_CODE
from sandbox.engine.runtime.toolchain import Toolchain
from sandbox.engine.runtime.unawaited import names_of, warning

IDLE_SECONDS = 60.0
RETIRED_MAX = 3  # processes that stay for actions which began in them


class ActionHost:
    """Belongs to one event loop; end it with `close`."""

    def __init__(self, tools: Toolchain, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._tools = tools
        self._idle_seconds = idle_seconds
        self._starting = asyncio.Lock()
        self._project: CompiledProject | None = None
        self._import_ms = 0.0
        self._process: ActionProcess | None = None
        self._process_project: CompiledProject | None = None
        self._retired: set[ActionProcess] = set()
        self._reaper: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def use(self, project: CompiledProject) -> None:
        """Makes the project (which loads) the code of the actions that begin from now on."""
        self._project = project
        self._import_ms = float(time.time_ns() // 1_000_000)

    def has_module(self, path: str) -> bool:
        """Whether the current code has that module ("http")."""
        return self._project is not None and path in self._project.maps

    async def call(self, call: ActionCall, operations: Operations, seconds: float | None = None) -> CallResult:
        """Runs one action to its end, or ends it. Learner mistakes come back as the result's error."""
        started = time.perf_counter()
        log_lines: list[str] = []
        seconds = limits.ACTION_DEADLINE_MS / 1000 if seconds is None else seconds
        project = self._project
        assert project is not None, "an action of no code"
        value_json: str | None = None
        error: LearnerError | None = None
        unawaited: tuple[str, ...] = ()
        try:
            reply = await self._reply(call, operations, log_lines, seconds)
        except CallStopped as stopped:
            error = stopped_error(stopped)
        else:
            unawaited = names_of(reply.unawaited)
            if unawaited:
                log_lines.append(warning(unawaited))
            if reply.ok:
                value_json = reply.text
            else:
                error = thrown_error(reply, project)
        total_ms = (time.perf_counter() - started) * 1000
        return CallResult(error is None, value_json, error, tuple(log_lines), total_ms, unawaited)

    async def end_idle(self) -> None:
        """Ends the process, if no action runs in it."""
        self._end_if_idle()
        await asyncio.gather(*self._closing)

    async def close(self) -> None:
        """Ends the process; actions that run fail and say why."""
        self._is_closed = True
        if self._reaper is not None:
            self._reaper.cancel()
        processes = [*self._retired, *([] if self._process is None else [self._process])]
        self._process = None
        await asyncio.gather(*(process.close() for process in processes), *self._closing)

    # ── processes ───────────────────────────────────────────────────────────

    async def _reply(self, call: ActionCall, operations: Operations, log_lines: list[str], seconds: float) -> Reply:
        try:
            return await self._call_in(await self._ready(), call, operations, log_lines, seconds)
        except CallStopped as stopped:
            if stopped.code != "NotBegun":
                raise
        # The process died of another action's doing, and this one has done nothing yet.
        return await self._call_in(await self._ready(), call, operations, log_lines, seconds)

    async def _call_in(
        self, process: ActionProcess, call: ActionCall, operations: Operations, log_lines: list[str], seconds: float
    ) -> Reply:
        try:
            return await process.call(call, operations, log_lines, seconds)
        except CallStopped as stopped:
            # What it left behind may keep the process busy: the next actions get another one. One that was ended while
            # it waited for an answer has left nothing that runs.
            was_waiting = stopped.code == CRASHED_CODE
            if process is self._process and len(self._retired) < RETIRED_MAX and not was_waiting:
                self._retire(process)
            raise
        finally:
            if not process.is_busy:
                self._rest(process)

    async def _ready(self) -> ActionProcess:
        """A live process with the current code."""
        async with self._starting:
            if self._is_closed:
                raise CallStopped("The deployment is closed", code="Closed")
            process = self._process
            if process is not None and process.is_alive and self._process_project is self._project:
                return process
            if process is not None:
                self._retire(process)
            project = self._project
            assert project is not None
            load = project.load_command(self._import_ms, IMPORT_SEED)
            self._process = await ActionProcess.start(self._tools, load)
            self._process_project = project
            return self._process

    def _retire(self, process: ActionProcess) -> None:
        self._process = None
        self._retired.add(process)
        if not process.is_busy:
            self._rest(process)

    def _rest(self, process: ActionProcess) -> None:
        """The last action of the process has ended."""
        if process in self._retired:
            self._retired.discard(process)
            self._end(process)
        elif process is self._process:
            if self._reaper is not None:
                self._reaper.cancel()
            self._reaper = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_if_idle)

    def _end_if_idle(self) -> None:
        process = self._process
        if process is not None and not process.is_busy and not self._starting.locked():
            self._process = None
            self._end(process)

    def _end(self, process: ActionProcess) -> None:
        task = asyncio.create_task(process.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
