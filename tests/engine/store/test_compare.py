from __future__ import annotations

import pytest

from sandbox.engine.errors import LearnerError
from sandbox.engine.store import compare_plans

from .driver import Driver, by


def range_of(*comparisons):
    return by("t.by_n", *comparisons)["source"]["range"]


async def test_an_index_range_reads_its_rows_and_a_scan_reads_everything(db: Driver):
    await db.push({"t": {"by_n": ["n"]}})
    await db.insert("t", *({"n": float(n % 100)} for n in range(2000)))
    found = await compare_plans(db.store.path, "t", "by_n", range_of(("Eq", "n", 7)), "desc")
    assert (found.rows, found.index_documents, found.scan_documents, found.same) == (20, 20, 2000, True)
    assert 0 < found.index_ms < found.scan_ms


async def test_a_limit_and_every_kind_of_bound_give_the_same_rows(db: Driver):
    await db.push({"t": {"by_n": ["n"]}})
    await db.insert("t", {"n": None}, {}, *({"n": float(n)} for n in range(30)))
    for bounds in ((("Gt", "n", 3), ("Lte", "n", 20)), (("Lt", "n", 5),), (("Gte", "n", {"$undefined": None}),)):
        assert (await compare_plans(db.store.path, "t", "by_n", range_of(*bounds), "desc", 5)).same
    whole = await compare_plans(db.store.path, "t", None, [], "asc")
    assert (whole.same, whole.rows) == (True, 32)


async def test_what_cannot_be_read_is_a_learner_error(db: Driver):
    await db.insert("t", {"n": 1.0})
    for table, index in (("t", "nope"), ("nope", None)):
        with pytest.raises(LearnerError):
            await compare_plans(db.store.path, table, index, [], "asc")
