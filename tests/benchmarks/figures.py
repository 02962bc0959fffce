"""A figure beside its floor, measured in the same run, and the table they are printed as."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`measured` and `floor` in `unit`; `ratio` is what the target speaks of unless the target is a time itself."""

    what: str
    measured: float
    unit: str
    floor: float | None = None
    floor_is: str = ""
    ratio: float | None = None
    target: str = ""
    is_met: bool | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def against(what: str, measured: float, floor: float, unit: str, floor_is: str, *, at_most: float) -> Figure:
    ratio = measured / floor
    return Figure(what, measured, unit, floor, floor_is, ratio, f"≤ {at_most:g}×", ratio <= at_most)


def at_most(what: str, measured: float, unit: str, limit: float) -> Figure:
    return Figure(what, measured, unit, target=f"≤ {limit:g} {unit}", is_met=measured <= limit)


def median(samples: Sequence[float]) -> float:
    return statistics.median(samples)


async def interleaved(repeats: int, *operations: Callable[[int], Awaitable[object]]) -> list[float]:
    """Medians in microseconds of operations that take turns, so that noise of the machine hits all of them alike."""
    samples: list[list[float]] = [[] for _ in operations]
    for turn in range(repeats):
        for operation, times in zip(operations, samples, strict=True):
            started = time.perf_counter()
            await operation(turn)
            times.append((time.perf_counter() - started) * 1_000_000)
    return [median(times) for times in samples]


def table(figures: Sequence[Figure]) -> str:
    rows = [("what", "measured", "floor", "ratio", "target", "")]
    for figure in figures:
        floor = "" if figure.floor is None else f"{number(figure.floor)} {figure.unit} ({figure.floor_is})"
        ratio = "" if figure.ratio is None else f"{number(figure.ratio)}×"
        met = {True: "met", False: "MISSED", None: ""}[figure.is_met]
        rows.append((figure.what, f"{number(figure.measured)} {figure.unit}", floor, ratio, figure.target, met))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
