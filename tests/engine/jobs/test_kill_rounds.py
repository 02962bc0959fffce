"""Two processes work on the jobs of one store, and one of them is killed again and again."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from sandbox.engine.values import loads
from tests.engine.store.invariants import documents_of

from .working_child import open_shop

ROOT = Path(__file__).resolve().parents[3]


class Child:
    def __init__(self, folder: Path, outside: Path) -> None:
        command = [sys.executable, "-m", "tests.engine.jobs.working_child", str(folder), str(outside)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.acknowledged: list[str] = []

    def work(self, pairs: int) -> None:
        lines = [self.process.stdout.readline() for _ in range(pairs)]
        assert all(lines), "the child ended by itself"
        self.acknowledged += [line.strip() for line in lines]

    def kill(self) -> list[str]:
        self.process.kill()
        rest = self.process.stdout.read()
        self.process.wait()
        self.process.stdout.close()
        return self.acknowledged + rest.rpartition("\n")[0].split()


async def kill_rounds(folder: Path, rounds: int) -> None:
    outside, chance = folder / "outside", random.Random(rounds)
    outside.touch()
    acknowledged: list[str] = []
    other = Child(folder, outside)
    for _ in range(rounds):
        child = Child(folder, outside)
        child.work(chance.randrange(1, 12))
        acknowledged += child.kill()
        if chance.random() < 0.3:
            acknowledged += other.kill()
            other = Child(folder, outside)
    other.work(3)
    acknowledged += other.kill()
    await check(folder, outside, acknowledged)


async def check(folder: Path, outside: Path, acknowledged: list[str]) -> None:
    shop = await open_shop(folder, outside)
    async with asyncio.timeout(60):
        await shop.work()
        while shop.scheduler.next_job_ms is not None:
            await asyncio.sleep(0.01)
            await shop.work()
    page = await shop.store.table_page("notes", index=None, order="asc", limit=100_000, after=None)
    await shop.scheduler.stop()
    await shop.store.close()
    rows = [loads(text) for text in documents_of(folder / "store.db").values()]
    jobs = {(row["name"], row["args"][0]["n"]): row["state"]["kind"] for row in rows if "state" in row}
    notes = Counter(row["n"] for row in rows if "n" in row)
    begun = Counter(outside.read_text().split())
    assert len(page.rows) == len(notes)
    for name in acknowledged:
        assert jobs["m.js:note", name] == "success"
        assert jobs["m.js:act", name] in ("success", "failed")
    for (function, name), state in jobs.items():
        if function == "m.js:note":
            assert (state, notes[name]) == ("success", 1)
        else:
            assert begun[name] == 1 if state == "success" else begun[name] <= 1
    assert sum(state == "failed" for state in jobs.values()) < len(jobs) / 4


@pytest.mark.slow
async def test_twenty_kills_double_no_job_and_lose_none(tmp_path: Path):
    await kill_rounds(tmp_path, 20)


@pytest.mark.soak
@pytest.mark.slow
async def test_two_hundred_kills_double_no_job_and_lose_none(tmp_path: Path):
    await kill_rounds(tmp_path, 200)
