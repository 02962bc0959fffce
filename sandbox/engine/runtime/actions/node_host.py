"""The `"use node"` actions of one deployment: a process for every call, and one kept ready while they are in use.

Their code has the whole world of its process, so nothing that it leaves there may be met by another call: the process
ends with the call (docs/decisions/0007). Its program is js/node_runner.js.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from sandbox.engine import limits
from sandbox.engine.errors import DeployError, EngineError, LearnerError
from sandbox.engine.runtime.actions.process import ActionProcess
from sandbox.engine.runtime.actions.running import ActionCall, Operations
from sandbox.engine.runtime.analysis import parse_node_analysis
from sandbox.engine.runtime.call import CallResult, FunctionInfo
from sandbox.engine.runtime.compile import CompiledProject
from sandbox.engine.runtime.frames import CallStopped, Reply
from sandbox.engine.runtime.hardening import NODE_RUNNER
from sandbox.engine.runtime.results import stopped_error, thrown_error
from sandbox.engine.runtime.toolchain import Toolchain
from sandbox.engine.runtime.unawaited import names_of

IDLE_SECONDS = 60.0
# Packages may take a while to load, and a call harms only itself when it computes for long.
LOAD_SECONDS = 15.0
BLOCKED_CPU_SECONDS = 60.0
_ARGUMENTS_TOO_LARGE = (
    "Node actions arguments size is too large. The maximum size is 5 MiB. Reduce the size of the arguments or consider "
    "using Convex runtime actions instead, which have a 16 MiB limit. See https://docs.convex.dev/functions/runtimes"
)


@dataclass(frozen=True, slots=True)
class _Spare:
    """A process that waits for its call; it holds what these modules need, and has evaluated them."""

    project: CompiledProject
    modules: frozenset[str]
    process: ActionProcess


class NodeHost:
    """Belongs to one event loop; end it with `close`."""

    def __init__(self, tools: Toolchain, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._tools = tools
        self._idle_seconds = idle_seconds
        self._project: CompiledProject | None = None
        self._spare: _Spare | None = None
        self._running: set[ActionProcess] = set()
        self._last_module: str | None = None
        self._places: defaultdict[int, asyncio.Semaphore] = defaultdict(_nested_places)
        self._places[0] = asyncio.Semaphore(limits.NODE_ACTIONS_AT_ONCE_MAX)
        self._preparing = asyncio.Lock()
        self._is_awaited = False
        self._reaper: asyncio.TimerHandle | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def analyze(self, project: CompiledProject) -> dict[str, FunctionInfo]:
        """The functions of the project's `"use node"` files by path; none where it has none. Raises DeployError."""
        if not project.node_entries:
            return {}
        try:
            process = await self._start(project, project.node_entries)
        except EngineError as error:
            raise DeployError(f"The project's Node.js files do not load: {error}", code="AnalysisFailed") from error
        try:
            functions = parse_node_analysis(process.loaded, project)
        except DeployError:
            await process.close()
            raise
        await self._keep(_Spare(project, frozenset(project.node_entries), process))
        return functions

    def use(self, project: CompiledProject) -> None:
        """Makes the project (which was analyzed) the code of the actions that begin from now on."""
        self._project = project

    def has(self, path: str) -> bool:
        """Whether the function at that path is one of a `"use node"` file."""
        return self._project is not None and path.partition(":")[0] in self._project.node

    async def call(
        self, call: ActionCall, operations: Operations, depth: int = 0, seconds: float | None = None
    ) -> CallResult:
        """Runs one action to its end, or ends it. Learner mistakes come back as the result's error.

        `depth` counts the actions that called one another. Each depth has its own places, so that no action waits for
        a place that its own caller holds.
        """
        started = time.perf_counter()
        log_lines: list[str] = []
        value_json: str | None = None
        error: LearnerError | None = None
        unawaited: tuple[str, ...] = ()
        project = self._project
        assert project is not None, "an action of no code"
        try:
            if len(call.args.encode(errors="replace")) > limits.NODE_ARGUMENT_BYTES_MAX:
                raise LearnerError(_ARGUMENTS_TOO_LARGE, code="ArgumentsTooLarge")
            async with self._places[depth]:
                reply = await self._reply(project, call, operations, log_lines, seconds)
        except CallStopped as stopped:
            error = stopped_error(stopped)
        except LearnerError as refused:
            error = refused
        else:
            unawaited = names_of(reply.unawaited)
            value_json = reply.text if reply.ok else None
            error = None if reply.ok else thrown_error(reply, project)
        total_ms = (time.perf_counter() - started) * 1000
        return CallResult(error is None, value_json, error, tuple(log_lines), total_ms, unawaited)

    async def end_idle(self) -> None:
        """Ends the process that is kept ready."""
        self._drop_spare()
        await asyncio.gather(*self._work)

    async def close(self) -> None:
        """Actions that run fail and say why."""
        self._is_closed = True
        if self._reaper is not None:
            self._reaper.cancel()
        self._drop_spare()
        await asyncio.gather(*(process.close() for process in self._running), *self._work)
        self._drop_spare()  # it may have been on its way
        await asyncio.gather(*self._work)

    # ── one call ────────────────────────────────────────────────────────────

    async def _reply(
        self,
        project: CompiledProject,
        call: ActionCall,
        operations: Operations,
        log_lines: list[str],
        seconds: float | None,
    ) -> Reply:
        seconds = limits.NODE_ACTION_DEADLINE_MS / 1000 if seconds is None else seconds
        assert call.path is not None
        module, _, name = call.path.partition(":")
        self._last_module = module
        try:
            return await self._call_once(project, call, operations, log_lines, seconds)
        except CallStopped as stopped:
            if stopped.code == "FunctionTimedOut":
                message = f"Action `{name or 'default'}` execution timed out (maximum duration {seconds:.0f}s)"
                raise CallStopped(message, code=stopped.code) from None
            if stopped.code != "NotBegun":
                raise
        # The process died before the call began: it was kept ready, and its modules left something behind.
        return await self._call_once(project, call, operations, log_lines, seconds)

    async def _call_once(
        self, project: CompiledProject, call: ActionCall, operations: Operations, log_lines: list[str], seconds: float
    ) -> Reply:
        module = str(call.path).partition(":")[0]
        spare = await self._take(project, module)
        process = spare.process
        self._running.add(process)
        scripts = [] if module in spare.modules else project.scripts_for(module)
        try:
            return await process.call(call, operations, log_lines, seconds, scripts)
        finally:
            self._running.discard(process)
            self._begin(process.close())
            self._begin(self._prepare_spare())

    async def _take(self, project: CompiledProject, module: str) -> _Spare:
        if self._is_closed:
            raise CallStopped("The deployment is closed", code="Closed")
        if self._preparing.locked() and not self._is_awaited:
            await self._until_prepared()
        if self._spare is not None and self._spare.project is project:
            spare, self._spare = self._spare, None
            if spare.process.is_alive:
                return spare
            await spare.process.close()
        return _Spare(project, frozenset((module,)), await self._start(project, [module]))

    async def _until_prepared(self) -> None:
        """One call takes the process that is being started, instead of starting yet another beside it."""
        self._is_awaited = True
        try:
            async with self._preparing:
                return
        finally:
            self._is_awaited = False

    async def _start(self, project: CompiledProject, entries: list[str]) -> ActionProcess:
        return await ActionProcess.start(
            self._tools,
            project.node_load_command(entries),
            program=NODE_RUNNER,
            load_seconds=LOAD_SECONDS,
            blocked_cpu_seconds=BLOCKED_CPU_SECONDS,
        )

    # ── the process that is kept ready ──────────────────────────────────────

    async def _prepare_spare(self) -> None:
        """Another one for the next call, which is likely to be of the same module."""
        project, module = self._project, self._last_module
        if project is None or module not in project.node or self._is_closed or self._spare or self._preparing.locked():
            return
        async with self._preparing:
            try:
                process = await self._start(project, [module])
            except EngineError:
                return  # the next call finds out, and says it
            await self._keep(_Spare(project, frozenset((module,)), process))

    async def _keep(self, spare: _Spare) -> None:
        self._drop_spare()
        if self._is_closed:
            await spare.process.close()
            return
        self._spare = spare
        if self._reaper is not None:
            self._reaper.cancel()
        self._reaper = asyncio.get_running_loop().call_later(self._idle_seconds, self._drop_spare)

    def _drop_spare(self) -> None:
        if self._spare is not None:
            spare, self._spare = self._spare, None
            self._begin(spare.process.close())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)


def _nested_places() -> asyncio.Semaphore:
    return asyncio.Semaphore(limits.NODE_NESTED_ACTIONS_AT_ONCE_MAX)
