"""Run by test_kill_rounds.py: commits to the store in argv[1] without end, and says on stdout what is acknowledged."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from sandbox.engine.clock import SystemClock
from sandbox.engine.errors import Conflict
from sandbox.engine.store import Store
from tests.engine.store.driver import schema


async def main(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    store = await Store.open(folder, clock=SystemClock())
    pusher = asyncio.create_task(push_without_end(store))
    number = 0
    while True:
        number += 1
        async with await store.snapshot() as snapshot:
            tx = store.transaction(snapshot, seed=b"%d-%d" % (seed, number), writable=True)
            ids = [await tx.insert("t", {"n": float(n), "text": "x" * chance.randrange(3000)}) for n in range(3)]
            await tx.patch(ids[0], {"n": chance.random()})
            await tx.delete(ids[1])
            request = (f"session {seed}", number)
            try:
                ts = await store.commit(tx, run_id="r", cause="child", writer=None, request=request, result=ids[0])
            except Conflict:
                continue
        sys.stdout.write(f"{ts} {number} {ids[0]}\n")
        sys.stdout.flush()
        await asyncio.sleep(0)
        assert not pusher.done()


async def push_without_end(store: Store) -> None:
    indexes = {"by_n": ["n"], "by_text": ["text", "n"]}
    while True:
        for chosen in ({"by_n": ["n"]}, indexes):
            await store.push_schema(schema({"t": chosen}))
            await asyncio.sleep(0.003)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
