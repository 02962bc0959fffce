"""What a learner can prove: the four points of the course, each ticked by evidence and never by a click.

A lesson that the course does not have (yet) cannot be proved; its point waits and says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lessons import catalogue
from lessons.journey import Journey
from lessons.journeys import task_numbers
from lessons.steps import Quiz

OWN_WORDS_MIN = 30
SPREADSHEET, BLOCKS, THREAD, TRASH = "not-a-spreadsheet", "four-building-blocks", "pull-one-thread", "trash-can"


@dataclass(frozen=True, slots=True)
class Point:
    """One point. `evidence` says by what it was ticked, or what it waits for; `code` is shown before it as code."""

    id: str
    title: str
    is_proved: bool
    evidence: str
    code: str = ""


def checklist(journey: Journey) -> tuple[Point, ...]:
    """All four, in the order of the course."""
    return (_spreadsheet(journey), _blocks(journey), _types(journey), _trash(journey))


def _spreadsheet(journey: Journey) -> Point:
    words = _most_words(journey, SPREADSHEET)
    quiz, enough = _quizzes_right(journey, SPREADSHEET), words >= OWN_WORDS_MIN
    number = _number(SPREADSHEET)
    if quiz and enough:
        said = _("Quiz right, and %(words)d words of your own in lesson %(number)d.") % {
            "words": words,
            "number": number,
        }
    else:
        said = _waits(*_missing_quiz(quiz, number), *_missing_words(enough, number))
    return Point("spreadsheet", _("Database against spreadsheet"), quiz and enough, said)


def _blocks(journey: Journey) -> Point:
    missing, number = _missing_tasks(journey, BLOCKS), _number(BLOCKS)
    said = _("Lesson %(number)d, all checks.") % {"number": number} if not missing else _waits(*missing)
    return Point("blocks", _("A table, an index, a query, a mutation"), not missing, said)


def _types(journey: Journey) -> Point:
    title = _("Types flow, a rename is caught")
    seen = next((lesson.rename for lesson in journey.lessons.values() if lesson.rename is not None), None)
    if seen is not None:
        when = date_format(seen.at, "l H:i")
        places = ngettext("%(count)d place", "%(count)d places", seen.places) % {"count": seen.places}
        return Point("types", title, True, f"{places}, {when}.", f"{seen.old} → {seen.new}")
    missing, number = _missing_tasks(journey, THREAD), _number(THREAD)
    if not missing:
        return Point("types", title, True, _("Lesson %(number)d, all checks.") % {"number": number})
    return Point(
        "types", title, False, _("Waits for a rename that you follow in lesson %(number)d.") % {"number": number}
    )


def _trash(journey: Journey) -> Point:
    number, quiz = _number(TRASH), _quizzes_right(journey, TRASH)
    missing = [*_missing_tasks(journey, TRASH), *_missing_quiz(quiz, number)]
    said = _("Lesson %(number)d, all checks, quiz right.") % {"number": number} if not missing else _waits(*missing)
    return Point("trash", _("Soft delete with a working restore"), not missing, said)


def _missing_tasks(journey: Journey, slug: str) -> list[str]:
    """Words for what is not proved, the first of it by name. A lesson without tasks proves nothing."""
    numbers, lesson = task_numbers(slug), journey.lessons.get(slug)
    open_ones = [number for number in numbers if lesson is None or not lesson.is_proved(number)]
    if not numbers or len(open_ones) == len(numbers):
        return [_("lesson %(number)d") % {"number": _number(slug)}]
    return [_("task %(task)d of lesson %(number)d") % {"task": task, "number": _number(slug)} for task in open_ones[:1]]


def _missing_quiz(is_right: bool, number: int) -> list[str]:
    return [] if is_right else [_("the quiz of lesson %(number)d") % {"number": number}]


def _missing_words(is_enough: bool, number: int) -> list[str]:
    wanted = _("%(count)d words of your own in lesson %(number)d") % {"count": OWN_WORDS_MIN, "number": number}
    return [] if is_enough else [wanted]


def _waits(*missing: str) -> str:
    both = _("%(one)s and %(other)s")
    text = missing[0]
    for other in missing[1:]:
        text = both % {"one": text, "other": other}
    return _("Waits for %(what)s.") % {"what": text}


def _quizzes_right(journey: Journey, slug: str) -> bool:
    """Every quiz of the lesson was answered right; there is at least one."""
    lesson, done = catalogue.lesson(slug), journey.lessons.get(slug)
    if lesson is None or done is None:
        return False
    quizzes = [block.id for block in lesson.blocks if isinstance(block, Quiz)]
    return bool(quizzes) and all(done.quizzes.get(quiz, False) for quiz in quizzes)


def _most_words(journey: Journey, slug: str) -> int:
    done = journey.lessons.get(slug)
    return max(done.words.values(), default=0) if done else 0


def _number(slug: str) -> int:
    return next((listing.number for listing in catalogue.course() if listing.slug == slug), 0)
