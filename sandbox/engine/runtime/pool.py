"""Booted JS processes without a project, kept ready: a first call then costs about 10 ms and not 100.

One pool for each event loop and toolchain. `close_pools` must be called before the loop ends.
"""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakKeyDictionary

from sandbox.engine.runtime.process import JsProcess
from sandbox.engine.runtime.toolchain import Toolchain

SPARES = 1


class SparePool:
    def __init__(self, tools: Toolchain) -> None:
        self._tools = tools
        self._spares: deque[JsProcess] = deque()
        self._refilling: asyncio.Task[None] | None = None
        self._is_open = True

    async def take(self) -> JsProcess:
        """A booted process, spare or new. Raises RunnerRefused, EngineError."""
        while self._spares:
            process = self._spares.popleft()
            if process.is_alive:
                self.refill()
                return process
            await process.close()
        process = await JsProcess.start(self._tools)
        self.refill()
        return process

    def refill(self) -> None:
        """Starts spares in the background until there are enough."""
        if self._is_open and (self._refilling is None or self._refilling.done()):
            self._refilling = asyncio.create_task(self._refill())

    async def filled(self) -> None:
        """Returns when there are enough spares."""
        self.refill()
        if self._refilling is not None:
            await asyncio.shield(self._refilling)

    async def _refill(self) -> None:
        while self._is_open and len(self._spares) < SPARES:
            self._spares.append(await JsProcess.start(self._tools))

    async def close(self) -> None:
        self._is_open = False
        if self._refilling is not None:
            self._refilling.cancel()
            await asyncio.gather(self._refilling, return_exceptions=True)
        await asyncio.gather(*(process.close() for process in self._spares))
        self._spares.clear()


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Toolchain, SparePool]] = WeakKeyDictionary()


def pool_of(tools: Toolchain) -> SparePool:
    """The pool of the running loop."""
    pools = _pools.setdefault(asyncio.get_running_loop(), {})
    if tools not in pools:
        pools[tools] = SparePool(tools)
    return pools[tools]


async def close_pools() -> None:
    """Ends every spare process of the running loop."""
    pools = _pools.pop(asyncio.get_running_loop(), {})
    await asyncio.gather(*(pool.close() for pool in pools.values()))
