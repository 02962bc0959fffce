"""Windows on a table: what a slice of the sorted rows would be, also while rows come and go."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.engine.errors import LearnerError
from sandbox.engine.store import WindowAsk

WRITER = "data panel"
BY_OWNER = "by_owner"


def row(owner: str, bus: float, name: str = "x") -> dict:
    return {"ownerId": owner, "name": name, "bus": bus}


@pytest.fixture
async def thirty(store, editor):
    for number in range(30):
        await editor.add("signups", row("ab"[number % 2], float(number)), writer=WRITER)
    return store


async def buses(store, **asked) -> tuple[list[float], int, int]:
    window = await store.table_window(WindowAsk("signups", **asked))
    assert len(window.keys) == len(window.rows)
    return [json.loads(text)["bus"] for text in window.rows], window.offset, window.count


@given(st.sampled_from(["asc", "desc"]), st.integers(0, 40), st.integers(1, 40), st.booleans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_window_is_a_slice_of_the_rows_in_order(thirty, order, offset, limit, has_range):
    range_ = ({"type": "Eq", "fieldPath": "ownerId", "value": "a"},) if has_range else ()
    everything = [float(number) for number in [*range(0, 30, 2), *([] if has_range else range(1, 30, 2))]]
    if order == "desc":
        everything.reverse()
    found, start, count = await buses(thirty, index=BY_OWNER, range=range_, order=order, offset=offset, limit=limit)
    assert count == len(everything)
    assert start == max(0, min(offset, count - limit))
    assert found == everything[start : start + limit]


async def test_the_anchor_stays_where_rows_come_before_it(thirty, editor):
    ask = WindowAsk("signups", index=BY_OWNER, offset=20, limit=5)
    before = await thirty.table_window(ask)
    for _ in range(3):
        await editor.add("signups", row("a", -1.0), writer=WRITER)
    again = WindowAsk("signups", index=BY_OWNER, anchor=before.keys[2], lead=2, limit=5)
    after = await thirty.table_window(again)
    assert after.rows == before.rows
    assert (before.offset, after.offset, after.anchor) == (20, 23, 25)


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_where_the_anchor_is_gone_its_neighbour_takes_its_place(thirty, editor, order):
    before = await thirty.table_window(WindowAsk("signups", order=order, offset=10, limit=3))
    gone = json.loads(before.rows[0])["_id"]
    await editor.delete("signups", [gone], writer=WRITER)
    after = await thirty.table_window(WindowAsk("signups", order=order, anchor=before.keys[0], limit=2))
    assert after.rows == before.rows[1:]
    assert after.anchor == 10


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_row_is_found_by_its_id_wherever_it_stands(thirty, order):
    everything = await thirty.table_window(WindowAsk("signups", index=BY_OWNER, order=order, limit=30))
    for place in (0, 17, 29):
        wanted = json.loads(everything.rows[place])["_id"]
        found = await thirty.table_window(WindowAsk("signups", BY_OWNER, order=order, row=wanted, lead=2, limit=5))
        assert found.anchor == place
        assert wanted in [json.loads(text)["_id"] for text in found.rows]


async def test_a_row_outside_of_the_range_or_of_the_table_is_no_anchor(thirty):
    range_ = ({"type": "Eq", "fieldPath": "ownerId", "value": "a"},)
    rows = (await thirty.table_window(WindowAsk("signups", limit=30))).rows
    outside = next(document["_id"] for document in map(json.loads, rows) if document["ownerId"] == "b")
    for id_ in (outside, "j" * 32, ""):
        found = await thirty.table_window(WindowAsk("signups", BY_OWNER, range_, row=id_, limit=5))
        assert (found.anchor, found.offset) == (None, 0)


async def test_bounds_select_and_count(thirty):
    bounds = (
        {"type": "Eq", "fieldPath": "ownerId", "value": "b"},
        {"type": "Gt", "fieldPath": "bus", "value": 3.0},
        {"type": "Lte", "fieldPath": "bus", "value": 9.0},
    )
    assert await buses(thirty, index=BY_OWNER, range=bounds) == ([5, 7, 9], 0, 3)
    assert await buses(thirty, index=BY_OWNER, range=bounds, order="desc") == ([9, 7, 5], 0, 3)
    nothing = ({"type": "Gt", "fieldPath": "ownerId", "value": "z"},)
    assert await buses(thirty, index=BY_OWNER, range=nothing) == ([], 0, 0)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"index": "by_name"}, "IndexNotFound"),
        ({"index": BY_OWNER, "range": ({"type": "Eq", "fieldPath": "bus", "value": 1.0},)}, "InvalidIndexRange"),
        ({"index": BY_OWNER, "range": ({"type": "Eq", "fieldPath": "name", "value": "x"},)}, "FieldNotInIndex"),
    ],
)
async def test_only_declared_indexes_and_their_fields_select(thirty, asked, code):
    with pytest.raises(LearnerError) as caught:
        await thirty.table_window(WindowAsk("signups", **asked))
    assert caught.value.code == code


async def test_of_large_rows_only_the_first_are_read(store, editor):
    for number in range(45):
        await editor.add("signups", row("a", float(number), "x" * 10_000), writer=WRITER)
    found, start, count = await buses(store, limit=45, bytes_max=300_000)
    assert (len(found), start, count) == (40, 0, 45)


async def test_a_table_that_is_not_there_has_no_rows(store):
    window = await store.table_window(WindowAsk("nothing"))
    assert (window.rows, window.count) == ([], 0)
