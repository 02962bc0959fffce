"""The open deployments of this process: opened when someone asks, closed when nobody did for a while.

A deployment with scheduled functions is opened in time for them, also by a server that starts anew; its cron jobs
keep it open for an hour after somebody used it and pause then. Why: docs/decisions/0004.

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
CRONS_IDLE_S = 3600.0
PASSING_PREFIX = "replay-"
"""Deployments that are made on purpose and taken away soon: asking for one that is gone does not make it again."""
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
    from sandbox.engine import Deployment, Quota, StoreUnavailable

    if deployment_id.startswith(PASSING_PREFIX) and not folder_of(deployment_id).is_dir():
        # Its panes may still ask for it, with tokens that are good for a moment longer.
        raise StoreUnavailable("This replay has ended.")
    return await Deployment.open(
        folder_of(deployment_id),
        tools=front_end.toolchain(),
        verify_token=keys.verifier(deployment_id),
        verify_admin_key=keys.admin_verifier(deployment_id),
        # Without a host: the site has as many names as learners have ways to reach it.
        origin=f"/d/{deployment_id}",
        site_origin=f"/d/{deployment_id}/http",
        quota=Quota(),
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

    def start(self) -> None:
        """Begins to look after deployments, also those that nobody asks for. Belongs to the running loop."""
        self._require_own_loop()

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
            is_surplus = place < surplus and idle_s >= GRACE_S
            if is_surplus or (idle_s >= IDLE_S and not self._has_jobs(deployment_id, idle_s)):
                await self.close(deployment_id)

    def _has_jobs(self, deployment_id: str, idle_s: float) -> bool:
        """Whether closing it now would only mean opening it again soon."""
        opening = self._entries[deployment_id].opening
        if not opening.done() or opening.cancelled() or opening.exception() is not None:
            return False
        jobs = opening.result().jobs
        soon_ms = (time.time() + IDLE_S) * 1000
        is_due = jobs.next_job_ms is not None and jobs.next_job_ms < soon_ms
        return jobs.is_busy or is_due or (jobs.has_crons and idle_s < CRONS_IDLE_S)

    async def open_what_is_due(self) -> None:
        """Opens deployments whose scheduled functions are to run before the next look."""
        from sandbox.engine import EngineError

        for deployment_id in await asyncio.to_thread(_due_before, time.time() + SWEEP_S):
            if deployment_id not in self._entries:
                try:
                    await self.get(deployment_id)
                except EngineError as error:
                    logger.error("Deployment %s has jobs to run and is not open: %s", deployment_id, error.message)
                except Exception:
                    logger.exception("Deployment %s has jobs to run and could not be opened", deployment_id)

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
            try:
                await self.open_what_is_due()
                await self.sweep()
            except Exception:
                logger.exception("Open deployments could not be looked after")
            await asyncio.sleep(SWEEP_S)


def _due_before(time_s: float) -> list[str]:
    """The deployments that left a mark for a time before that, the earliest first."""
    from sandbox.engine import DUE_FILE

    due: list[tuple[int, str]] = []
    for mark in (Path(settings.DATA_DIR) / "stores").glob(f"*/{DUE_FILE}"):
        try:
            due.append((int(mark.read_text()), mark.parent.name))
        except (OSError, ValueError):
            due.append((0, mark.parent.name))  # half written: whoever opens it writes it again
    return [name for ms, name in sorted(due) if ms < time_s * 1000 and _DEPLOYMENT_ID.fullmatch(name)]


registry = Registry()
