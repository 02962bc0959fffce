from __future__ import annotations

import pytest

from lessons.seeding import rows


async def test_ten_thousand_sign_ups_belong_almost_all_to_others() -> None:
    made = await rows("any", "signups", 10_000)
    desks = [row for row in made if row["ownerId"] in ("alice", "bob")]
    assert len(made) == 10_000
    assert 1 <= len(desks) <= 20


async def test_rows_fit_the_lessons_schema_and_have_many_names() -> None:
    made = await rows("any", "signups", 1_000)
    assert all(row.keys() == {"ownerId", "name", "bus"} for row in made)
    assert {type(row["bus"]) for row in made} == {float}
    assert len({row["name"] for row in made}) > 700


async def test_the_same_request_makes_the_same_rows() -> None:
    assert await rows("one", "signups", 50) == await rows("other", "signups", 50)


async def test_a_table_of_the_learners_own_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="no rows to seed a table 'bin'"):
        await rows("any", "bin", 10)
