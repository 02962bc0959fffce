"""A verdict as the page shows it: sentences with their `code` marked up, and the evidence as rows and differences.

What learner code produced goes to the page as text only: templates escape it, and nothing here makes markup of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lessons import corpus
from lessons.content_error import LessonFolderError
from lessons.prose import code_spans
from lessons.verdict import Advice, Place, Severity, Step, Verdict

CELL_LENGTH_MAX = 60
WRITES_SHOWN_MAX = 4
PERSONAS = ("alice", "bob")


@dataclass(frozen=True, slots=True)
class ShownAdvice:
    severity: Severity
    label: str
    happened: SafeString
    expected: SafeString
    look_at: Place | None


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One field of a row that a call changed. `before` and `after` are None where there was no such field."""

    field: str
    before: str | None
    after: str | None
    is_first: bool


@dataclass(frozen=True, slots=True)
class ShownWrite:
    """`what` is inserted, changed or deleted."""

    what: str
    table: str
    cells: tuple[ShownCell, ...]


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One line of the evidence. `who` is a name, `persona` alice or bob where the line has that person's colour."""

    line: str
    kind: str
    who: str
    persona: str
    call: str
    result: str
    is_refused: bool
    writes: tuple[ShownWrite, ...]


@dataclass(frozen=True, slots=True)
class ShownVerdict:
    """`said` is the whole in a sentence, for those who hear the page. `idea` is what mostly is behind the finding."""

    passed: bool
    did: SafeString
    happened: SafeString
    expected: SafeString
    look_at: Place | None
    said: str
    idea: corpus.Misconception | None
    advice: tuple[ShownAdvice, ...]
    evidence: tuple[ShownStep, ...]
    summary: str
    seed: int | None
    can_replay: bool
    finding: str
    attempts: int
    revision: int


def shown(verdict: Verdict, attempts: int, revision: int, said: str = "") -> ShownVerdict:
    steps = tuple(map(_step, verdict.evidence))
    return ShownVerdict(
        passed=verdict.passed,
        did=code_spans(verdict.did),
        happened=code_spans(verdict.happened),
        expected=code_spans(verdict.expected),
        look_at=verdict.look_at,
        said=said,
        idea=None if verdict.passed else _idea(verdict.misconception),
        advice=tuple(map(_advice, verdict.advice)),
        evidence=steps,
        summary=_summary(steps),
        seed=verdict.seed,
        can_replay=not verdict.passed and any(step.kind == "call" for step in steps),
        finding=verdict.finding,
        attempts=attempts,
        revision=revision,
    )


def in_a_sentence(verdict: Verdict, task: int, proved: int, tasks: int) -> str:
    """`3 of 4 tasks pass. Task 2 does not pass: …`, for a live region: the whole verdict is read on demand."""
    count = ngettext("%(proved)s of %(tasks)s task passes.", "%(proved)s of %(tasks)s tasks pass.", tasks)
    if verdict.passed:
        state = _("Task %(task)s passes.") % {"task": task}
    else:
        plain = verdict.happened.replace("`", "")
        state = _("Task %(task)s does not pass: %(happened)s") % {"task": task, "happened": plain}
    return f"{count % {'proved': proved, 'tasks': tasks}} {state}"


def _idea(id_: str) -> corpus.Misconception | None:
    try:
        return corpus.misconceptions().get(id_)
    except LessonFolderError:
        return None


def _advice(advice: Advice) -> ShownAdvice:
    labels = {"actionable": _("Could be better"), "informative": _("Good to know"), "celebratory": _("Well done")}
    label = labels.get(advice.severity, _("Note"))
    return ShownAdvice(advice.severity, label, code_spans(advice.happened), code_spans(advice.expected), advice.look_at)


def _step(step: Step) -> ShownStep:
    about = step.about
    who = str(about.get("who", ""))
    is_call = about.get("kind") == "call"
    return ShownStep(
        line=step.line,
        kind=str(about.get("kind", "")),
        who=who.capitalize(),
        persona=who if who in PERSONAS else "none",
        call=f"{str(about['path']).rpartition(':')[2]}({about.get('shown_args', '')})" if is_call else "",
        result=str(about.get("result", "")),
        is_refused=bool(about.get("refused")),
        writes=tuple(map(_write, about.get("writes", [])[:WRITES_SHOWN_MAX])),
    )


def _write(write: Mapping[str, Any]) -> ShownWrite:
    before, after = write["before"] or {}, write["after"] or {}
    what = _("inserted") if not before else _("deleted") if not after else _("changed")
    fields = [name for name in {**before, **after} if _cell(before, name) != _cell(after, name)]
    cells = tuple(
        ShownCell(name, _cell(before, name), _cell(after, name), place == 0 and bool(before and after))
        for place, name in enumerate(fields)
    )
    return ShownWrite(what, write["table"], cells)


def _cell(row: Mapping[str, Any], name: str) -> str | None:
    if name not in row:
        return None
    value = row[name]
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    text = json.dumps(whole, ensure_ascii=False)
    return text if len(text) <= CELL_LENGTH_MAX else f"{text[: CELL_LENGTH_MAX - 1]}…"


def _summary(steps: tuple[ShownStep, ...]) -> str:
    """`2 calls · 3 rows · 2 emissions`."""
    calls = sum(step.kind == "call" for step in steps)
    rows = sum(len(step.writes) for step in steps)
    emissions = sum(step.kind == "emission" for step in steps)
    parts = [ngettext("%(count)s call", "%(count)s calls", calls) % {"count": calls}]
    if rows:
        parts.append(ngettext("%(count)s row", "%(count)s rows", rows) % {"count": rows})
    if emissions:
        parts.append(ngettext("%(count)s emission", "%(count)s emissions", emissions) % {"count": emissions})
    return " · ".join(parts)
