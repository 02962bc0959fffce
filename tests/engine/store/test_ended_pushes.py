"""A push that is ended anywhere, by a kill: nobody sees anything of it, and the next one finds nothing in its way."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.clock import FixedClock
from sandbox.engine.store import CodePush, Project, Store, schema_push

from .driver import Driver, schema
from .invariants import documents_of
from .strategies import documents

BEFORE = schema({"t": {"by_a": ["a"], "by_old": ["b", "a"]}})
AFTER = schema({"t": {"by_a": ["a"], "by_b": ["b.x"], "by_ab": ["a", "b"]}, "more": {"by_n": ["n"]}})


class Killed(BaseException):
    """Passes by everything that handles errors."""


class MortalStore(Store):
    """Ends in its `ends_after`th wait: between two slices, before and after the switch, while it sweeps."""

    ends_after = -1

    async def pause(self) -> None:
        self.ends_after -= 1
        if self.ends_after == 0:
            raise Killed


@pytest.fixture(autouse=True, scope="module")
def tiny_slices():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(schema_push, "SLICE_DOCUMENTS", 2)
        patched.setattr(schema_push._Push, "abandon", lambda self: None)  # who is killed tidies nothing up
        yield


def leftovers(store: Store) -> tuple[int, int]:
    """Indexes that are neither live nor swept up, and entries that belong to no index."""
    unfinished = "SELECT count(*) FROM indexes WHERE state NOT IN ('ready', 'staged')"
    lost = "SELECT count(*) FROM index_entries WHERE index_id NOT IN (SELECT id FROM indexes)"
    connection = store._connection
    return connection.execute(unfinished).fetchone()[0], connection.execute(lost).fetchone()[0]


@settings(max_examples=60, deadline=None)
@given(st.lists(documents(("a", "b")), max_size=9), st.integers(1, 14), st.lists(documents(("a", "b")), max_size=3))
async def test_a_push_that_was_killed_is_whole_or_not_there(tmp_path_factory, bodies, ends_after, later):
    store = await MortalStore.open(tmp_path_factory.mktemp("store"), clock=FixedClock())
    await store.push_schema(BEFORE, code=CodePush(Project(1, {"convex/m.ts": "one"})))
    db = Driver(store)
    ids = await db.insert("t", *bodies)
    store.ends_after = ends_after
    with contextlib.suppress(Killed):
        await store.push_schema(AFTER, code=CodePush(Project(2, {"convex/m.ts": "two"})))
    await store.close()

    again = await Store.open(store.folder, clock=FixedClock())
    db = Driver(again)
    stored = documents_of(again.path)
    assert stored.keys() == set(ids)
    code = await again.stored_code()
    assert (again.schema, code.project.files["convex/m.ts"]) in [(BEFORE, "one"), (AFTER, "two")]
    ids += await db.insert("t", *later)
    await again.push_schema(AFTER)
    assert documents_of(again.path).keys() == set(ids)
    assert leftovers(again) == (0, 0)
    await again.close()
