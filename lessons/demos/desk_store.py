"""The same four mornings at a desk with a store: real mutations, a real refusal, a real crash, a counted search."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from lessons.demos.people import Pupil, pupils
from lessons.demos.scratch import project, scratch_project
from sandbox.engine import Deployment, LearnerError, Outcome, Stepper

PROJECT = Path(__file__).parent / "desk_project"
SOLD = 19
MANY = 400
YEARS = 10_000
ROWS_AT_ONCE = 2_000

BOOK, SAVE_ALL, FIND = "desk:book", "desk:saveAll", "desk:find"
LATE: tuple[tuple[str, Pupil], ...] = (
    ("alice", {"name": "Zainab Okonkwo", "bus": 1.0, "phone": 5_550_301.0}),
    ("bob", {"name": "Tomasz Nowak", "bus": 2.0, "phone": 5_550_302.0}),
)
TOMORROW: dict[str, Any] = {"name": "Mei Chen", "bus": 2.0, "phone": "tomorrow"}


async def last_seat() -> dict[str, Any]:
    """Two bookings at the same moment for the one seat that is left."""
    async with scratch_project(project(PROJECT)) as store:
        await store.insert_rows("signups", pupils(SOLD), cause="seed")
        outcomes = await asyncio.gather(*(store.run_mutation(BOOK, dict(pupil), writer=who) for who, pupil in LATE))
        told = [
            {"who": who, "name": pupil["name"], "tries": outcome.note.retries + 1, **_told(outcome)}
            for (who, pupil), outcome in zip(LATE, outcomes, strict=True)
        ]
        return {"bookings": told, "rows": await _rows(store)}


async def bad_row() -> dict[str, Any]:
    """An import, past every function."""
    async with scratch_project(project(PROJECT)) as store:
        await store.insert_rows("signups", pupils(SOLD), cause="seed")
        try:
            await store.insert_rows("signups", [TOMORROW], cause="seed")
        except LearnerError as error:
            return {"refused": error.message.strip(), "rows": await _rows(store)}
        return {"refused": None, "rows": await _rows(store)}


async def find_one(name: str) -> dict[str, Any]:
    """One among ten thousand, by the index on the name. Times are those of the store and of the whole call."""
    async with scratch_project(project(PROJECT)) as store:
        people = pupils(YEARS)
        for start in range(0, YEARS, ROWS_AT_ONCE):
            await store.insert_rows("signups", people[start : start + ROWS_AT_ONCE], cause="seed")
        await store.run_query(FIND, {"name": name})
        started = time.perf_counter()
        outcome = await store.run_query(FIND, {"name": name})
        ms = (time.perf_counter() - started) * 1000
        return {
            "found": _told(outcome).get("value"),
            "documents": sum(read.documents for read in outcome.note.reads),
            "index": ", ".join(str(read.index) for read in outcome.note.reads),
            "storeMs": outcome.note.store_ms,
            "callMs": ms,
            "rows": YEARS,
        }


async def cut_save() -> dict[str, Any]:
    """A mutation that writes many rows, killed before the step in its middle."""
    async with scratch_project(project(PROJECT)) as store:
        await store.insert_rows("signups", pupils(SOLD), cause="seed")
        stepper = Stepper.crashing_at(MANY // 2)
        rows: list[Any] = pupils(MANY)
        outcome = await store.run_mutation(SAVE_ALL, {"rows": rows}, writer="alice", stepper=stepper)
        return {
            "crashed": stepper.crashed,
            "before": SOLD,
            "at": MANY // 2,
            "wanted": MANY,
            "rows": await _rows(store),
        } | {"said": None if outcome.error is None else outcome.error.message.strip()}


def _told(outcome: Outcome) -> dict[str, Any]:
    if outcome.error is not None:
        data = outcome.error.data if outcome.error.has_data else None
        return {"ok": False, "said": str(data) if data is not None else outcome.error.message.partition("\n")[0]}
    return {"ok": True, "value": outcome.value}


async def _rows(store: Deployment) -> int:
    """How many there are."""
    page = await store.store.table_page("signups", index=None, order="asc", limit=1_000, after=None)
    return len(page.rows)
