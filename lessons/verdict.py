"""What a check says: what was done, what happened, what was expected, where to look, and the evidence.

A check stops at its first essential finding (NotYet), so that a learner reads one cause at a time. What it says
beside a pass (`advice`) never blocks. Where the words come from: findings.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["essential", "actionable", "informative", "celebratory"]
SEVERITIES: tuple[Severity, ...] = ("essential", "actionable", "informative", "celebratory")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the project. Lines and columns count from 1; 0 means unknown."""

    file: str
    line: int
    column: int

    @classmethod
    def from_json(cls, saved: Mapping[str, Any] | None) -> Place | None:
        return None if saved is None else cls(saved["file"], saved["line"], saved["column"])


@dataclass(frozen=True, slots=True)
class Advice:
    """A comment beside a pass. It never blocks."""

    finding: str
    severity: Severity
    did: str
    happened: str
    expected: str
    look_at: Place | None = None

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Advice:
        return cls(**{**saved, "look_at": Place.from_json(saved["look_at"])})


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a check did or saw: a sentence, and what belongs to it (evidence.py), as JSON."""

    line: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`evidence` is what the check did and saw, oldest first. `finding` is the id of what is said (findings.py).

    `misconception` names the idea that mostly is behind it; `seed` is that of the check's random numbers.
    """

    passed: bool
    did: str
    happened: str
    expected: str
    look_at: Place | None = None
    evidence: tuple[Step, ...] = ()
    finding: str = ""
    misconception: str = ""
    advice: tuple[Advice, ...] = ()
    seed: int | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Verdict:
        """Also of what was saved when evidence was a list of sentences."""
        steps = (Step(each) if isinstance(each, str) else Step(**each) for each in saved["evidence"])
        return cls(
            passed=saved["passed"],
            did=saved["did"],
            happened=saved["happened"],
            expected=saved["expected"],
            look_at=Place.from_json(saved["look_at"]),
            evidence=tuple(steps),
            finding=saved.get("finding", ""),
            misconception=saved.get("misconception", ""),
            advice=tuple(map(Advice.from_json, saved.get("advice", ()))),
            seed=saved.get("seed"),
        )


class NotYet(Exception):
    """A check found what is missing. Carries the verdict without its evidence, which the fork keeps."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"{verdict.finding}: {verdict.happened}")
        self.verdict = verdict
