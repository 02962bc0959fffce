"""One run of a cron job. As with scheduled functions: a mutation exactly once, an action at most once.

A run that fails is not repeated; the next one comes at its time. Source: docs/spec/semantics.md §10.
"""

from __future__ import annotations

import json
import logging
import time

from sandbox.engine import values
from sandbox.engine.jobs.cron_jobs import CronJob, FinishedRun, finish_cron, read_cron, start_cron
from sandbox.engine.jobs.workplace import INTERRUPTED, TRANSIENT_CODES, GoneError, RunAgainError, Workplace
from sandbox.engine.runtime.request import Request
from sandbox.engine.store import Transaction
from sandbox.engine.trace import Cause, RunNote

logger = logging.getLogger(__name__)

CRON = Cause("cron")


async def run_mutation_cron(at: Workplace, job: CronJob) -> None:
    """Raises RunAgainError when the job is as it was before and wants another try."""
    started = time.perf_counter()

    async def take(transaction: Transaction) -> None:
        await _unchanged(transaction, job)

    async def finish(transaction: Transaction, value_json: str) -> None:
        # The log lines are known after the commit only; a run that ended well is shown without them.
        run = FinishedRun(job.next_ms, None, (), time.perf_counter() - started)
        await finish_cron(transaction, await _unchanged(transaction, job), run, at.now_ms)

    try:
        outcome = await at.runner.mutation(_request(job), before_run=take, before_commit=finish, cause=CRON)
    except GoneError:
        return
    at.tell(outcome.note)
    if outcome.error is not None:
        if outcome.error.code in TRANSIENT_CODES:
            raise RunAgainError
        await end_cron(at, job, outcome.error.message, outcome.note)


async def run_action_cron(at: Workplace, job: CronJob) -> None:
    async def take(transaction: Transaction) -> None:
        await start_cron(transaction, await _unchanged(transaction, job))

    try:
        await at.change(take, "cron")
    except GoneError:
        return
    try:
        outcome = await at.runner.action(_request(job), CRON)
    except Exception:
        logger.exception("An action of a cron job did not end")
        await end_cron(at, job, INTERRUPTED, None)
        return
    at.tell(outcome.note)
    await end_cron(at, job, None if outcome.error is None else outcome.error.message, outcome.note)


async def end_cron(at: Workplace, job: CronJob, error: str | None, note: RunNote | None) -> None:
    """Sets the next run, unless the job was taken out of crons.ts or given another time meanwhile."""
    lines, seconds = ((), 0.0) if note is None else (note.log_lines, note.total_ms / 1000)

    async def end(transaction: Transaction) -> None:
        current = await read_cron(transaction, job.id)
        if current is not None and (current.is_running or current.next_ms == job.next_ms):
            await finish_cron(transaction, current, FinishedRun(job.next_ms, error, lines, seconds), at.now_ms)

    await at.change(end, "cron")


def _request(job: CronJob) -> Request:
    return Request(job.path, json.dumps(values.encode(job.args), separators=(",", ":")), internal=True)


async def _unchanged(transaction: Transaction, job: CronJob) -> CronJob:
    """The job as it stands, if it still waits for this very run."""
    current = await read_cron(transaction, job.id)
    if current is None or current.is_running or current.next_ms != job.next_ms:
        raise GoneError
    return current
