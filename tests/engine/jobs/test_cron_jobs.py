"""Cron jobs, driven by hand."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import LearnerError
from sandbox.engine.jobs.cron_definitions import parse_crons
from sandbox.engine.jobs.cron_jobs import due_crons, push_crons, start_cron
from sandbox.engine.store import CRON_JOBS

from .conftest import Shop, until

MINUTE = {"type": "interval", "minutes": 1}


def cron(name: str = "m:add", schedule: Any = None, **args: Any) -> dict[str, Any]:
    return {"name": name, "args": [args], "schedule": schedule or MINUTE}


async def push(shop: Shop, **crons: Any) -> None:
    definitions = parse_crons(json.dumps(crons), shop.host.functions)
    await shop.at.change(lambda tx: push_crons(tx, definitions, shop.at.now_ms), "push")


async def rows(shop: Shop) -> dict[str, dict[str, Any]]:
    found = await shop.at.read(lambda tx: tx.system.rows(f"{CRON_JOBS}.by_identifier"))
    return {row["identifier"]: row for row in found}


async def test_an_interval_runs_at_the_push_and_then_on_its_beat(shop: Shop, clock: FixedClock):
    start_ms = shop.at.now_ms
    await push(shop, tick=cron(n=1.0))
    await shop.work()
    await shop.work()
    assert shop.ran == [1.0]
    row = (await rows(shop))["tick"]
    assert (row["prevTime"], row["nextTime"]) == (start_ms, start_ms + 60_000)
    clock.advance(seconds=60)
    await shop.work()
    assert shop.ran == [1.0, 1.0]
    assert [note.cause.kind for note in shop.notes] == ["cron", "cron"]


async def test_other_schedules_wait_for_their_time(shop: Shop, clock: FixedClock):
    await push(shop, daily=cron(schedule={"type": "daily", "hourUTC": 12}))
    await shop.work()
    assert shop.ran == []
    assert (shop.scheduler.has_crons, shop.plans) == (True, [None])
    clock.advance(seconds=24 * 3600)
    await shop.work()
    assert len(shop.ran) == 1


async def test_runs_that_were_missed_are_left_out(shop: Shop, clock: FixedClock):
    start_ms = shop.at.now_ms
    await push(shop, tick=cron())
    clock.advance(seconds=600.5)
    await shop.work()
    await shop.work()
    assert len(shop.ran) == 1
    assert (await rows(shop))["tick"]["nextTime"] == start_ms + 11 * 60_000


async def test_a_push_changes_only_what_changed(shop: Shop, clock: FixedClock):
    await push(shop, same=cron(), gone=cron(), moved=cron(), other=cron(n=1.0))
    await shop.work()
    before = await rows(shop)
    clock.advance(seconds=10)
    hourly = {"type": "interval", "hours": 1}
    await push(shop, same=cron(), moved=cron(schedule=hourly), other=cron(n=2.0), new=cron())
    after = await rows(shop)
    assert after["same"] == before["same"]
    assert set(after) == {"same", "moved", "other", "new"}
    assert after["moved"]["nextTime"] == before["moved"]["prevTime"] + 3_600_000
    assert (after["other"]["args"], after["other"]["nextTime"]) == ([{"n": 2.0}], before["other"]["nextTime"])
    assert after["new"]["nextTime"] == shop.at.now_ms


async def test_a_push_of_the_same_crons_writes_nothing(shop: Shop):
    await push(shop, tick=cron())
    before = await rows(shop)
    await push(shop, tick=cron())
    assert await rows(shop) == before


async def test_a_run_and_the_next_time_are_one_commit(shop: Shop):
    await push(shop, tick=cron())
    head = await shop.store.head()
    await shop.work()
    (commit,) = await shop.store.log_since(head)
    assert sorted(change.table for change in commit.changes) == ["_cron_jobs", "notes"]


async def test_a_mutation_that_throws_waits_for_its_next_time(shop: Shop, clock: FixedClock):
    await push(shop, tick=cron("m:fail"))
    await shop.work()
    await shop.work()
    row = (await rows(shop))["tick"]
    assert row["lastRun"]["status"] == {
        "kind": "failed",
        "error": "Uncaught Error: no\n    at handler (../convex/m.ts:1:1)\n",
    }
    assert shop.ran == ["m:fail"]
    clock.advance(seconds=60)
    await shop.work()
    assert shop.ran == ["m:fail", "m:fail"]


async def test_an_action_never_overlaps_itself(shop: Shop, clock: FixedClock):
    release = asyncio.Event()

    @shop.action("m:slow")
    async def _slow(args: dict[str, Any]) -> None:
        await release.wait()

    await push(shop, tick=cron("m:slow"))
    working = asyncio.create_task(shop.work())

    async def state() -> str:
        return (await rows(shop))["tick"]["state"]["kind"]

    await until(state, "inProgress")
    clock.advance(seconds=200)
    await shop.scheduler.look()
    assert shop.ran == ["m:slow"]
    release.set()
    await working
    row = (await rows(shop))["tick"]
    assert (row["lastRun"]["status"], row["nextTime"] - row["prevTime"]) == ({"kind": "success"}, 240_000)


@pytest.mark.parametrize("error", [LearnerError("Uncaught Error: no"), OSError("disk")])
async def test_an_action_that_throws_waits_for_its_next_time(shop: Shop, error: Exception):
    @shop.action("m:throw")
    async def _throw(args: dict[str, Any]) -> None:
        raise error

    await push(shop, tick=cron("m:throw"))
    await shop.work()
    await shop.work()
    assert shop.ran == ["m:throw"]
    assert (await rows(shop))["tick"]["lastRun"]["status"]["kind"] == "failed"


async def test_an_action_that_was_left_in_progress_waits_for_its_next_time(shop: Shop, clock: FixedClock):
    await push(shop, tick=cron("m:act"))

    async def start(transaction: Any) -> None:
        (job,) = await due_crons(transaction, 1)
        await start_cron(transaction, job)

    await shop.at.change(start, "test")
    await shop.work()
    row = (await rows(shop))["tick"]
    assert (row["state"], shop.ran) == ({"kind": "pending"}, [])
    assert row["lastRun"]["status"]["error"] == "Transient error while executing action"


async def test_a_job_that_is_pushed_away_while_it_runs_is_gone(shop: Shop):
    @shop.action("m:slow")
    async def _slow(args: dict[str, Any]) -> None:
        await push(shop)

    await push(shop, tick=cron("m:slow"))
    await shop.work()
    assert (await rows(shop), shop.ran) == ({}, ["m:slow"])


async def test_a_mutation_whose_crons_change_meanwhile_has_not_run(shop: Shop):
    @shop.mutation("m:slow")
    async def _slow(transaction: Any, args: dict[str, Any]) -> None:
        await transaction.insert("notes", {"n": 1.0})
        await push(shop)

    await push(shop, tick=cron("m:slow"))
    await shop.work()
    assert (await shop.rows("notes"), len(shop.ran)) == ([], 1)
