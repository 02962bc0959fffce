"""The course as one learner has gone through it: a line for each lesson, what comes next, and the checklist."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lessons import catalogue
from lessons.catalogue import Listing
from lessons.checklist import Point, checklist
from lessons.journey import Journey, LessonJourney, State
from lessons.progress import lesson_states, place_of


@dataclass(frozen=True, slots=True)
class LessonLine:
    """`look` is done, now, open, new or later. `minutes` is 0 where no time was spent.

    `is_extra` marks a lesson of a pack: it is shown, and nobody needs it for the certificate.
    """

    number: int
    slug: str
    title: str
    summary: str
    look: str
    marks: tuple[State, ...]
    marks_words: str
    evidence: str
    minutes: int
    is_extra: bool = False
    is_opened: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """What the one filled button does."""

    slug: str
    words: str


@dataclass(frozen=True, slots=True)
class CourseMap:
    lessons: tuple[LessonLine, ...]
    proved: int
    tasks: int
    time: str
    next: Next | None
    points: tuple[Point, ...]

    @property
    def required(self) -> tuple[LessonLine, ...]:
        """The lessons of the course itself."""
        return tuple(line for line in self.lessons if not line.is_extra)

    @property
    def missing(self) -> tuple[LessonLine, ...]:
        """The lessons in which something is not proved, or that are not open yet."""
        return tuple(line for line in self.required if line.look != "done")

    @property
    def is_complete(self) -> bool:
        """Every task of the course is proved and the checklist is ticked."""
        return not self.missing and bool(self.required) and all(point.is_proved for point in self.points)


def course_map(journey: Journey) -> CourseMap:
    place = place_of(journey)
    here = place.lesson if place is not None else ""
    lines = tuple(_line(listing, journey, here) for listing in catalogue.course())
    marks = [mark for line in lines for mark in line.marks]
    proved = sum(1 for mark in marks if mark is State.PROVED)
    time = shown_time(journey.seconds)
    return CourseMap(lines, proved, len(marks), time, next_of(journey), checklist(journey))


def next_of(journey: Journey) -> Next | None:
    """The next step of this learner, or None when the course has nothing open."""
    place = place_of(journey)
    listings = [listing for listing in catalogue.course() if listing.available]
    if not listings:
        return None
    if place is None:
        return Next(listings[0].slug, _("Start: %(lesson)s") % {"lesson": listings[0].title})
    title = next((listing.title for listing in listings if listing.slug == place.lesson), place.lesson)
    if place.task is None:
        return Next(place.lesson, _("Open again: %(lesson)s") % {"lesson": title})
    return Next(place.lesson, _("Continue: %(lesson)s, task %(task)d") % {"lesson": title, "task": place.task})


def shown_time(seconds: float) -> str:
    """`4 h 47 min`, `12 min`, or nothing."""
    minutes = round(seconds / 60)
    if minutes >= 60:
        return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}
    return _("%(minutes)d min") % {"minutes": minutes} if minutes else ""


def _line(listing: Listing, journey: Journey, here: str) -> LessonLine:
    states = lesson_states(journey, listing.slug)
    lesson = journey.lessons.get(listing.slug)
    words = ", ".join(
        _("task %(number)d %(state)s") % {"number": number, "state": _word(state)} for number, state in states.items()
    )
    return LessonLine(
        listing.number,
        listing.slug,
        listing.title,
        listing.summary,
        _look(listing, states, lesson, is_here=listing.slug == here),
        tuple(states.values()),
        words,
        _evidence(states, lesson),
        round(lesson.seconds / 60) if lesson else 0,
        is_extra=listing.pack is not None,
        is_opened=lesson is not None,
    )


def _look(listing: Listing, states: dict[int, State], lesson: LessonJourney | None, *, is_here: bool) -> str:
    if not listing.available:
        return "later"
    if states and all(state is State.PROVED for state in states.values()):
        return "done"
    if is_here:
        return "now"
    return "open" if lesson is not None else "new"


def _evidence(states: dict[int, State], lesson: LessonJourney | None) -> str:
    """What was done here, in figures."""
    if lesson is None:
        return ""
    attempts = sum(task.attempts for task in lesson.tasks.values())
    hints = sum(len(task.hints) for task in lesson.tasks.values())
    proved = sum(1 for state in states.values() if state is State.PROVED)
    parts = []
    if states and proved < len(states):
        parts.append(_("%(proved)d of %(all)d tasks") % {"proved": proved, "all": len(states)})
    if attempts:
        parts.append(ngettext("%(count)d check", "%(count)d checks", attempts) % {"count": attempts})
    if hints:
        parts.append(ngettext("%(count)d hint", "%(count)d hints", hints) % {"count": hints})
    return ", ".join(parts)


def _word(state: State) -> str:
    match state:
        case State.PROVED:
            return _("proved")
        case State.UNDER_WAY | State.FAILING:
            return _("under way")
        case State.OPENED | State.NOT_OPENED:
            return _("not started")
