"""One run of a scheduled function, from taking the job to its end.

A mutation and the end of its job are one commit, so it has run exactly once or not at all. An action is marked before
it begins and never begun again: at most once. Source: docs/spec/semantics.md §10.
"""

from __future__ import annotations

import logging

from sandbox.engine.jobs.workplace import INTERRUPTED, TRANSIENT_CODES, GoneError, RunAgainError, Workplace
from sandbox.engine.runtime.request import Request, RequestMetadata
from sandbox.engine.store import Transaction
from sandbox.engine.store.scheduled_functions import Job, JobStateKind, move_job, read_job
from sandbox.engine.trace import Cause

logger = logging.getLogger(__name__)

SCHEDULED = Cause("scheduled")


async def run_mutation_job(at: Workplace, job: Job) -> None:
    """Raises RunAgainError when the job is as it was before and wants another try."""

    async def take(transaction: Transaction) -> None:
        # The function sees its own job in progress; others see it pending until it is over.
        await move_job(transaction, await _pending(transaction, job), "inProgress")

    async def finish(transaction: Transaction, value_json: str) -> None:
        await _end(transaction, job, "success")

    try:
        outcome = await at.runner.mutation(_request(job), before_run=take, before_commit=finish, cause=SCHEDULED)
    except GoneError:
        return
    at.tell(outcome.note)
    if outcome.error is None:
        return
    if outcome.error.code in TRANSIENT_CODES:
        raise RunAgainError
    await fail_job(at, job, outcome.error.message)


async def run_action_job(at: Workplace, job: Job) -> None:
    async def take(transaction: Transaction) -> None:
        await move_job(transaction, await _pending(transaction, job), "inProgress")

    try:
        await at.change(take, "scheduled")
    except GoneError:
        return
    try:
        outcome = await at.runner.action(_request(job), SCHEDULED)
    except Exception:
        # Ours to mend; whatever the action did, it does not do it again.
        logger.exception("A scheduled action did not end")
        await fail_job(at, job, INTERRUPTED)
        return
    at.tell(outcome.note)
    if outcome.error is None:
        await at.change(lambda transaction: _end(transaction, job, "success"), "scheduled")
    else:
        await fail_job(at, job, outcome.error.message)


async def fail_job(at: Workplace, job: Job, error: str) -> None:
    """Does nothing to a job that is over, canceled for example."""
    await at.change(lambda transaction: _end(transaction, job, "failed", error), "scheduled")


def _request(job: Job) -> Request:
    metadata = RequestMetadata(scheduled_function_id=job.id)
    return Request(job.path, job.args_json, internal=True, job_id=job.id, metadata=metadata)


async def _pending(transaction: Transaction, job: Job) -> Job:
    current = await read_job(transaction, job.id)
    if current is None or current.state != "pending":
        raise GoneError
    return current


async def _end(transaction: Transaction, job: Job, kind: JobStateKind, error: str | None = None) -> None:
    current = await read_job(transaction, job.id)
    if current is not None and not current.is_over:
        await move_job(transaction, current, kind, error)
