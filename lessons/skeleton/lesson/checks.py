"""The check of this lesson: the number of a bus, and that it follows the rows."""

from __future__ import annotations

from lessons.arguments import arguments
from lessons.fork import Fork
from lessons.results import holds, ids_in
from lessons.verdict import Verdict

TABLE, COUNT = "signups", "signups:countOnBus"


async def check_1(fork: Fork) -> Verdict:
    fork.expect_function(COUNT, "query")
    rows = await fork.rows(TABLE)
    row = next(iter(rows.values()))
    bus, before = row["bus"], sum(each["bus"] == row["bus"] for each in rows.values())
    live = await fork.alice.subscribe(COUNT, arguments(fork.functions[COUNT], TABLE, row, wants_id=False))
    shown = ids_in(live.value, rows)
    fork.expect(not shown, "count-is-rows", look_at=COUNT, bus=f"{bus:.0f}", rows=len(shown))
    fork.expect(holds(live.value, before), "count-is-off", look_at=COUNT, bus=f"{bus:.0f}", wanted=before)
    await fork.insert(TABLE, [{"ownerId": "bob", "name": "Ngozi Eze", "bus": bus}])
    followed = await live.wait_until(lambda value: holds(value, before + 1))
    fork.expect(followed, "count-stands-still", look_at=COUNT, bus=f"{bus:.0f}", wanted=before + 1)
    return fork.passed("passed-1", bus=f"{bus:.0f}", before=before, after=before + 1)
