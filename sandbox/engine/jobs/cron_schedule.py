"""When a cron job runs: the five kinds of schedule that crons.ts exports, and the time that follows another.

All times are whole milliseconds since 1970, UTC. Facts: docs/spec/semantics.md §10, runtime-abi.md §3 ("crons.ts").
Convex adds a random delay of up to a minute; here there is none, so that a lesson can foresee the time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cronsim import CronSim, CronSimError

from sandbox.engine.errors import LearnerError

_UNIT_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_EXPRESSION_LENGTH_MAX = 256
_INTEGER_MAX = 2**31
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """Exactly one is set: `interval_ms`, or `expression`, the five fields of a crontab line."""

    interval_ms: int | None = None
    expression: str | None = None

    @classmethod
    def parse(cls, document: Any) -> CronSchedule:
        """From the exported JSON, which learner code made. Raises LearnerError with Convex's text."""
        kind = document.get("type") if isinstance(document, dict) else None
        if kind == "interval":
            return cls(interval_ms=_interval_seconds(document) * 1000)
        if kind == "cron":
            return cls(expression=_checked_expression(document.get("cron")))
        if kind not in ("hourly", "daily", "weekly", "monthly"):
            raise _invalid_json()
        minute = _number(document, "minuteUTC", 0, 59, "minuteUTC must be 0-59", default=0)
        hour: int | str = "*" if kind == "hourly" else _number(document, "hourUTC", 0, 23, "hourUTC must be 0-23")
        day: int | str = "*"
        weekday: int | str = "*"
        if kind == "monthly":
            day = _number(document, "day", 1, 31, "day of month must be 1-31")
        if kind == "weekly":
            if document.get("dayOfWeek") not in _WEEKDAYS:
                raise _invalid_json()
            weekday = _WEEKDAYS.index(document["dayOfWeek"])
        return cls(expression=f"{minute} {hour} {day} * {weekday}")

    def first(self, now_ms: int) -> int:
        """The first run of a job that is pushed now: an interval begins at once."""
        return now_ms if self.interval_ms is not None else self._match_after(now_ms)

    def after(self, previous_ms: int, now_ms: int) -> int:
        """The run that follows the one of `previous_ms`. Those that would already be past are left out."""
        if self.interval_ms is None:
            return self._match_after(max(previous_ms, now_ms - 1))
        behind = max(0, now_ms - previous_ms)
        return previous_ms + self.interval_ms * max(1, -(-behind // self.interval_ms))

    def _match_after(self, ms: int) -> int:
        assert self.expression is not None
        match = next(CronSim(self.expression, _EPOCH + timedelta(milliseconds=ms)))
        return (match - _EPOCH) // timedelta(milliseconds=1)


def _interval_seconds(document: dict[str, Any]) -> int:
    given = [unit for unit in _UNIT_SECONDS if document.get(unit) is not None]
    if len(given) != 1:
        raise LearnerError("Exactly one of (seconds, minutes, hours) should be specified", code="InvalidCron")
    count = _integer(document[given[0]])
    if count <= 0:
        raise LearnerError("Interval must be an integer greater than 0", code="InvalidCron")
    return count * _UNIT_SECONDS[given[0]]


def _number(document: dict[str, Any], name: str, low: int, high: int, rule: str, default: int | None = None) -> int:
    value = _integer(document.get(name, default))
    if not low <= value <= high:
        raise LearnerError(f"{rule} in {json.dumps(document, indent=2)}", code="InvalidCron")
    return value


def _integer(value: Any) -> int:
    """Also of a number that was stored: every one there is a float."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _INTEGER_MAX or value % 1:
        raise _invalid_json()
    return int(value)


def _checked_expression(expression: Any) -> str:
    """Five fields; Sunday is 0 and never 7, as on Convex."""
    if not isinstance(expression, str):
        raise _invalid_json()
    fields = expression.split()
    if len(fields) != 5 or len(expression) > _EXPRESSION_LENGTH_MAX or "7" in fields[4]:
        raise LearnerError("Failed to parse cron expression", code="InvalidCron")
    try:
        if next(CronSim(expression, _EPOCH), None) is not None:
            return " ".join(fields)
    except CronSimError as error:
        # The library looks no further where no month has that day.
        if str(error) != "Bad day-of-month" or not _is_a_day(fields[2]):
            raise LearnerError("Failed to parse cron expression", code="InvalidCron") from None
    raise LearnerError(f'The cron spec "{expression}" will never match any time', code="InvalidCron")


def _is_a_day(field: str) -> bool:
    try:
        CronSim(f"0 0 {field} * *", _EPOCH)
    except CronSimError:
        return False
    return True


def _invalid_json() -> LearnerError:
    return LearnerError("Invalid JSON", code="InvalidCron")
