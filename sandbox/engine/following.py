"""Commits of other processes are found by polling; a notice would only shorten the wait."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import NoReturn, Protocol

from sandbox.engine.errors import StoreUnavailable
from sandbox.engine.fast_forward import FastForward
from sandbox.engine.jobs.scheduler import Scheduler
from sandbox.engine.runtime.fetching import PracticeService
from sandbox.engine.store import Store
from sandbox.engine.sync.live_queries import LiveQueries

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 0.25
IDLE_FOLLOW_SECONDS = 2.0


class Followed(Protocol):
    """What of a deployment others may have changed, and who must hear of it."""

    folder: Path
    store: Store
    live: LiveQueries
    jobs: Scheduler
    time: FastForward
    practice: PracticeService

    @property
    def is_idle(self) -> bool: ...


async def follow_other_writers(deployment: Followed) -> NoReturn:
    """Wakes live queries, jobs, clock and practice service when another process has written. Ends when it is cancelled.

    A store that cannot be read is said once in the log, and tried again.
    """
    store = deployment.store
    seen: int | None = await store.data_version()
    while True:
        await asyncio.sleep(IDLE_FOLLOW_SECONDS if deployment.is_idle else FOLLOW_SECONDS)
        try:
            version = await store.data_version()
            deployment.practice.notice_others()
            if version != seen:
                await deployment.time.follow()
        except StoreUnavailable as error:
            if seen is not None:
                logger.error("%s: %s", deployment.folder.name, error.message)
            seen = None
            continue
        if version != seen:
            seen = version
            deployment.live.wake()
            deployment.jobs.wake()
