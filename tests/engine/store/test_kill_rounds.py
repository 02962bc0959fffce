from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.engine.clock import SystemClock
from sandbox.engine.store import Store

from .driver import Driver
from .invariants import documents_of

ROOT = Path(__file__).resolve().parents[3]


def commit_until_killed(folder: Path, seed: int, commits: int) -> list[tuple[int, int, str]]:
    """(timestamp, request, document id) of what a child acknowledged before SIGKILL hit it in the middle of things."""
    command = [sys.executable, "-m", "tests.engine.store.committing_child", str(folder), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        lines = [child.stdout.readline() for _ in range(commits)]
        child.kill()
        rest = child.stdout.read()
    assert all(lines), "the child ended by itself"
    whole = ("".join(lines) + rest).rpartition("\n")[0].splitlines()
    return [(int(ts), int(number), document_id) for ts, number, document_id in map(str.split, whole)]


async def kill_rounds(folder: Path, rounds: int) -> None:
    acknowledged: list[tuple[int, int, int, str]] = []
    for seed in range(rounds):
        found = commit_until_killed(folder, seed, commits=5 + 13 * seed % 60)
        acknowledged += [(seed, *entry) for entry in found]
        documents = documents_of(folder / "store.db")
        store = await Store.open(folder, clock=SystemClock())
        for seed_of, ts, number, document_id in acknowledged:
            assert document_id in documents
            assert await store.recorded_request(f"session {seed_of}", number) == (ts, document_id)
        await Driver(store).push({"t": {"by_n": ["n"]}})
        await store.close()
    documents_of(folder / "store.db")


@pytest.mark.slow
async def test_twenty_kills_lose_no_acknowledged_commit_and_leave_no_half_one(tmp_path: Path):
    await kill_rounds(tmp_path / "store", 20)


@pytest.mark.soak
@pytest.mark.slow
async def test_two_hundred_kills_lose_no_acknowledged_commit_and_leave_no_half_one(tmp_path: Path):
    await kill_rounds(tmp_path / "store", 200)
