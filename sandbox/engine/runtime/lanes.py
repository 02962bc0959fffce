"""Two lanes for one deployment's calls: a slow call does not hold up the ones behind it.

The first lane takes all calls as long as it keeps up. A call that waits longer than BORROW_AFTER_S goes to the second
one, whose process is borrowed from the spares and ends after a short pause. What a lane does is host.py.
"""

from __future__ import annotations

import asyncio

from sandbox.engine.runtime.call import Analysis, Call, CallResult
from sandbox.engine.runtime.compile import CompiledProject
from sandbox.engine.runtime.host import JsHost
from sandbox.engine.runtime.syscalls import Syscalls
from sandbox.engine.runtime.toolchain import Toolchain

BORROW_AFTER_S = 0.02
# After host.py's own pause, so that a borrowed process stays for less than half a minute.
BORROWED_IDLE_S = 5.0


class JsLanes:
    """Belongs to one event loop; end it with `close`. While `load` runs there must be no call (code_gate.py)."""

    def __init__(self, tools: Toolchain, *, in_quarantine: bool = False) -> None:
        self._tools = tools
        self._own = JsHost(tools, in_quarantine=in_quarantine)
        self._borrowed = JsHost(tools, idle_seconds=BORROWED_IDLE_S, in_quarantine=in_quarantine)
        self._turn = asyncio.Lock()
        self._borrowed_turn = asyncio.Lock()
        self._project: CompiledProject | None = None
        self._borrowed_project: CompiledProject | None = None

    async def load(self, project: CompiledProject) -> Analysis:
        """Makes the project current. Raises DeployError; then the code before stays current."""
        analysis = await self._own.load(project)
        self._project = project
        return analysis

    async def call(self, call: Call, syscalls: Syscalls) -> CallResult:
        """Runs one function in a free lane. Learner mistakes come back as the result's error.

        A run that is held at its steps has a process of its own, so that it is in nobody's way.
        """
        if syscalls.stepper is not None and syscalls.stepper.holds:
            return await self._call_apart(call, syscalls)
        if await self._comes_soon():
            try:
                return await self._own.call(call, syscalls)
            finally:
                self._turn.release()
        async with self._borrowed_turn:
            if self._project is not None and self._borrowed_project is not self._project:
                await self._borrowed.load(self._project)
                self._borrowed_project = self._project
            return await self._borrowed.call(call, syscalls)

    async def _call_apart(self, call: Call, syscalls: Syscalls) -> CallResult:
        host = JsHost(self._tools)
        try:
            if self._project is not None:
                await host.load(self._project)
            return await host.call(call, syscalls)
        finally:
            await host.close()

    async def close(self) -> None:
        await asyncio.gather(self._own.close(), self._borrowed.close())

    async def _comes_soon(self) -> bool:
        """Takes the turn in the first lane, unless another call keeps it for long while the second lane is free."""
        try:
            async with asyncio.timeout(BORROW_AFTER_S):
                return await self._turn.acquire()
        except TimeoutError:
            if not self._borrowed_turn.locked():
                return False
            return await self._turn.acquire()
