"""How often a person may save: bursts are fine, loops are told to wait, and one person's loop is nobody else's wait."""

from __future__ import annotations

import pytest

from lessons import pace

SMALL = 1_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_000.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    return now


def saves_until_wait(person: int, size: int) -> int:
    for count in range(1_000):
        if pace.seconds_to_wait(person, size):
            return count
    raise AssertionError("it never has to wait")


def test_a_burst_is_allowed_and_then_a_save_each_second(clock: list[float]) -> None:
    burst = saves_until_wait(1, SMALL)
    assert 50 <= burst <= 60
    assert 0 < pace.seconds_to_wait(1, SMALL) <= 2
    clock[0] += 10
    assert saves_until_wait(1, SMALL) in (9, 10)


def test_large_projects_count_more_and_the_largest_is_still_saved(clock: list[float]) -> None:
    assert saves_until_wait(1, 2_500_000) == 1
    clock[0] += 60
    assert pace.seconds_to_wait(1, 10**9) == 0


def test_a_refused_save_costs_nothing(clock: list[float]) -> None:
    saves_until_wait(1, SMALL)
    for _ in range(100):
        pace.seconds_to_wait(1, SMALL)
    clock[0] += 2
    assert pace.seconds_to_wait(1, SMALL) == 0


def test_each_person_has_a_pace_of_their_own(clock: list[float]) -> None:
    saves_until_wait(1, SMALL)
    assert pace.seconds_to_wait(2, SMALL) == 0


def test_only_so_many_people_are_remembered(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PEOPLE_REMEMBERED", 3)
    for person in range(10):
        pace.seconds_to_wait(person, SMALL)
    assert len(pace._purses) == 3
