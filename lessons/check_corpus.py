"""Every solution against every check: what `manage.py check_lessons` does, in several processes.

A lesson folder that cannot be read is one problem of its own and keeps nobody from the others.
"""

from __future__ import annotations

import asyncio
import atexit
import time
import traceback
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

from django.conf import settings

from lessons import catalogue, checking, corpus, findings
from lessons.catalogue import Lesson
from lessons.content_error import LessonFolderError
from lessons.corpus import Solution
from lessons.variants import make_variants
from lessons.verdict import Verdict
from sandbox.engine import Toolchain

RIGHT_MIN, WRONG_MIN = 3, 5
WORDS_MAX = 45

Only = Literal["right", "wrong"]


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a check. `place` is the solution's, None for the starter; a variant brings its own `files`."""

    slug: str
    task: int
    place: Path | None
    variant: str = ""
    files: Mapping[str, str] | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        what = "starter" if self.place is None else self.place.name.removesuffix(".toml")
        return f"{self.slug}.{self.task} {what}{f' ({self.variant})' if self.variant else ''}"


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a job. `problem` is empty when it is as it should be.

    `words` are those of the verdict; `is_whole` says that a failed one has a place to look at.
    """

    job: Job
    kind: Literal["ok", "false accept", "false reject", "wrong finding", "passing starter", "fault"]
    problem: str
    ms: float
    words: int = 0
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """`errors` are faults of content that name a file; `missing` is what a task still lacks."""

    jobs: tuple[Job, ...]
    errors: tuple[str, ...]
    missing: tuple[str, ...]


def plan(wanted: Iterable[str], only: Only | None) -> Plan:
    """The jobs for lessons or tasks ("trash-can", "9", "9.2"); all of them without any. Raises ValueError."""
    jobs: list[Job] = []
    errors: list[str] = []
    missing: list[str] = []
    for lesson, tasks in _lessons(list(wanted), errors):
        for task in tasks:
            _plan_task(lesson, task, only, jobs, errors, missing)
    return Plan(tuple(jobs), tuple(dict.fromkeys(errors)), tuple(missing))


def _lessons(wanted: list[str], errors: list[str]) -> Iterator[tuple[Lesson, list[int]]]:
    """Every lesson that is wanted and can be read, with the numbers of its tasks that are."""
    unknown = set(wanted)
    for listing in catalogue.course():
        names = {name: name.partition(".") for name in wanted}
        chosen = [name for name, (head, *_) in names.items() if head in (listing.slug, str(listing.number))]
        unknown -= set(chosen)
        if not listing.available or (wanted and not chosen):
            continue
        try:
            lesson = catalogue.lesson(listing.slug)
            if lesson is not None:
                lesson.checks()
        except Exception as error:
            errors.append(_said(error))
            continue
        if lesson is not None:
            numbers = {int(names[name][2]) for name in chosen if names[name][2].isdigit()}
            every = not wanted or any(not names[name][1] for name in chosen)
            yield lesson, [task.number for task in lesson.tasks if every or task.number in numbers]
    if unknown:
        raise ValueError(f"There is no lesson {min(unknown)!r}.")


def _plan_task(
    lesson: Lesson, task: int, only: Only | None, jobs: list[Job], errors: list[str], missing: list[str]
) -> None:
    name = f"{lesson.slug}.{task}"
    try:
        words = findings.findings(lesson.folder)
        if not hasattr(lesson.checks(), f"check_{task}"):
            raise LessonFolderError(lesson.folder / "checks.py", 0, f"There is no check_{task}.")
        places = corpus.places(lesson.folder, task)
    except LessonFolderError as error:
        errors.append(str(error))
        return
    found: list[Solution] = []
    for place in places:
        try:
            found.append(solution := corpus.solution(lesson, place))
            _refuse_unknown_names(solution, set(words), lesson.folder.parent)
        except LessonFolderError as error:
            errors.append(str(error))
            continue
        if only is None or (only == "right") == solution.is_right:
            jobs.append(Job(lesson.slug, task, place))
    if only is None:
        jobs.append(Job(lesson.slug, task, None))
    right = sum(solution.is_right for solution in found)
    if right < RIGHT_MIN:
        missing.append(f"{name}: {right} right solutions of {RIGHT_MIN}")
    if len(found) - right < WRONG_MIN:
        missing.append(f"{name}: {len(found) - right} wrong solutions of {WRONG_MIN}")


def _refuse_unknown_names(solution: Solution, known: set[str], pack: Path) -> None:
    """Raises ContentError."""
    if solution.is_right:
        return
    if solution.finding not in known:
        raise LessonFolderError(solution.source, 0, f"messages.toml has no finding [{solution.finding}].")
    if solution.misconception not in corpus.misconceptions(pack):
        raise LessonFolderError(solution.source, 0, f"misconceptions.toml has no [{solution.misconception}].")


def with_variants(jobs: Iterable[Job], tools: Toolchain) -> list[Job]:
    """The same right solutions written in other ways, by program. Raises EngineError."""
    originals: dict[str, tuple[Job, Solution]] = {}
    starters: dict[str, Mapping[str, str]] = {}
    for job in jobs:
        lesson = catalogue.lesson(job.slug)
        if job.place is not None and lesson is not None:
            solution = corpus.solution(lesson, job.place)
            if solution.is_right:
                originals[job.name] = (job, solution)
                starters[job.name] = lesson.files
    made = make_variants({name: solution for name, (_, solution) in originals.items()}, starters, tools)
    return [replace(originals[each.name][0], variant=each.variant, files=each.files) for each in made]


def run(jobs: Iterable[Job], processes: int, on_end: Callable[[Ran], None]) -> None:
    """Runs them all; `on_end` is called as each ends, in no order. The front end must be built."""
    jobs = list(jobs)
    if not jobs:
        return
    with ProcessPoolExecutor(
        min(processes, len(jobs)), get_context("spawn"), _begin, (str(settings.DATA_DIR),)
    ) as pool:
        for done in as_completed([pool.submit(run_one, job) for job in jobs]):
            on_end(done.result())


# ── in each process ─────────────────────────────────────────────────────────

_loop: asyncio.AbstractEventLoop | None = None


def _begin(data_folder: str) -> None:
    """One loop for all jobs of a process: its spare JavaScript processes belong to it."""
    import django

    global _loop
    django.setup()
    settings.DATA_DIR = Path(data_folder)
    _loop = asyncio.new_event_loop()
    atexit.register(_end)


def _end() -> None:
    from sandbox.engine import close_pools

    if _loop is not None:
        _loop.run_until_complete(close_pools())
        _loop.close()


def run_one(job: Job) -> Ran:
    """Runs one job in a worker process."""
    from sandbox.gateway import front_end

    if _loop is None:
        raise RuntimeError("the process was not begun")
    return _loop.run_until_complete(judge(job, front_end.toolchain()))


async def judge(job: Job, tools: Any) -> Ran:
    """Runs the check on the job's solution and holds the verdict against what it must be."""
    lesson = catalogue.lesson(job.slug)
    task = None if lesson is None else lesson.task(job.task)
    if lesson is None or task is None:
        return Ran(job, "fault", "the lesson is gone", 0.0)
    solution = None if job.place is None else corpus.solution(lesson, job.place)
    files, roles = (lesson.files, {}) if solution is None else (solution.files, solution.roles)
    files = job.files or files
    seed = zlib.crc32(job.name.encode())
    started = time.perf_counter()
    try:
        verdict = await checking.run(lesson, task, files, tools, seed=seed, roles=roles, faults_raise=True)
    except Exception as error:
        return Ran(job, "fault", _said(error), (time.perf_counter() - started) * 1000)
    ms = (time.perf_counter() - started) * 1000
    ran = _compared(job, solution, verdict)
    words = len(f"{verdict.did} {verdict.happened} {verdict.expected}".split())
    is_whole = verdict.passed or verdict.look_at is not None
    return replace(ran, ms=ms, words=words, is_whole=is_whole)


def _compared(job: Job, solution: Solution | None, verdict: Verdict) -> Ran:
    where = "" if verdict.look_at is None else f" ({verdict.look_at.file}:{verdict.look_at.line})"
    said = f"[{verdict.finding}] {verdict.did} {verdict.happened}{where}"
    if solution is None:
        return Ran(job, "passing starter", said, 0.0) if verdict.passed else Ran(job, "ok", "", 0.0)
    if solution.is_right:
        return Ran(job, "ok", "", 0.0) if verdict.passed else Ran(job, "false reject", said, 0.0)
    if verdict.passed:
        return Ran(job, "false accept", f"it should end with [{solution.finding}]", 0.0)
    if verdict.finding != solution.finding:
        return Ran(job, "wrong finding", f"it should end with [{solution.finding}]; it ended with {said}", 0.0)
    return Ran(job, "ok", "", 0.0)


def _said(error: BaseException) -> str:
    """The error and the innermost line of a lesson where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    place = next((frame for frame in reversed(frames) if "/content/" in frame.filename), None)
    where = "" if place is None else f"{place.filename}, line {place.lineno}: "
    kind = "" if isinstance(error, LessonFolderError) else f"{type(error).__name__}: "
    return f"{where}{kind}{error}"
