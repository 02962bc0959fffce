"""Moving a deployment's clock: days pass in a moment, and scheduled functions and cron jobs run as they would have.

Moved are `Date.now()` in functions, creation times of documents, when scheduled functions and cron jobs are due, and
the practice service. Not moved are commit timestamps, the log and its retention, leases, tokens, and the times in the
Runs panel: the order of commits must never depend on what somebody does to a clock. The offset lies in the store, so
that all processes share it and it outlives a restart. Page: docs/fast-forward.md.
"""

from __future__ import annotations

from sandbox.engine.clock import WorldClock
from sandbox.engine.errors import LearnerError
from sandbox.engine.jobs.cron_jobs import plan_crons_again
from sandbox.engine.jobs.scheduler import Scheduler
from sandbox.engine.jobs.workplace import Workplace
from sandbox.engine.store import Store

STOPS_MAX = 150
"""How often one move stops for work that is due; what is due after that runs at the end, each cron job once."""
DAYS_AHEAD_MAX = 3_660
_SECOND_NS = 1_000_000_000


class FastForward:
    """Belongs to one deployment."""

    def __init__(self, store: Store, world: WorldClock, workplace: Workplace, jobs: Scheduler) -> None:
        self._store = store
        self._world = world
        self._workplace = workplace
        self._jobs = jobs

    @property
    def now_ms(self) -> float:
        """The time that functions see, in milliseconds since 1970."""
        return self._world.now_ms

    @property
    def offset_ms(self) -> float:
        """How far that is ahead of the real time."""
        return self._world.offset_ns / 1_000_000

    async def forward(self, seconds: float) -> bool:
        """Moves on, stopping wherever something is due, and waits for it. Whether all of it ended in time.

        Raises LearnerError for a step that goes back or too far.
        """
        if not seconds >= 0 or self._world.offset_ns + seconds * _SECOND_NS > DAYS_AHEAD_MAX * 86_400 * _SECOND_NS:
            raise LearnerError(f"The clock goes forward, up to {DAYS_AHEAD_MAX} days ahead.", code="ClockOutOfReach")
        target_ns = self._world.now_ns() + int(seconds * _SECOND_NS)
        has_ended = await self._jobs.settle()
        for _ in range(STOPS_MAX):
            next_ms = await self._jobs.next_work_ms()
            if not has_ended or next_ms is None or next_ms * 1_000_000 > target_ns:
                break
            # A time has whole milliseconds here and parts of one there: a moment later it is certainly due.
            await self._move_to(int(next_ms * 1_000_000) + 1_000)
            has_ended = await self._jobs.settle()
        await self._move_to(target_ns)
        return await self._jobs.settle() and has_ended

    async def planned(self) -> list[dict[str, object]]:
        """The next runs in their order: name, kind ("cron" or "scheduled") and time in ms, by this clock."""
        return [{"name": name, "kind": kind, "at_ms": at_ms} for name, kind, at_ms in await self._jobs.planned()]

    async def back_to_now(self) -> None:
        """The real time again. Documents keep their times; functions that are scheduled for a later day wait for it."""
        await self._set(0)
        await self._workplace.change(lambda transaction: plan_crons_again(transaction, self._workplace.now_ms), "clock")
        self._jobs.note_other_time()

    async def settle(self) -> bool:
        """Whether everything that is due now has ended, failures too. Waits for it."""
        return await self._jobs.settle()

    async def follow(self) -> None:
        """Takes over where another process has set the clock."""
        offset_ns = await self._store.clock_offset_ns()
        if offset_ns != self._world.offset_ns:
            self._world.offset_ns = offset_ns
            self._jobs.note_other_time()

    async def _move_to(self, at_ns: int) -> None:
        if at_ns > self._world.now_ns():
            await self._set(at_ns - self._world.real.now_ns())

    async def _set(self, offset_ns: int) -> None:
        await self._store.move_clock(offset_ns)
        self._world.offset_ns = offset_ns
        self._jobs.note_other_time()
