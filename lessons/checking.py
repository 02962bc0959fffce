"""Running a task's check: a fork of the learner's revision, the lesson's seed rows, the check, a verdict.

The learner's own store is never opened. A project that does not go live gets a verdict too, with the place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from weakref import WeakValueDictionary

from lessons.catalogue import Lesson, Task
from lessons.fork import CallRefused, Fork, closing
from lessons.verdict import CheckResult, NotYet, Place
from sandbox.engine import Deployment, LearnerError, Problem, Quota, Toolchain, scratch_folder

CHECK_SECONDS_MAX = 30.0
CHECKS_AT_ONCE_MAX = 4
REVISION_OF_FORK = 1

# A class that presses Check together shares the machine with everybody's panes.
_places = asyncio.Semaphore(CHECKS_AT_ONCE_MAX)
_turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()


class CheckIsRunning(Exception):
    """This person's last check has not ended yet."""


@asynccontextmanager
async def turn_of(person_id: int) -> AsyncIterator[None]:
    """One check at a time for a person. Raises CheckIsRunning."""
    turn = _turns.setdefault(person_id, asyncio.Lock())
    if turn.locked():
        raise CheckIsRunning
    async with turn:
        yield


async def run(lesson: Lesson, task: Task, files: Mapping[str, str], tools: Toolchain) -> CheckResult:
    """Runs the task's check on a fork of these files. The fork is gone afterwards, however it ends."""
    async with _places, scratch_folder(tools.work, "fork") as folder:
        try:
            async with asyncio.timeout(CHECK_SECONDS_MAX):
                return await _run_in(folder, lesson, task, files, tools)
        except TimeoutError:
            return _too_slow()


async def _run_in(folder: Path, lesson: Lesson, task: Task, files: Mapping[str, str], tools: Toolchain) -> CheckResult:
    deployment = await Deployment.open(folder, tools=tools, quota=Quota())
    try:
        deployed = await deployment.deploy(REVISION_OF_FORK, files)
        if not deployed.ok:
            return _not_live(deployed.problems[0])
        async with closing(Fork(deployment)) as fork:
            result = await _judge(fork, lesson, task)
            return replace(result, evidence=fork.evidence)
    finally:
        await deployment.close()


async def _judge(fork: Fork, lesson: Lesson, task: Task) -> CheckResult:
    check = getattr(lesson.checks(), f"check_{task.number}")
    try:
        for table, rows in lesson.seed_of(task.number).items():
            await fork.insert(table, [dict(row) for row in rows])
    except LearnerError as error:
        return _refused_seed(error)
    try:
        result: CheckResult = await check(fork)
    except NotYet as finding:
        result = finding.result
    except CallRefused as refused:
        result = _refused_call(fork, refused)
    return result


def _not_live(problem: Problem) -> CheckResult:
    return CheckResult(
        passed=False,
        did="Deployed the project to a fresh store.",
        happened=f"It did not go live: {problem.message.strip()}",
        expected="A project without errors. Nothing else was tried.",
        look_at=Place(problem.file, problem.line, problem.column) if problem.line else None,
    )


def _refused_seed(error: LearnerError) -> CheckResult:
    return CheckResult(
        passed=False,
        did="Filled a fresh store with this lesson's rows.",
        happened=f"The schema refused one: {error.message.strip()}",
        expected="A schema that still accepts the rows of this lesson. More fields are fine when they are optional.",
        look_at=Place("convex/schema.ts", 1, 1),
    )


def _refused_call(fork: Fork, refused: CallRefused) -> CheckResult:
    name = refused.path.partition(":")[2]
    return CheckResult(
        passed=False,
        did=f"Called `{name}`.",
        happened=f"It was refused: {refused.first_line}",
        expected=f"`{name}` ends without an error.",
        look_at=fork.place_of(refused),
    )


def _too_slow() -> CheckResult:
    return CheckResult(
        passed=False,
        did="Ran the check on a fresh store.",
        happened=f"It was not done after {CHECK_SECONDS_MAX:.0f} seconds and was stopped.",
        expected="Functions that end in milliseconds. Run them from a pane and look at Runs for the slow one.",
    )
