"""Run by test_kill_rounds.py: schedules jobs in the store in argv[1] and works them off, until it is killed.

Says on stdout the number of every pair of jobs whose scheduling was acknowledged. An action writes its number into
the file in argv[2], a mutation into the table `notes`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from sandbox.engine.clock import SystemClock
from sandbox.engine.runtime.request import Request
from sandbox.engine.store import Store
from sandbox.engine.store.scheduled_functions import schedule
from tests.engine.jobs.conftest import Shop


async def open_shop(folder: Path, outside: Path) -> Shop:
    clock = SystemClock()
    shop = Shop(await Store.open(folder, clock=clock), clock)

    @shop.mutation("m:note")
    async def _note(transaction: Any, args: dict[str, Any]) -> None:
        source = {"type": "FullTableScan", "tableName": "counters", "order": "asc"}
        await transaction.open_query({"source": source, "operators": []}).next(10)
        await asyncio.sleep(0)
        await transaction.insert("notes", {"n": args["n"]})

    @shop.action("m:act")
    async def _act(args: dict[str, Any]) -> None:
        with outside.open("a") as file:
            file.write(f"{args['n']}\n")
        await asyncio.sleep(0.002)

    @shop.mutation("m:schedule")
    async def _schedule(transaction: Any, args: dict[str, Any]) -> None:
        await schedule(transaction, "m:note", {"n": args["n"]}, shop.now_ms)
        await schedule(transaction, "m:act", {"n": args["n"]}, shop.now_ms + 3)

    return shop


async def follow(shop: Shop) -> None:
    seen = await shop.store.data_version()
    while True:
        await asyncio.sleep(0.005)
        version = await shop.store.data_version()
        if version != seen:
            seen = version
            shop.scheduler.wake()


async def main(folder: Path, outside: Path) -> None:
    shop = await open_shop(folder, outside)
    shop.scheduler.start()
    following = asyncio.create_task(follow(shop))
    number = 0
    while True:
        number += 1
        name = f"{os.getpid()}-{number}"
        outcome = await shop.runner.mutation(Request("m:schedule", f'[{{"n": "{name}"}}]'))
        assert outcome.ok
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        await asyncio.sleep(0.004)
        assert not following.done()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
