"""Running a task's check: a fork of the learner's revision, the lesson's seed rows, the check, a verdict.

The learner's own store is never opened. A project that does not go live gets a verdict too, with the place.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from lessons.catalogue import Lesson, Task
from lessons.findings import Finding, findings
from lessons.fork import CallRefused, Fork, closing
from lessons.seed_rows import insert_seed
from lessons.verdict import NotYet, Place, Verdict
from sandbox.engine import Deployment, LearnerError, Problem, Quota, Toolchain, scratch_folder

logger = logging.getLogger(__name__)

CHECK_SECONDS_MAX = 30.0
CHECKS_AT_ONCE_MAX = 4
REVISION_OF_FORK = 1
SEED_BITS = 32

Check = Callable[[Fork], Awaitable[Verdict]]
SeedRows = Mapping[str, Sequence[Mapping[str, Any]]]

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


async def run(
    lesson: Lesson,
    task: Task,
    files: Mapping[str, str],
    tools: Toolchain,
    *,
    seed: int | None = None,
    roles: Mapping[str, str] | None = None,
    check: Check | None = None,
    faults_raise: bool = False,
) -> Verdict:
    """Runs the task's check on a fork of these files. The fork is gone afterwards, however it ends.

    `seed` is that of the check's random numbers, `roles` say which function plays which part where names are free, and
    `check` is what is played instead of the task's own check. A fault of the check itself is logged and becomes a
    verdict; with `faults_raise` it is raised, for authors.
    """
    seed = secrets.randbits(SEED_BITS) if seed is None else seed
    words = findings(lesson.folder)
    async with _places, scratch_folder(tools.work, "fork") as folder:
        try:
            async with asyncio.timeout(CHECK_SECONDS_MAX):
                played = check or getattr(lesson.checks(), f"check_{task.number}")
                rows = lesson.seed_of(task.number)
                verdict = await _run_in(folder, rows, played, files, tools, seed, words, roles or {})
        except TimeoutError:
            verdict = words["too-slow"].verdict({"seconds": f"{CHECK_SECONDS_MAX:.0f}"}, None)
        except Exception:
            if faults_raise:
                raise
            logger.exception("The check of %s, task %s, failed", lesson.slug, task.number)
            verdict = words["check-stopped"].verdict({}, None)
    return replace(verdict, seed=seed)


async def _run_in(
    folder: Path,
    rows: SeedRows,
    check: Check,
    files: Mapping[str, str],
    tools: Toolchain,
    seed: int,
    words: Mapping[str, Finding],
    roles: Mapping[str, str],
) -> Verdict:
    deployment = await Deployment.open(folder, tools=tools, quota=Quota())
    try:
        deployed = await deployment.deploy(REVISION_OF_FORK, files)
        if not deployed.ok:
            return _not_live(words, deployed.problems[0])
        fork = Fork(deployment, tools=tools, files=files, findings=words, seed=seed, roles=roles)
        async with closing(fork):
            verdict = await _judge(fork, deployment, rows, check, words)
            advice = fork.advice if verdict.passed else ()
            return replace(verdict, evidence=fork.evidence, advice=advice)
    finally:
        await deployment.close()


async def _judge(
    fork: Fork, deployment: Deployment, rows: SeedRows, check: Check, words: Mapping[str, Finding]
) -> Verdict:
    try:
        await insert_seed(deployment, rows)
    except LearnerError as error:
        place = Place("convex/schema.ts", 1, 1)
        return words["seed-refused"].verdict({"problem": error.message.strip()}, place)
    for table in rows:
        await fork.rows(table)
    try:
        verdict: Verdict = await check(fork)
    except NotYet as finding:
        verdict = finding.verdict
    except CallRefused as refused:
        values = {"name": refused.path.rpartition(":")[2], "problem": refused.first_line}
        verdict = words["call-refused"].verdict(values, fork.place_of(refused))
    return verdict


def _not_live(words: Mapping[str, Finding], problem: Problem) -> Verdict:
    place = Place(problem.file, problem.line, problem.column) if problem.line else None
    return words["not-live"].verdict({"problem": problem.message.strip()}, place)
