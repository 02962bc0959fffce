"""What others notice while one learner's scan of the large table is timed: the echo of the same server, its p99."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection

from sandbox.engine.laboratory import Shelf, run_worker
from tests.benchmarks.figures import Figure, against
from tests.benchmarks.wire import bench_server, client_of

FRAME = '{"type":"echo","of":"a frame of about a hundred bytes, like a small message of the protocol"}'
PAUSE_S = 0.002
QUIET_S = 5.0
SCANS = 3
TIMEOUT_S = 600
ALICE = {"type": "Eq", "fieldPath": "ownerId", "value": "alice"}
QUESTION = {
    "table": "signups",
    "index": "by_owner",
    "fields": ["ownerId"],
    "range": [ALICE],
    "order": "asc",
    "operators": [],
}
SCAN = {"key": "scan", "name": "full scan", "fields": [], "range": [], "rest": [ALICE], "note": ""}


async def measure(folder: Path, say: Callable[[str], None], documents: int) -> list[Figure]:
    """Milliseconds. Quiet and busy seconds take turns, so that whatever else the machine does hits both alike."""
    shelf = Shelf(folder / "shelf", "signups", (documents,))
    started = time.perf_counter()
    async for _ in run_worker("lessons.laboratory_build", {"shelf": shelf.to_json()}):
        pass
    say(f"built a table of {documents:,} for the laboratory in {time.perf_counter() - started:.0f} s")
    task = {
        "do": "measure", "shelf": shelf.to_json(), "question": QUESTION, "lines": [SCAN], "sizes": [documents],
        "cache": "warm", "runs": 3,
    }  # fmt: skip
    quiet: list[float] = []
    busy: list[float] = []
    async with (
        asyncio.timeout(TIMEOUT_S),
        bench_server(folder / "var") as (address, token),
        client_of(address, token, path="/ws/echo") as echo,
        client_of(address, token, path="/ws/echo") as learner,
    ):
        await _echoes(echo, lambda: len(quiet) < 100, quiet)
        quiet.clear()
        for _ in range(SCANS):
            ends = time.perf_counter() + QUIET_S
            await _echoes(echo, lambda ends=ends: time.perf_counter() < ends, quiet)
            await learner.send("work " + json.dumps(task))
            answer = asyncio.ensure_future(learner.recv())
            await _echoes(echo, lambda answer=answer: not answer.done(), busy)
            assert json.loads(await answer)[-1]["documents"] == documents
    what = f"others' echo, p99, while one scans {documents:,}"
    return [
        Figure("others' echo, p50, while one scans", _part(busy, 0.5), "ms", _part(quiet, 0.5), "nobody scans"),
        against(what, _part(busy, 0.99), _part(quiet, 0.99), "ms", "nobody scans", at_most=3),
    ]


async def _echoes(client: ClientConnection, goes_on: Callable[[], bool], samples: list[float]) -> None:
    while goes_on():
        started = time.perf_counter()
        await client.send(FRAME)
        await client.recv()
        samples.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(PAUSE_S)


def _part(samples: list[float], share: float) -> float:
    return sorted(samples)[int(share * (len(samples) - 1))]


def main() -> None:
    import tempfile

    from tests.benchmarks.figures import table

    with tempfile.TemporaryDirectory() as folder:
        figures: list[Any] = asyncio.run(measure(Path(folder), print, 1_000_000))
    print(table(figures))


if __name__ == "__main__":
    main()
