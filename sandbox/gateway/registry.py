"""The open deployments of this process: opened when someone asks, closed when nobody did for a while.

Everything happens on one event loop; a second loop is refused, because a deployment's locks and processes belong to
the loop that opened it.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from sandbox.gateway import front_end, keys

if TYPE_CHECKING:
    from sandbox.engine import Deployment

logger = logging.getLogger(__name__)

OPEN_MAX = 200
IDLE_S = 600.0
# A view that asked a moment ago may still be at work with what it got.
GRACE_S = 60.0
SWEEP_S = 20.0
_DEPLOYMENT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

Opener = Callable[[str], Awaitable["Deployment"]]


def folder_of(deployment_id: str) -> Path:
    """Where a deployment lives. The id comes from signed tokens and the database, and is checked all the same."""
    if not _DEPLOYMENT_ID.fullmatch(deployment_id):
        raise ValueError(f"{deployment_id!r} is not a deployment id")
    return Path(settings.DATA_DIR) / "stores" / deployment_id


def exists(deployment_id: str) -> bool:
    """Whether somebody has opened it before. For ids that anybody may send."""
    return bool(_DEPLOYMENT_ID.fullmatch(deployment_id)) and (folder_of(deployment_id) / "store.db").exists()


async def open_deployment(deployment_id: str) -> Deployment:
    """Opens or creates the deployment in its folder, knowing Alice and Bob."""
    from sandbox.engine import Deployment

    return await Deployment.open(
        folder_of(deployment_id),
        tools=front_end.toolchain(),
        verify_token=keys.verifier(deployment_id),
        verify_admin_key=keys.admin_verifier(deployment_id),
        # Without a host: the site has as many names as learners have ways to reach it.
        origin=f"/d/{deployment_id}",
    )


@dataclass(slots=True)
class _Entry:
    opening: asyncio.Task[Deployment]
    users: int = 0
    used_at: float = field(default_factory=time.monotonic)

    @property
    def idle_s(self) -> float:
        return time.monotonic() - self.used_at


class Registry:
    def __init__(self, opener: Opener = open_deployment) -> None:
        self._opener = opener
        self._entries: dict[str, _Entry] = {}
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def get(self, deployment_id: str) -> Deployment:
        """The open deployment, for the length of one request. Longer uses take `use`."""
        return (await self._open(deployment_id, users=0)).opening.result()

    @asynccontextmanager
    async def use(self, deployment_id: str) -> AsyncIterator[Deployment]:
        """The open deployment; it stays open until the block ends."""
        entry = await self._open(deployment_id, users=1)
        try:
            yield entry.opening.result()
        finally:
            entry.users -= 1
            entry.used_at = time.monotonic()

    async def close(self, deployment_id: str) -> None:
        """Closes it now, whoever uses it: before its folder is moved or deleted."""
        entry = self._entries.pop(deployment_id, None)
        if entry is not None:
            self._closing[deployment_id] = asyncio.create_task(self._shut(deployment_id, entry))
        if closing := self._closing.get(deployment_id):
            await asyncio.shield(closing)

    async def close_all(self) -> None:
        """Closes everything; afterwards another loop may begin."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
            self._sweeper = None
        await asyncio.gather(*(self.close(deployment_id) for deployment_id in [*self._entries, *self._closing]))
        self._loop = None

    @property
    def open_ids(self) -> list[str]:
        return list(self._entries)

    async def sweep(self) -> None:
        """Closes what nobody used for IDLE_S and, of more than OPEN_MAX, those unused for longest."""
        unused = [(entry.idle_s, name) for name, entry in self._entries.items() if not entry.users]
        unused.sort(reverse=True)
        surplus = len(self._entries) - OPEN_MAX
        for place, (idle_s, deployment_id) in enumerate(unused):
            if idle_s >= IDLE_S or (place < surplus and idle_s >= GRACE_S):
                await self.close(deployment_id)

    async def _open(self, deployment_id: str, users: int) -> _Entry:
        self._require_own_loop()
        while closing := self._closing.get(deployment_id):
            await asyncio.shield(closing)
        entry = self._entries.get(deployment_id)
        if entry is None:
            entry = _Entry(asyncio.create_task(self._opening(deployment_id)))
            self._entries[deployment_id] = entry
        entry.users += users
        entry.used_at = time.monotonic()
        try:
            # Shielded: the first who asked may hang up, the others still wait for it.
            await asyncio.shield(entry.opening)
        except BaseException:
            entry.users -= users
            raise
        return entry

    async def _opening(self, deployment_id: str) -> Deployment:
        try:
            return await self._opener(deployment_id)
        except BaseException:
            self._entries.pop(deployment_id, None)
            raise

    async def _shut(self, deployment_id: str, entry: _Entry) -> None:
        try:
            deployment = await entry.opening
            await deployment.close()
        except Exception:
            logger.exception("Deployment %s did not close cleanly", deployment_id)
        finally:
            del self._closing[deployment_id]

    def _require_own_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
            self._sweeper = loop.create_task(self._sweep_for_ever())
        if self._loop is not loop:
            raise RuntimeError(
                "Deployments are open on another event loop; use them from async views on the server's loop, "
                "or close them first with `await registry.close_all()`."
            )

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            await self.sweep()


registry = Registry()
