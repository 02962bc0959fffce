"""The runs of jobs that are under way in this process.

Mutations go one after the other, so that those which are due together keep their order and do not conflict; actions
run beside them, some at a time. A mutation that came to no end of its own (it lost against other writers, or its
process was killed) is tried again after a pause.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.engine.jobs.cron_jobs import CronJob
from sandbox.engine.jobs.cron_run import end_cron, run_action_cron, run_mutation_cron
from sandbox.engine.jobs.scheduled_run import fail_job, run_action_job, run_mutation_job
from sandbox.engine.jobs.workplace import RunAgainError, Workplace
from sandbox.engine.store.scheduled_functions import Job

logger = logging.getLogger(__name__)

ACTIONS_RUNNING_MAX = 8
PAUSE_MS, PAUSE_MS_MAX = 100.0, 15_000.0

Work = Job | CronJob


class Runs:
    """`when_one_ends` is called after every run. Belongs to one event loop; end it with `await stop()`."""

    def __init__(self, at: Workplace, when_one_ends: Callable[[], None]) -> None:
        self._at = at
        self._when_one_ends = when_one_ends
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._mutation: str | None = None
        self._failures: dict[str, int] = {}
        self._not_before_ms: dict[str, float] = {}

    def __contains__(self, work_id: str) -> bool:
        return work_id in self._tasks

    @property
    def is_empty(self) -> bool:
        return not self._tasks

    @property
    def has_room(self) -> bool:
        """Whether a mutation or an action could begin now."""
        return self._mutation is None or self._actions_running < ACTIONS_RUNNING_MAX

    @property
    def _actions_running(self) -> int:
        return len(self._tasks) - (self._mutation is not None)

    def ready_ms(self, work: Work) -> float:
        """When it may begin: at its time, or after the pause that follows a try without end."""
        planned = work.scheduled_ms if isinstance(work, Job) else work.next_ms
        return max(planned, self._not_before_ms.get(work.id, 0.0))

    async def start(self, work: Work) -> None:
        """Begins a run, unless it must wait for others to end. A job without a function to run fails at once."""
        function = self._at.runner.functions.get(work.path)
        if function is not None and function.kind == "mutation":
            if self._mutation is None:
                self._mutation = work.id
                self._begin(work, run_mutation_job if isinstance(work, Job) else run_mutation_cron)
        elif function is not None and function.kind == "action":
            if self._actions_running < ACTIONS_RUNNING_MAX:
                self._begin(work, run_action_job if isinstance(work, Job) else run_action_cron)
        elif isinstance(work, Job):
            await fail_job(self._at, work, self._why_not(work.path))
        else:
            await end_cron(self._at, work, self._why_not(work.path), None)

    def forget_pauses(self) -> None:
        """Work that waits to be tried again may begin: its pause was counted on a clock that was moved."""
        self._not_before_ms.clear()

    async def stop(self) -> None:
        """Cuts off what runs. A mutation has then done nothing; an action is failed by whoever looks next."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, work: Work, run: Callable[[Workplace, Any], Awaitable[None]]) -> None:
        self._tasks[work.id] = asyncio.create_task(self._follow(work, run))

    async def _follow(self, work: Work, run: Callable[[Workplace, Any], Awaitable[None]]) -> None:
        try:
            await run(self._at, work)
            self._failures.pop(work.id, None)
            self._not_before_ms.pop(work.id, None)
        except RunAgainError:
            self._pause(work)
        except Exception:
            logger.exception("A run of %s did not end", work.name)
            self._pause(work)
        finally:
            del self._tasks[work.id]
            if self._mutation == work.id:
                self._mutation = None
            self._when_one_ends()

    def _pause(self, work: Work) -> None:
        failures = self._failures[work.id] = self._failures.get(work.id, 0) + 1
        pause_ms = min(PAUSE_MS * 2.0**failures, PAUSE_MS_MAX) * random.uniform(0.5, 1.0)  # noqa: S311 – jitter
        self._not_before_ms[work.id] = self._at.clock.now_ns() / 1_000_000 + pause_ms

    def _why_not(self, path: str) -> str:
        """Why there is nothing to run: functions are looked up when their time comes."""
        module, _, name = path.partition(":")
        functions = self._at.runner.functions
        if path in functions:
            return (
                f'Unsupported function type. "{name}" in module "{module}.js" is defined as a Query. '
                "Only Mutation and Action can be scheduled."
            )
        if any(known.startswith(f"{module}:") for known in functions):
            return f'Couldn\'t find "{name}" in module "{module}.js".'
        return f"Couldn't find JavaScript module '{module}.js'. Did you forget to run `npx convex dev`?"
