"""Workers and their places: two at a time in one folder, whoever is gone leaves room, whoever asks can stop."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from sandbox.engine.errors import LearnerError
from sandbox.engine.laboratory import WORKER, Places, Shelf, run_worker

QUESTION = {"table": "signups", "index": None, "fields": [], "range": [], "order": "asc", "operators": []}
OWN = {"key": "own", "name": "full scan", "fields": [], "range": [], "rest": [], "note": ""}


def measuring(shelf: Shelf, sizes=(10, 500)) -> dict:
    return {
        "do": "measure", "shelf": shelf.to_json(), "question": QUESTION, "lines": [OWN], "sizes": list(sizes),
        "cache": "warm", "runs": 3,
    }  # fmt: skip


async def test_a_worker_measures_every_size(shelf: Shelf) -> None:
    points = [message async for message in run_worker(WORKER, measuring(shelf)) if message["type"] == "point"]
    assert [(point["size"], point["documents"], point["runs"]) for point in points] == [(10, 10, 3), (500, 500, 3)]
    assert all(0 < point["low_ms"] <= point["ms"] <= point["high_ms"] for point in points)


async def test_an_index_is_built_once_for_two_that_ask_at_once(shelf: Shelf) -> None:
    async def build() -> list[dict]:
        task = {"do": "index", "shelf": shelf.to_json(), "fields": [["place.row", "archivedAt"]]}
        return [message async for message in run_worker(WORKER, task)]

    said = await asyncio.gather(build(), build())
    assert sorted(len(messages) for messages in said) == [0, len(shelf.sizes)]


async def test_writes_are_measured_with_no_one_and_five_indexes(tmp_path: Path) -> None:
    rows = [{"a": str(number), "b": number, "c": None} for number in range(60)]
    task = {"do": "writes", "table": "signups", "rows": rows, "fields": ["a", "b", "c"], "work": str(tmp_path)}
    (message,) = [message async for message in run_worker(WORKER, task)]
    assert [(cost["indexes"], cost["runs"]) for cost in message["writes"]] == [(0, 30), (1, 30), (5, 30)]
    assert list(tmp_path.iterdir()) == []


async def test_what_a_worker_cannot_do_is_said_by_it() -> None:
    with pytest.raises(LearnerError) as caught:
        async for _ in run_worker(WORKER, {"do": "dance"}):
            pass
    assert caught.value.code == "NoSuchTask"


async def test_whoever_stops_listening_ends_the_worker(shelf: Shelf) -> None:
    messages = run_worker(WORKER, measuring(shelf, [500] * 100_000))
    async for message in messages:
        assert message["type"] == "measuring"
        break
    await messages.aclose()  # returns when the process is gone


async def test_a_worker_ends_with_the_pipe_of_a_server_that_was_killed(shelf: Shelf) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", WORKER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    child.stdin.write(json.dumps(measuring(shelf, [500] * 100_000)).encode() + b"\n")
    await child.stdin.drain()
    child.stdin.close()
    assert await asyncio.wait_for(child.wait(), 60) == 3


async def test_two_work_at_a_time_and_others_hear_their_place(tmp_path: Path) -> None:
    here, elsewhere = Places(tmp_path), Places(tmp_path)  # as two processes would have them
    told: asyncio.Queue[int] = asyncio.Queue()
    entered = asyncio.Event()

    async def third() -> None:
        async with here.take(told.put_nowait):
            entered.set()

    async with here.take(told.put_nowait):
        async with elsewhere.take(told.put_nowait):
            assert told.empty()
            waiting = asyncio.create_task(third())
            assert await told.get() == 1
            assert not entered.is_set()
        assert await told.get() == 0
        await entered.wait()
    await waiting


async def test_whoever_leaves_the_queue_lets_others_move_up(tmp_path: Path) -> None:
    places = Places(tmp_path, 1)
    second, third = asyncio.Queue[int](), asyncio.Queue[int]()

    async def wait(told: asyncio.Queue[int]) -> None:
        async with places.take(told.put_nowait):
            pass

    async with places.take(lambda place: None):
        leaving = asyncio.create_task(wait(second))
        assert await second.get() == 1
        staying = asyncio.create_task(wait(third))
        assert await third.get() == 2
        leaving.cancel()
        assert await third.get() == 1
    await staying
    assert await third.get() == 0
