"""Which mutations may run at the same time.

A mutation that takes its snapshot while another is about to commit loses to it for nothing, so mutations of one
deployment follow each other as long as that goes quickly. One that waits longer than OVERLAP_AFTER_S runs beside the
slow one, in the process that lanes.py borrows; if both touched the same documents, one of them runs again.
The same request asked twice never runs twice at a time: the second asking shall find the answer of the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from weakref import WeakValueDictionary

OVERLAP_AFTER_S = 0.02
RequestKey = tuple[str, int]


class MutationTurns:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._second = asyncio.Lock()
        self._requests: WeakValueDictionary[RequestKey, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, request: RequestKey | None) -> AsyncIterator[None]:
        """Waits for a turn; `request` names the request that the mutation answers."""
        async with nullcontext() if request is None else self._requests.setdefault(request, asyncio.Lock()):
            lock = await self._acquired()
            try:
                yield
            finally:
                lock.release()

    async def _acquired(self) -> asyncio.Lock:
        if not self._turn.locked():
            await self._turn.acquire()
            return self._turn
        try:
            async with asyncio.timeout(OVERLAP_AFTER_S):
                await self._turn.acquire()
                return self._turn
        except TimeoutError:
            lock = self._turn if self._second.locked() else self._second
            await lock.acquire()
            return lock
