from __future__ import annotations

import asyncio

from sandbox.engine.clock import FixedClock
from sandbox.engine.store import Store


async def test_one_owner_has_the_lease_until_it_runs_out(store: Store, clock: FixedClock):
    other = await Store.open(store.folder, clock=clock)
    assert await store.take_lease("jobs", "a", 10)
    assert not await other.take_lease("jobs", "b", 10)
    clock.advance(seconds=9)
    assert not await other.take_lease("jobs", "b", 10)
    assert await store.take_lease("jobs", "a", 10), "renewed"
    clock.advance(seconds=9)
    assert not await other.take_lease("jobs", "b", 10)
    clock.advance(seconds=1)
    assert await other.take_lease("jobs", "b", 10)
    assert not await store.take_lease("jobs", "a", 10)
    await other.close()


async def test_leases_of_other_names_are_other_leases(store: Store):
    assert await store.take_lease("jobs", "a", 10)
    assert await store.take_lease("crons", "b", 10)


async def test_a_lease_can_be_given_back_by_its_owner_alone(store: Store):
    await store.take_lease("jobs", "a", 10)
    await store.drop_lease("jobs", "b")
    assert not await store.take_lease("jobs", "b", 10)
    await store.drop_lease("jobs", "a")
    assert await store.take_lease("jobs", "b", 10)


async def test_of_many_at_once_one_gets_it(store: Store, clock: FixedClock):
    others = [await Store.open(store.folder, clock=clock) for _ in range(4)]
    got = await asyncio.gather(*(other.take_lease("jobs", f"{n}", 10) for n, other in enumerate(others)))
    assert sum(got) == 1
    for other in others:
        await other.close()


async def test_a_copy_of_a_store_has_no_leases(store: Store, clock: FixedClock, tmp_path):
    await store.take_lease("jobs", "a", 10)
    await store.fork_to(tmp_path / "fork")
    fork = await Store.open(tmp_path / "fork", clock=clock)
    assert await fork.take_lease("jobs", "b", 10)
    await fork.close()
