"""The stored rows against a schema that is not live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from sandbox.engine import Deployment, close_pools, rehearse_schema
from tests.engine.test_deployment import SCHEMA, STARTER_FILES

ROWS = [{"ownerId": "alice", "name": f"Name {number}", "bus": float(number)} for number in range(120)]


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, tools: Any) -> AsyncIterator[Deployment]:
    deployment = await Deployment.open(tmp_path / "d", tools=tools)
    result = await deployment.deploy(1, STARTER_FILES)
    assert result.ok, result.problems
    await deployment.insert_rows("signups", ROWS)
    yield deployment
    await deployment.close()
    await close_pools()


def with_schema(old: str, new: str) -> dict[str, str]:
    assert old in SCHEMA
    return {**STARTER_FILES, "convex/schema.ts": SCHEMA.replace(old, new)}


async def test_rows_of_the_schema_that_is_live_match(deployment: Deployment, tools: Any) -> None:
    found = await rehearse_schema(deployment, STARTER_FILES, tools, seconds=60)
    (table,) = found.tables
    assert (table.rows, table.checked, table.mismatched, found.faults) == (120, 120, 0, ())
    assert table.fields[-1] == ("ownerId", "v.string()", False)


async def test_a_renamed_field_is_missing_and_extra_in_every_row(deployment: Deployment, tools: Any) -> None:
    found = await rehearse_schema(deployment, with_schema("name:", "fullName:"), tools, seconds=60)
    (table,) = found.tables
    assert table.faults == {("fullName", "missing"): 120, ("name", "extra"): 120}
    assert (table.mismatched, len(found.faults)) == (120, 50)
    assert {(fault.field, fault.value) for fault in found.faults[:2]} == {("fullName", None), ("name", '"Name 0"')}
    assert deployment.revision == 1
    assert len((await deployment.run_query("signups:listActive", {"ownerId": "alice"})).value) == 120


async def test_a_field_of_another_type_tells_the_value(deployment: Deployment, tools: Any) -> None:
    found = await rehearse_schema(deployment, with_schema("bus: v.number()", "bus: v.string()"), tools, seconds=60)
    assert found.tables[0].faults == {("bus", "type"): 120}
    assert found.faults[1].value == "1.0"


async def test_without_time_the_answer_says_how_far_it_came(deployment: Deployment, tools: Any) -> None:
    found = await rehearse_schema(deployment, with_schema("name:", "fullName:"), tools, seconds=0)
    assert (found.is_cut, found.tables[0].checked, found.tables[0].rows) == (True, 100, 120)


async def test_a_schema_that_does_not_load_has_problems_with_places(deployment: Deployment, tools: Any) -> None:
    found = await rehearse_schema(deployment, with_schema("v.number()", "v.numberr()"), tools, seconds=60)
    assert found.tables == ()
    assert found.problems[0].file == "convex/schema.ts"
