"""What a check says: what was done, what happened, what was expected, where to look, and the evidence.

A check stops at its first finding (`expect` raises NotYet), so that a learner reads one cause at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the project. Lines and columns count from 1; 0 means unknown."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`evidence` is what the check saw, one line each, oldest first."""

    passed: bool
    did: str
    happened: str
    expected: str
    look_at: Place | None = None
    evidence: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> CheckResult:
        place = saved["look_at"]
        return cls(
            passed=saved["passed"],
            did=saved["did"],
            happened=saved["happened"],
            expected=saved["expected"],
            look_at=None if place is None else Place(**place),
            evidence=tuple(saved["evidence"]),
        )


class NotYet(Exception):
    """A check found what is missing. Carries the verdict without its evidence, which the fork keeps."""

    def __init__(self, result: CheckResult) -> None:
        super().__init__(result.happened)
        self.result = result


def expect(condition: bool, *, did: str, happened: str, expected: str, look_at: Place | None = None) -> None:
    """Goes on when the condition holds; otherwise ends the check with this finding."""
    if not condition:
        raise NotYet(CheckResult(False, did, happened, expected, look_at))


def passed(*, did: str, happened: str, expected: str) -> CheckResult:
    return CheckResult(True, did, happened, expected)
