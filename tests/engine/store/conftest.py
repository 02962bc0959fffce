from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.engine.clock import FixedClock
from sandbox.engine.store import Store

from .driver import Driver


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FixedClock):
    store = await Store.open(tmp_path / "store", clock=clock)
    yield store
    await store.close()


@pytest.fixture
def db(store: Store) -> Driver:
    return Driver(store)
