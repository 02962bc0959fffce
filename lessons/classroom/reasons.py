"""Who needs help first, and why: one reason for each learner, in words.

Three things call for help: failing the same way again and again, silence on a task that is not proved, and twice the
time that the class needs. Everybody else gets a line that says where they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lessons import catalogue
from lessons.journey import Journey, TaskJourney
from lessons.progress import LastPlace, place_of

SILENT_MIN = 10
# Beyond that nobody is stuck any more: the lesson is over.
AWAY_MIN = 60
SHORT_PAUSE_MIN = 5
SLOW_TIMES = 2
SLOW_PEOPLE_MIN = 3
SLOW_MINUTES_MIN = 4
HINT_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Median:
    """The minutes that the class needs for a task, and of how many people that is the median."""

    minutes: float
    people: int

    def is_slow(self, minutes: float) -> bool:
        enough = self.people >= SLOW_PEOPLE_MIN and minutes >= SLOW_MINUTES_MIN
        return enough and minutes >= SLOW_TIMES * self.minutes


Medians = Mapping[tuple[str, int], Median]


@dataclass(frozen=True, slots=True)
class Reason:
    """`level` is "bad", "warn", or "" for whoever gets on. Heavier ones stand higher among equals."""

    level: str
    text: str
    weight: float = 0.0


def reason_for(journey: Journey, medians: Medians, now: datetime) -> Reason:
    place = place_of(journey)
    if place is None or journey.last_at is None:
        return Reason("", _("not started yet"), 1_000)
    if place.task is None:
        return Reason("", _("all tasks proved"), -1_000)
    silent = (now - journey.last_at).total_seconds() / 60
    lesson = journey.lessons.get(place.lesson)
    task = (lesson.tasks.get(place.task) if lesson else None) or TaskJourney()
    where = f"{_number_of(place.lesson)}.{place.task}"
    if silent < AWAY_MIN:
        wanted = _help_wanted(
            task, where, silent, medians.get((place.lesson, place.task)), has_begun=lesson is not None
        )
        if wanted is not None:
            return wanted
    return Reason("", _gets_on(task, where, silent), -_order(place))


def _help_wanted(
    task: TaskJourney, where: str, silent: float, median: Median | None, *, has_begun: bool
) -> Reason | None:
    if task.is_failing:
        told = _finding_words(task.finding)
        text = ngettext("same failure %(count)d time on %(where)s", "same failure %(count)d times on %(where)s",
                        task.same_finding)  # fmt: skip
        text %= {"count": task.same_finding, "where": where}
        return Reason("bad", f"{text}: {told}" if told else text, task.same_finding)
    if not has_begun:
        return None
    if silent >= SILENT_MIN:
        text = _("no key for %(minutes)d min on %(where)s") % {"minutes": silent, "where": where}
        return Reason("warn", f"{text}, {_tries(task)}", silent)
    minutes = task.seconds / 60
    if median is not None and median.is_slow(minutes):
        parts = {"minutes": round(minutes), "where": where, "median": max(round(median.minutes), 1)}
        text = _("%(minutes)d min on %(where)s, median %(median)d") % parts
        return Reason("warn", f"{text}; {_hints(task)}" if task.hints else text, minutes)
    return None


def _gets_on(task: TaskJourney, where: str, silent: float) -> str:
    text = _("on %(where)s") % {"where": where}
    if silent >= AWAY_MIN:
        return text
    if silent >= SHORT_PAUSE_MIN:
        away = _("away %(minutes)d min") % {"minutes": silent}
        return f"{text}, {away}"
    return f"{text}, {_tries(task)}" if task.attempts else text


def _tries(task: TaskJourney) -> str:
    if not task.attempts:
        return _("never checked")
    return ngettext("%(count)d try", "%(count)d tries", task.attempts) % {"count": task.attempts}


def _hints(task: TaskJourney) -> str:
    if len(task.hints) >= HINT_LEVELS:
        return _("all hints open")
    return ngettext("%(count)d hint open", "%(count)d hints open", len(task.hints)) % {"count": len(task.hints)}


def _finding_words(finding: str) -> str:
    """Ids of findings are words; what has no id says nothing here."""
    return "" if finding.startswith("said-") else finding.replace("-", " ")


def _number_of(slug: str) -> int:
    return next((listing.number for listing in catalogue.course() if listing.slug == slug), 0)


def _order(place: LastPlace) -> float:
    return _number_of(place.lesson) + (place.task or 0) / 100
