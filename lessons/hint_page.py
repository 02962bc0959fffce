"""A task's hints as the page shows them: five words, of which each opens after the one before, and a pause.

The pause is for trying with what was read; looking again at an open level is free. The blocks of a Parsons exercise
come in an order that is the same at every visit, and never the right one.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lessons.answers import Answers
from lessons.hints import LEVELS, Hints, Parsons
from lessons.lesson import Task
from lessons.models import Workspace

PAUSE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class ShownLevel:
    """One of the five words."""

    number: int
    word: str
    url: str
    is_open: bool
    is_shown: bool
    is_next: bool


@dataclass(frozen=True, slots=True)
class ShownHints:
    """`shown` is the level whose text is in view, 0 for none. `wait` are the seconds until the next level opens."""

    task: int
    levels: tuple[ShownLevel, ...]
    shown: int
    text: SafeString
    wait: int
    next_word: str
    parsons_url: str = ""
    blocks: str = ""


def words(hints: Hints) -> tuple[str, ...]:
    fourth = _("Blanks") if hints.parsons is None else _("Blocks")
    return (_("Restate"), _("Point"), _("Concept"), fourth, _("Next line"))


def seconds_to_wait(answers: Answers, task: int, now: datetime) -> int:
    """Until the level after the highest open one may be opened."""
    use = answers.hints.get(task)
    passed = PAUSE_SECONDS if use is None else (now - use.at).total_seconds()
    return max(0, math.ceil(PAUSE_SECONDS - passed))


def shown(workspace: Workspace, task: Task, answers: Answers, now: datetime, level: int = 0) -> ShownHints:
    """The five words, and the text of `level` where one is in view."""
    use = answers.hints.get(task.number)
    highest = 0 if use is None else use.level
    names = words(task.hints)
    levels = tuple(
        ShownLevel(
            number=number,
            word=names[number - 1],
            url=reverse("hint", args=[workspace.id, task.number, number]),
            is_open=number <= highest,
            is_shown=number == level,
            is_next=number == highest + 1,
        )
        for number in range(1, LEVELS + 1)
    )
    parsons = task.hints.parsons if level == 4 else None
    return ShownHints(
        task=task.number,
        levels=levels,
        shown=level,
        text=task.hints.level(level) if level else SafeString(),
        wait=seconds_to_wait(answers, task.number, now) if 0 < highest < LEVELS else 0,
        next_word=names[highest] if highest < LEVELS else "",
        parsons_url="" if parsons is None else reverse("parsons", args=[workspace.id, task.number]),
        blocks="" if parsons is None else json.dumps(blocks(workspace, task.number, parsons), ensure_ascii=False),
    )


def blocks(workspace: Workspace, task: int, parsons: Parsons) -> list[str]:
    """The lines to choose from, without indentation. A block is named by its place in this list."""
    lines = [line.strip() for line in (*parsons.lines, *parsons.distractors)]
    mixed = sorted(lines)
    random.Random(f"{workspace.id}:{task}").shuffle(mixed)  # noqa: S311 – an order to look at, no secret
    return mixed[::-1] if mixed == lines else mixed


@dataclass(frozen=True, slots=True)
class Ordered:
    """What is said of an order: `good` blocks from the top are right; `wrong` is the place of the first other one."""

    right: bool
    good: int
    wrong: int | None
    message: str


def judge(parsons: Parsons, lines: list[str]) -> Ordered:
    """`lines` are the chosen ones from the top. Equal lines may change places: the text decides."""
    wanted = [line.strip() for line in parsons.lines]
    others = {line.strip() for line in parsons.distractors}
    good = 0
    while good < min(len(lines), len(wanted)) and lines[good] == wanted[good]:
        good += 1
    if good == len(lines) == len(wanted):
        return Ordered(True, good, None, _("The blocks are in order. Write them into your file, in your own words."))
    if good == len(lines):
        missing = len(wanted) - good
        so_far = _("Right so far.") if good else _("No block is chosen yet.")
        return Ordered(False, good, None, so_far + " " + _("Blocks that are missing: %(count)s.") % {"count": missing})
    at = good + 1
    if good == len(wanted):
        reason = _("Everything is there already: block %(at)s is one too many.")
    elif lines[good] in others:
        reason = _("Block %(at)s is the first wrong one: it does not belong here. Read it word by word.")
    else:
        reason = _("Block %(at)s is the first wrong one: another block comes before it.")
    return Ordered(False, good, at, reason % {"at": at})
