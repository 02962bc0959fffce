from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.errors import LearnerError
from sandbox.engine.jobs.cron_schedule import CronSchedule

MINUTE_MS = 60_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def cron(expression: str) -> CronSchedule:
    return CronSchedule.parse({"type": "cron", "cron": expression})


MONDAY = ms("2026-01-05T10:30:15")


@pytest.mark.parametrize(
    ("schedule", "first", "second"),
    [
        ({"type": "interval", "seconds": 30}, "2026-01-05T10:30:15", "2026-01-05T10:30:45"),
        ({"type": "interval", "minutes": 2}, "2026-01-05T10:30:15", "2026-01-05T10:32:15"),
        ({"type": "interval", "hours": 1}, "2026-01-05T10:30:15", "2026-01-05T11:30:15"),
        ({"type": "hourly", "minuteUTC": 5}, "2026-01-05T11:05:00", "2026-01-05T12:05:00"),
        ({"type": "hourly"}, "2026-01-05T11:00:00", "2026-01-05T12:00:00"),
        ({"type": "daily", "hourUTC": 8, "minuteUTC": 30}, "2026-01-06T08:30:00", "2026-01-07T08:30:00"),
        ({"type": "weekly", "dayOfWeek": "tuesday", "hourUTC": 12}, "2026-01-06T12:00:00", "2026-01-13T12:00:00"),
        ({"type": "weekly", "dayOfWeek": "sunday", "hourUTC": 0}, "2026-01-11T00:00:00", "2026-01-18T00:00:00"),
        ({"type": "monthly", "day": 31, "hourUTC": 1}, "2026-01-31T01:00:00", "2026-03-31T01:00:00"),
        ({"type": "cron", "cron": "0 12 * * 1,5"}, "2026-01-05T12:00:00", "2026-01-09T12:00:00"),
        ({"type": "cron", "cron": "0 0 29 2 *"}, "2028-02-29T00:00:00", "2032-02-29T00:00:00"),
    ],
)
def test_the_first_two_runs_of_every_kind_of_schedule(schedule, first, second):
    parsed = CronSchedule.parse(schedule)
    assert parsed.first(MONDAY) == ms(first)
    assert parsed.after(ms(first), ms(first) + 1) == ms(second)


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        ({"type": "cron", "cron": "61 * * * *"}, "Failed to parse cron expression"),
        ({"type": "cron", "cron": "* * * *"}, "Failed to parse cron expression"),
        ({"type": "cron", "cron": "0 * * * * *"}, "Failed to parse cron expression"),
        ({"type": "cron", "cron": "0 12 * * 7"}, "Failed to parse cron expression"),
        ({"type": "cron", "cron": "0 12 32 * *"}, "Failed to parse cron expression"),
        ({"type": "cron", "cron": "1," * 5000}, "Failed to parse cron expression"),
        ({"type": "cron", "cron": "0 0 31 2 *"}, 'The cron spec "0 0 31 2 *" will never match any time'),
        ({"type": "cron", "cron": 5}, "Invalid JSON"),
        ({"type": "yearly"}, "Invalid JSON"),
        ("daily", "Invalid JSON"),
        ({"type": "interval"}, "Exactly one of (seconds, minutes, hours) should be specified"),
        (
            {"type": "interval", "seconds": 1, "hours": 1},
            "Exactly one of (seconds, minutes, hours) should be specified",
        ),
        ({"type": "interval", "seconds": 0}, "Interval must be an integer greater than 0"),
        ({"type": "interval", "seconds": 1.5}, "Invalid JSON"),
        ({"type": "interval", "seconds": 10**300}, "Invalid JSON"),
        ({"type": "daily"}, "Invalid JSON"),
        ({"type": "weekly", "dayOfWeek": "Tuesday", "hourUTC": 1}, "Invalid JSON"),
        ({"type": "monthly", "day": 0, "hourUTC": 1}, "day of month must be 1-31 in {"),
        ({"type": "daily", "hourUTC": 24}, "hourUTC must be 0-23 in {"),
        ({"type": "hourly", "minuteUTC": 60}, "minuteUTC must be 0-59 in {"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(schedule, text):
    with pytest.raises(LearnerError) as caught:
        CronSchedule.parse(schedule)
    assert caught.value.message.startswith(text)
    assert caught.value.code == "InvalidCron"


def test_runs_that_were_missed_are_left_out():
    every_minute = CronSchedule.parse({"type": "interval", "minutes": 1})
    assert every_minute.after(MONDAY, MONDAY + 10 * MINUTE_MS + 1) == MONDAY + 11 * MINUTE_MS
    assert cron("* * * * *").after(MONDAY, MONDAY + 365 * 24 * 60 * MINUTE_MS) > MONDAY + 364 * 24 * 60 * MINUTE_MS


times = st.integers(ms("2020-01-01"), ms("2030-01-01"))


@given(times, times, st.integers(1, 10_000))
def test_an_interval_keeps_its_beat(previous, now, seconds):
    following = CronSchedule.parse({"type": "interval", "seconds": seconds}).after(previous, now)
    assert following > previous
    assert following >= now
    assert (following - previous) % (seconds * 1000) == 0
    assert following - seconds * 1000 <= max(previous, now - 1)


def field(low: int, high: int, top: int | None = None):
    top = top or high
    one = st.integers(low, high)
    listed = st.lists(one, min_size=1, max_size=3).map(lambda many: (",".join(map(str, many)), set(many)))
    span = st.tuples(one, one).map(sorted).map(lambda ends: (f"{ends[0]}-{ends[1]}", set(range(ends[0], ends[1] + 1))))
    step = st.integers(1, high).map(lambda by: (f"*/{by}", set(range(low, top + 1, by))))
    return st.one_of(st.just(("*", set(range(low, top + 1)))), listed, span, step)


@given(
    field(0, 59), field(0, 23), field(1, 28, 31), field(0, 6).filter(lambda found: "*/7" not in found[0]), times, times
)
def test_a_cron_line_names_the_next_minute_that_fits(minutes, hours, days, weekdays, previous, now):
    schedule = cron(f"{minutes[0]} {hours[0]} {days[0]} * {weekdays[0]}")
    both = days[0].startswith("*") or weekdays[0].startswith("*")

    def fits_day(day: datetime) -> bool:
        by_month, by_week = day.day in days[1], (day.weekday() + 1) % 7 in weekdays[1]
        return (by_month and by_week) if both else (by_month or by_week)

    found = schedule.after(previous, now)
    after = max(previous, now - 1)
    moment = datetime.fromtimestamp(found / 1000, UTC)
    assert found > after
    assert found % MINUTE_MS == 0
    assert moment.minute in minutes[1]
    assert moment.hour in hours[1]
    assert fits_day(moment)
    # Nothing that fits lies between: whole days, then the hours of the last one.
    day = datetime.fromtimestamp(after / 1000, UTC).date()
    while day <= moment.date():
        if fits_day(datetime(day.year, day.month, day.day)):
            start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
            fitting = (start + (hour * 60 + minute) * MINUTE_MS for hour in hours[1] for minute in minutes[1])
            assert not [between for between in fitting if after < between < found]
        day += timedelta(days=1)
