"""The scheduler of one deployment: begins what is due, and sees to what a process that ended has left.

It looks at the rows when they change, when their time comes, and when a run ends; between that it waits. Of several
processes the one with the lease works, and it gives the lease back when nothing is due. Source:
docs/spec/semantics.md §10.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Set

from sandbox.engine.jobs.agenda import JOBS_SEEN, JOBS_SEEN_MAX, Agenda, forget_old_jobs, read_agenda
from sandbox.engine.jobs.cron_jobs import CronJob
from sandbox.engine.jobs.cron_run import end_cron
from sandbox.engine.jobs.lease import RENEW_SECONDS, JobLease
from sandbox.engine.jobs.runs import Runs, Work
from sandbox.engine.jobs.scheduled_run import fail_job
from sandbox.engine.jobs.workplace import INTERRUPTED, Workplace
from sandbox.engine.store import CRON_JOBS, SCHEDULED_FUNCTIONS

logger = logging.getLogger(__name__)

LOOK_FAR_SECONDS = 0.25
SETTLE_SECONDS_MAX = 20.0
LOOK_AGAIN_SECONDS_MAX = 60.0
"""However far the next job is: the clock may be set, and a machine may sleep."""

_TABLES = frozenset((SCHEDULED_FUNCTIONS, CRON_JOBS))


class Scheduler:
    """Begin with `start`, end with `await stop()`. Belongs to one event loop."""

    def __init__(self, at: Workplace) -> None:
        self._at = at
        self._lease = JobLease(at.store, at.clock)
        self._runs = Runs(at, self.wake)
        self._news = asyncio.Event()
        self._moved = asyncio.Event()
        self._far_again = 0.0
        self._looking: asyncio.Task[None] | None = None
        self.next_job_ms: float | None = None
        """When the next scheduled function is to run, by the real time, as of the last look; None when none is."""
        self._has_told = False
        self.has_crons = False

    def start(self) -> None:
        """From now on jobs run. Code must be live by then: a job whose function is missing fails for good."""
        if self._looking is None:
            self._at.store.on_own_commit(self._note_tables)
            self._looking = asyncio.create_task(self._look_for_ever())
        self.wake()

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
            await self._leave_the_plan()
        await self._runs.stop()
        await self._lease.drop()

    async def _leave_the_plan(self) -> None:
        """Tells it once more: of two processes the one that ends last may have told it first."""
        try:
            async with await self._at.store.snapshot() as snapshot:
                transaction = self._at.store.transaction(snapshot, seed=b"", writable=False)
                self._has_told = False
                self._note_plan(await read_agenda(transaction))
        except Exception:
            logger.exception("When the next scheduled function runs could not be left behind")

    def wake(self) -> None:
        """The rows may have changed, or the time."""
        self._news.set()
        self._moved.set()

    def note_other_time(self) -> None:
        """The clock was moved: pauses and the plan that was told are those of another time."""
        self._runs.forget_pauses()
        self._has_told = False
        self.wake()

    async def settle(self, seconds_max: float = SETTLE_SECONDS_MAX) -> bool:
        """Whether everything that is due has ended, failures too, also what it scheduled for now. Waits for it."""
        if self._looking is None:
            return True
        try:
            async with asyncio.timeout(seconds_max):
                while await self._has_work_now():
                    self._moved.clear()
                    self._news.set()
                    if await self._has_work_now():
                        await self._wait_for_a_move()
        except TimeoutError:
            return False
        return True

    async def next_work_ms(self) -> float | None:
        """When the next scheduled function or cron job is to run; None when there is none."""
        waiting = (await self._at.read(read_agenda)).waiting
        return min(map(self._runs.ready_ms, waiting), default=None)

    async def planned(self) -> list[tuple[str, str, float]]:
        """What waits: its name, "cron" or "scheduled", and when it may run, the first first."""
        waiting = (await self._at.read(read_agenda)).waiting
        named = [
            (work.identifier, "cron") if isinstance(work, CronJob) else (work.path, "scheduled") for work in waiting
        ]
        return [(*name, self._runs.ready_ms(work)) for name, work in zip(named, waiting, strict=True)]

    async def _has_work_now(self) -> bool:
        agenda = await self._at.read(read_agenda)
        now_ms = self._at.clock.now_ns() / 1_000_000
        is_due = any(self._runs.ready_ms(work) <= now_ms for work in agenda.waiting)
        return self.is_busy or is_due or bool(agenda.running) or any(cron.is_running for cron in agenda.crons)

    async def _wait_for_a_move(self) -> None:
        """Until a run ends or rows change here. Another process may have the lease: so only for a moment."""
        try:
            async with asyncio.timeout(LOOK_FAR_SECONDS):
                await self._moved.wait()
        except TimeoutError:
            pass

    @property
    def is_busy(self) -> bool:
        """Whether functions run for it now."""
        return not self._runs.is_empty

    def _note_tables(self, tables: Set[str]) -> None:
        if not _TABLES.isdisjoint(tables):
            self.wake()

    async def _look_for_ever(self) -> None:
        while True:
            self._news.clear()
            try:
                seconds = await self.look()
            except Exception:
                logger.exception("The scheduler could not look at its jobs")
                seconds = RENEW_SECONDS
            try:
                async with asyncio.timeout(None if seconds is None else min(seconds, LOOK_AGAIN_SECONDS_MAX)):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def look(self) -> float | None:
        """Begins what is due. Returns after how many seconds to look again; None: when something changes."""
        agenda = await self._at.read(read_agenda)
        self._note_plan(agenda)
        if not self._at.runner.can_run:
            return LOOK_AGAIN_SECONDS_MAX  # jobs wait for code that loads
        now_ms = self._at.clock.now_ns() / 1_000_000
        if not self.is_busy and not agenda.has_work(now_ms):
            await self._lease.drop()
            return agenda.seconds_until_work(now_ms)
        if not await self._lease.hold():
            return RENEW_SECONDS
        await self._end_what_was_left(agenda)
        if agenda.next_cleaning_ms is not None and agenda.next_cleaning_ms <= now_ms:
            await self._at.change(lambda transaction: forget_old_jobs(transaction, now_ms), "cleaning")
        coming_ms = await self._begin(agenda, now_ms)
        seconds = min(RENEW_SECONDS, (coming_ms - now_ms) / 1000)
        if len(agenda.pending) < JOBS_SEEN or not self._runs.has_room:
            return seconds
        return min(seconds, await self._look_far(now_ms))

    async def _look_far(self, now_ms: float) -> float:
        """Looks for work behind the first jobs, which may all wait for one another, and not too often: there are many.

        Returns after how many seconds it may be done again.
        """
        loop = asyncio.get_running_loop()
        if loop.time() >= self._far_again:
            await self._begin(await self._at.read(lambda each: read_agenda(each, JOBS_SEEN_MAX)), now_ms)
            self._far_again = loop.time() + LOOK_FAR_SECONDS
        return self._far_again - loop.time()

    async def _begin(self, agenda: Agenda, now_ms: float) -> float:
        """Begins what is due, as far as there is room. Returns when the next work comes that is not due yet."""
        waiting: list[Work] = [work for work in agenda.waiting if work.id not in self._runs]
        for work in waiting:
            if self._runs.ready_ms(work) <= now_ms:
                await self._runs.start(work)
        return min((ms for ms in map(self._runs.ready_ms, waiting) if ms > now_ms), default=float("inf"))

    def _note_plan(self, agenda: Agenda) -> None:
        self.has_crons = bool(agenda.crons)
        next_ms = None if agenda.next_job_ms is None else self._at.to_real_ms(agenda.next_job_ms)
        if self.next_job_ms != next_ms or not self._has_told:
            self._has_told = True  # once in any case: an earlier process may have told something else
            self.next_job_ms = next_ms
            self._at.on_plan(next_ms)

    async def _end_what_was_left(self, agenda: Agenda) -> None:
        """Actions in progress that do not run here: whoever began them had the lease, and has it no more."""
        for job in agenda.running:
            if job.id not in self._runs:
                await fail_job(self._at, job, INTERRUPTED)
        for cron in agenda.crons:
            if cron.is_running and cron.id not in self._runs:
                await end_cron(self._at, cron, INTERRUPTED, None)
