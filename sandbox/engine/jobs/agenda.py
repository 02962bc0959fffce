"""What there is to do and when: one look at the rows of scheduled functions and cron jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.engine.jobs.cron_jobs import CronJob, due_crons
from sandbox.engine.store import Transaction
from sandbox.engine.store.scheduled_functions import Job, completed_jobs, pending_jobs, running_jobs

JOBS_SEEN = 16
JOBS_SEEN_MAX = 256
RETENTION_MS = 7 * 24 * 3600 * 1000.0
"""How long a job that is over can be looked at."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """`pending` and `crons` come in the order of their time; of many, the first ones."""

    pending: Sequence[Job]
    running: Sequence[Job]
    crons: Sequence[CronJob]
    oldest_completed_ms: float | None

    @property
    def next_job_ms(self) -> float | None:
        """When the next scheduled function is to run, which may be past; None when none is."""
        return self.pending[0].scheduled_ms if self.pending else None

    @property
    def next_cron_ms(self) -> float | None:
        return self.crons[0].next_ms if self.crons else None

    @property
    def next_cleaning_ms(self) -> float | None:
        return None if self.oldest_completed_ms is None else self.oldest_completed_ms + RETENTION_MS

    @property
    def waiting(self) -> list[Job | CronJob]:
        """What does not run yet, in the order of its time."""
        jobs: list[tuple[float, Job | CronJob]] = [(job.scheduled_ms, job) for job in self.pending]
        jobs += [(cron.next_ms, cron) for cron in self.crons if not cron.is_running]
        return [work for _, work in sorted(jobs, key=lambda pair: pair[0])]

    def has_work(self, now_ms: float) -> bool:
        """Whether something is due, or was left in progress."""
        is_due = any(ms <= now_ms for ms in self._times)
        return is_due or bool(self.running) or any(cron.is_running for cron in self.crons)

    def seconds_until_work(self, now_ms: float) -> float | None:
        return (min(self._times) - now_ms) / 1000 if self._times else None

    @property
    def _times(self) -> list[float]:
        return [ms for ms in (self.next_job_ms, self.next_cron_ms, self.next_cleaning_ms) if ms is not None]


async def read_agenda(transaction: Transaction, jobs_max: int = JOBS_SEEN) -> Agenda:
    completed = await completed_jobs(transaction, 1)
    return Agenda(
        pending=await pending_jobs(transaction, jobs_max),
        running=await running_jobs(transaction),
        crons=await due_crons(transaction, JOBS_SEEN_MAX),
        oldest_completed_ms=completed[0].completed_ms if completed else None,
    )


async def forget_old_jobs(transaction: Transaction, now_ms: float) -> None:
    """Deletes jobs that have been over for a week, as many as one transaction may; the rest goes next time."""
    for job in await completed_jobs(transaction, JOBS_SEEN_MAX):
        if job.completed_ms is not None and job.completed_ms + RETENTION_MS <= now_ms:
            await transaction.system.delete(job.id)
