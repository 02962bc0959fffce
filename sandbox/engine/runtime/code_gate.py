"""Many calls, or one change of code: a lock for both. A change does not start while a call runs, nor the other way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class CodeGate:
    def __init__(self) -> None:
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._change = asyncio.Lock()
        self.before_change: Callable[[], None] = lambda: None
        """Called while a change waits for the calls that run: for those that would not end by themselves."""

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        # A waiting change holds the lock, so calls that come later cannot starve it.
        async with self._change:
            self._calls += 1
            self._idle.clear()
        try:
            yield
        finally:
            self._calls -= 1
            if self._calls == 0:
                self._idle.set()

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        async with self._change:
            self.before_change()
            await self._idle.wait()
            yield
