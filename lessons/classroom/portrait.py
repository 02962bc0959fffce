"""What an instructor sees of one learner: a sketch beside the table, and the whole on a page of its own."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.safestring import SafeString

from lessons import catalogue, progress, workspaces
from lessons.classroom.code_view import lines_of
from lessons.classroom.models import Enrollment
from lessons.classroom.table import last_words, shown_minutes, state_word
from lessons.journey import Journey, State, finding_of
from lessons.journeys import journeys
from lessons.models import Event, Person, Workspace
from lessons.prose import code_spans
from lessons.verdict import Verdict

ATTEMPTS_SHOWN = 50
STRIP_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Attempt:
    """One check, with its verdict as sentences whose `code` is marked up."""

    task: int
    title: str
    revision: int
    passed: bool
    did: SafeString
    happened: SafeString
    expected: SafeString
    look_at: str
    ago: str
    finding: str


@dataclass(frozen=True, slots=True)
class TaskLine:
    number: int
    title: str
    state: State
    word: str
    attempts: int
    minutes: int | None
    hints: int
    saw_solution: bool


@dataclass(frozen=True, slots=True)
class LessonLine:
    number: int
    slug: str
    title: str
    states: tuple[State, ...]
    word: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class CodeFile:
    path: str
    lines: tuple[SafeString, ...]


@dataclass(frozen=True, slots=True)
class OwnWords:
    lesson: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Portrait:
    """`lesson` is the chosen one, None for somebody who has opened none; `revision` is 0 with it."""

    lessons: tuple[LessonLine, ...]
    lesson: LessonLine | None
    tasks: tuple[TaskLine, ...]
    attempts: tuple[Attempt, ...]
    revision: int
    files: tuple[CodeFile, ...]
    words: tuple[OwnWords, ...]
    quizzes_right: int = 0
    quizzes_answered: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, at so many thousandths of the strip from its left end."""

    at: int
    kind: str


@dataclass(frozen=True, slots=True)
class Sketch:
    place: str
    task_title: str
    minutes: int | None
    median: int | None
    last: str
    attempt: Attempt | None
    same_way: int
    strip: tuple[Mark, ...]


def of(person: Person, slug: str, now: datetime) -> Portrait:
    """The whole. `slug` chooses a lesson; anything else is the one where the learner is."""
    going = progress.journey(person)
    chosen = slug if slug in going.lessons else going.lesson
    lines = tuple(_lesson_lines(going, chosen))
    lesson = next((line for line in lines if line.is_chosen), None)
    workspace = Workspace.objects.filter(person=person, lesson=chosen).first()
    if lesson is None or workspace is None:
        return Portrait(lines, None, (), (), 0, (), tuple(_own_words(person)))
    project = workspaces.last_project(workspace)
    files = tuple(CodeFile(path, lines_of(path, text)) for path, text in sorted(project.files.items()))
    attempts = tuple(_attempts(workspace, now))
    tasks = tuple(_task_lines(going, chosen))
    quizzes = list(going.lessons[chosen].quizzes.values())
    return Portrait(
        lines,
        lesson,
        tasks,
        attempts,
        project.number,
        files,
        tuple(_own_words(person)),
        quizzes_right=sum(quizzes),
        quizzes_answered=len(quizzes),
    )


def sketch(enrollment: Enrollment, now: datetime) -> Sketch | None:
    """The short version; None for somebody who has opened nothing."""
    section = enrollment.section
    learners = section.enrollments.filter(role=Enrollment.Role.LEARNER).values_list("person_id", flat=True)
    going = journeys(learners)
    journey = going[enrollment.person_id]
    place = progress.place_of(journey)
    workspace = Workspace.objects.filter(person_id=enrollment.person_id, lesson=journey.lesson).first()
    if place is None or workspace is None:
        return None
    lesson = catalogue.lesson(place.lesson)
    task = lesson.task(place.task) if lesson and place.task else None
    here = journey.lessons.get(place.lesson)
    mine = here.tasks.get(place.task) if here and place.task else None
    attempt = next(_attempts(workspace, now), None)
    return Sketch(
        place=f"{lesson.number}.{place.task}" if lesson and place.task else "",
        task_title=task.title if task else "",
        minutes=shown_minutes(mine.seconds) if mine else None,
        median=_median(list(going.values()), place),
        last=last_words(journey.last_at, now),
        attempt=attempt,
        same_way=_failing_the_same_way(going, enrollment.person_id, place),
        strip=tuple(_strip(enrollment.person_id, now)),
    )


def _median(going: list[Journey], place: progress.LastPlace) -> int | None:
    spent = [
        lesson.tasks[place.task].seconds / 60
        for journey in going
        if (lesson := journey.lessons.get(place.lesson)) and place.task in lesson.tasks
    ]
    minutes = [value for value in spent if value > 0]
    return max(round(statistics.median(minutes)), 1) if minutes else None


def _failing_the_same_way(going: dict[int, Journey], person: int, place: progress.LastPlace) -> int:
    """How many others last failed this task with the same finding."""

    def finding(journey: Journey) -> str:
        lesson = journey.lessons.get(place.lesson)
        task = lesson.tasks.get(place.task) if lesson and place.task else None
        return task.finding if task else ""

    mine = finding(going[person])
    return sum(1 for other, journey in going.items() if other != person and mine and finding(journey) == mine)


def _lesson_lines(going: Journey, chosen: str) -> Iterator[LessonLine]:
    for listing in catalogue.course():
        if listing.slug not in going.lessons:
            continue
        states = tuple(progress.lesson_states(going, listing.slug).values())
        proved = sum(1 for state in states if state is State.PROVED)
        word = f"{proved}/{len(states)}"
        yield LessonLine(listing.number, listing.slug, listing.title, states, word, listing.slug == chosen)


def _task_lines(going: Journey, slug: str) -> Iterator[TaskLine]:
    lesson = catalogue.lesson(slug)
    if lesson is None:
        return
    states = progress.lesson_states(going, slug)
    for task in lesson.tasks:
        done, state = going.lessons[slug].tasks.get(task.number), states[task.number]
        spent = shown_minutes(done.seconds) if done else None
        attempts, hints = (done.attempts, len(done.hints)) if done else (0, 0)
        saw = done.saw_solution if done else False
        yield TaskLine(task.number, task.title, state, state_word(state), attempts, spent, hints, saw)


def _attempts(workspace: Workspace, now: datetime) -> Iterator[Attempt]:
    """The newest first."""
    lesson = catalogue.lesson(workspace.lesson)
    titles = {task.number: task.title for task in lesson.tasks} if lesson else {}
    for event in workspace.events.filter(kind=Event.Kind.CHECKED).order_by("-id")[:ATTEMPTS_SHOWN]:
        result, task = Verdict.from_json(event.payload["result"]), event.payload["task"]
        place = result.look_at
        yield Attempt(
            task=task,
            title=titles.get(task, ""),
            revision=event.payload["revision"],
            passed=result.passed,
            did=code_spans(result.did),
            happened=code_spans(result.happened),
            expected=code_spans(result.expected),
            look_at=f"{place.file}:{place.line}" if place else "",
            ago=last_words(event.at, now),
            finding="" if result.passed else finding_of(event.payload),
        )


def _own_words(person: Person) -> Iterator[OwnWords]:
    """The last version of each text that the learner wrote in a lesson."""
    titles = {listing.slug: listing.title for listing in catalogue.course()}
    written = Event.objects.filter(person=person, kind="wrote").order_by("id").select_related("workspace")
    last = {(event.workspace.lesson, event.payload.get("words")): event for event in written if event.workspace}
    for (slug, _), event in last.items():
        yield OwnWords(titles.get(slug, slug), str(event.payload.get("text", "")), event.payload.get("count", 0))


_STRIP_KINDS = {"saved": "edit", "checked": "check", "hinted": "hint"}


def _strip(person: int, now: datetime) -> Iterator[Mark]:
    """Edits, failed and passed checks, and hints of the last minutes."""
    span = timedelta(minutes=STRIP_MINUTES)
    events = Event.objects.filter(person_id=person, at__gt=now - span, kind__in=_STRIP_KINDS).order_by("id")
    for event in events:
        kind = _STRIP_KINDS[event.kind]
        if kind == "check":
            kind = "passed" if event.payload["result"]["passed"] else "failed"
        yield Mark(round(1000 * (1 - (now - event.at) / span)), kind)
