"""The checks of Four building blocks: rules that the store keeps, a query, a mutation, functions at their windows.

Rows are put into the table past every function; what a query costs is counted in documents; what a mutation lets in is
tried with arguments that nobody declared. The last task is about the window at which a function stands: there its kind
decides, and then what it does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lessons.arguments import arguments
from lessons.fork import CallRefused, Fork
from lessons.fork_schema import Table
from lessons.results import holds, ids_in, leaves, names_of
from lessons.verdict import Place, Verdict
from sandbox.engine import LearnerError

TABLE, SCHEMA = "signups", "convex/schema.ts"
LIST, ADD = "signups:listByBus", "signups:addPupil"
COUNT, SWAP, WEATHER = "windows:countSeats", "windows:swapDrivers", "windows:askWeather"
BAD_ARGUMENTS = "ArgumentValidationError"

Row = dict[str, Any]

GOOD: tuple[Row, ...] = (
    {"ownerId": "alice", "name": "Dmytro Bondarenko", "bus": 1.0},
    {"ownerId": "bob", "name": "Hana Suzuki", "bus": 2.0, "archivedAt": 1_764_000_000_000.0},
    {"ownerId": "bob", "name": "Thabo Dlamini", "bus": 3.0},
)
NEW: tuple[Row, ...] = ({"name": "Marisol Herrera", "bus": 2.0}, {"name": "Arjun Patel", "bus": 3.0})


# ── 1: rules that the store keeps


async def check_1(fork: Fork) -> Verdict:
    place = schema_place(fork)
    table = fork.schema.tables.get(TABLE)
    if table is None:
        fork.fail("no-signups-table", look_at=place, tables=", ".join(sorted(fork.schema.tables)) or "no table")
    await expect_good_rows(fork, place)
    await expect_rules(fork, place)
    expect_index(fork, table, place)
    return fork.passed("passed-1", index=table.index_on("bus"))


async def expect_good_rows(fork: Fork, place: Place) -> None:
    plain, archived, third = GOOD
    why = await objection(fork, plain)
    if why is not None and await objection(fork, {**plain, "archivedAt": None}) is None:
        fork.fail("null-for-missing", look_at=place, name=plain["name"])
    if why is not None and await objection(fork, {**plain, "archivedAt": 0.0}) is None:
        fork.fail("archived-required", look_at=place, name=plain["name"])
    for row, objected in (
        (plain, why),
        (archived, await objection(fork, archived)),
        (third, await objection(fork, third)),
    ):
        fork.expect(objected is None, "good-row-refused", look_at=place, name=row["name"], why=objected)


async def expect_rules(fork: Fork, place: Place) -> None:
    row = GOOD[0]
    wrong = {"bus": "two", "name": 7.0, "ownerId": 7.0, "archivedAt": "yesterday"}
    taken = [field for field, value in wrong.items() if await objection(fork, {**row, field: value}) is None]
    values = ", ".join(f"`{field}: {wrong[field]}`" for field in taken)
    fork.expect(not taken, "takes-anything", look_at=place, values=values)
    for field in ("name", "bus", "ownerId"):
        without = {name: value for name, value in row.items() if name != field}
        finding = "bus-may-be-missing" if field == "bus" else "field-may-be-missing"
        fork.expect(await objection(fork, without) is not None, finding, look_at=place, field=field)


def expect_index(fork: Fork, table: Table, place: Place) -> None:
    if table.index_on("bus") is not None:
        return
    behind = [name for name, fields in table.indexes.items() if "bus" in fields]
    index = behind[0] if behind else ""
    fields = ", ".join(table.indexes[index]) if behind else ""
    fork.fail("bus-comes-second" if behind else "no-index", look_at=place, index=index, fields=fields)


async def objection(fork: Fork, row: Row) -> str | None:
    """Why the schema refuses the row; None when it stands in the table now."""
    try:
        await fork.insert(TABLE, [row])
    except LearnerError as error:
        return error.message.partition("\n")[0]
    return None


def schema_place(fork: Fork) -> Place:
    lines = fork.files.get(SCHEMA, "").splitlines()
    return Place(SCHEMA, next((number for number, line in enumerate(lines, 1) if f"{TABLE}:" in line), 1), 1)


# ── 2: a query


async def check_2(fork: Fork) -> Verdict:
    fork.expect_function(LIST, "query")
    await fork.insert(TABLE, crowd(fork, 80))
    documents = await expect_bus(fork, 2)
    await expect_bus(fork, 3)
    nobody = ids_in(await fork.alice.query(LIST, of_bus(fork, 9)), await fork.rows(TABLE))
    fork.expect(not nobody, "other-buses-listed", look_at=LIST, bus=9, names=names_of(nobody, await fork.rows(TABLE)))
    await expect_no_growth(fork, documents)
    return fork.passed("passed-2", documents=documents, rows=len(await fork.rows(TABLE)))


async def expect_bus(fork: Fork, bus: int) -> int:
    """All of the bus and nobody else. How many documents were read for it."""
    rows = await fork.rows(TABLE)
    wanted = {id_ for id_, row in rows.items() if row["bus"] == bus}
    call = await fork.alice.measure(LIST, of_bus(fork, bus))
    fork.expect(call.value is not None, "nothing-returned", look_at=LIST, bus=bus)
    shown = told_of(call.value, rows)
    others, missing = shown - wanted, wanted - shown
    if others and shown == told_of(await fork.alice.query(LIST, of_bus(fork, bus % 3 + 1)), rows):
        same_bus = {rows[id_]["bus"] for id_ in shown}
        fork.expect(len(same_bus) > 1, "always-the-same-bus", look_at=LIST, bus=bus, shown=f"{min(same_bus):g}")
    fork.expect(not others, "other-buses-listed", look_at=LIST, bus=bus, names=names_of(others, rows))
    fork.expect(shown, "nobody-listed", look_at=LIST, bus=bus, count=len(wanted))
    fork.expect(not missing, "only-some", look_at=LIST, bus=bus, shown=len(shown), count=len(wanted))
    return call.documents


async def expect_no_growth(fork: Fork, documents: int) -> None:
    """Pupils of the other buses, before and behind in the index, cost nothing."""
    for bus, finding in ((1.0, None), (3.0, "reads-other-buses-behind")):
        await fork.insert(TABLE, [{**row, "bus": bus} for row in crowd(fork, 30)])
        call = await fork.alice.measure(LIST, of_bus(fork, 2))
        if call.documents <= documents:
            continue
        table = fork.schema.tables[TABLE]
        by_bus = {name for name, fields in table.indexes.items() if fields[:1] == ("bus",)}
        used = {read.index for read in call.reads}
        finding = finding or ("whole-index-read" if used & by_bus else "reads-other-buses")
        fork.fail(finding, look_at=LIST, before=documents, after=call.documents, index=", ".join(used & by_bus))


def of_bus(fork: Fork, bus: int) -> dict[str, Any]:
    return arguments(fork.functions[LIST], TABLE, {"bus": float(bus)}, wants_id=False)


def crowd(fork: Fork, count: int) -> list[Row]:
    """Pupils with names that nobody else has, so that they are known by them too."""
    numbers = fork.random.sample(range(1_000_000), count)
    return [{"ownerId": "bob", "name": f"Pupil {number}", "bus": float(number % 3 + 1)} for number in numbers]


def told_of(result: Any, rows: Mapping[str, Row]) -> set[str]:
    """The rows that a result tells of, by id or by name, anywhere in it."""
    by_name = {row["name"]: id_ for id_, row in rows.items()}
    names = {by_name[leaf] for leaf in leaves(result) if isinstance(leaf, str) and leaf in by_name}
    return ids_in(result, rows) or names


# ── 3: a mutation


async def check_3(fork: Fork) -> Verdict:
    expect_mutation(fork)
    for row in NEW:
        await expect_added(fork, row)
    await expect_owner(fork)
    await expect_door(fork)
    return fork.passed("passed-3", name=NEW[0]["name"])


def expect_mutation(fork: Fork) -> None:
    function = fork.functions.get(ADD)
    if function is not None and function.kind == "action":
        fork.fail("add-is-no-mutation", look_at=ADD)
    fork.expect_function(ADD, "mutation")


async def expect_added(fork: Fork, row: Row) -> None:
    before = await fork.rows(TABLE)
    answer = await fork.alice.try_mutate(ADD, row)
    if answer.refused:
        fork.fail("add-refused", look_at=answer.refused, name=row["name"], why=answer.refused.first_line)
    after = await fork.rows(TABLE)
    touched = {id_ for id_ in before if after.get(id_) != before[id_]}
    fork.expect(not touched, "row-overwritten", look_at=ADD, name=row["name"], names=names_of(touched, before))
    added = [after[id_] for id_ in after.keys() - before.keys()]
    fork.expect(added, "nothing-inserted", look_at=ADD, name=row["name"])
    fork.expect(len(added) == 1, "several-inserted", look_at=ADD, name=row["name"], rows=len(added))
    stored = {field: added[0].get(field) for field in row}
    wrong = ", ".join(f"`{field}` is {stored[field]}" for field in row if stored[field] != row[field])
    fork.expect(not wrong, "stored-wrong", look_at=ADD, name=row["name"], bus=f"{row['bus']:g}", wrong=wrong)


async def expect_owner(fork: Fork) -> None:
    """Each desk's pupils are its own."""
    for desk, client in (("alice", fork.alice), ("bob", fork.bob)):
        before = await fork.rows(TABLE)
        await client.try_mutate(ADD, {**NEW[0], "name": f"Signed up by {desk}"})
        owners = [str(row.get("ownerId")) for id_, row in (await fork.rows(TABLE)).items() if id_ not in before]
        fork.expect(owners == [desk], "owner-is-not-the-desk", look_at=ADD, desk=desk, owner=", ".join(owners))


async def expect_door(fork: Fork) -> None:
    """What comes in is looked at before the function runs."""
    good = NEW[0]
    extra = await fork.alice.try_mutate(ADD, {**good, "isAdmin": True})
    fork.expect(extra.refused, "no-validators", look_at=ADD)
    for field, value in (("name", 7.0), ("bus", "two")):
        answer = await fork.alice.try_mutate(ADD, {**good, field: value})
        is_stopped = answer.refused is not None and answer.refused.code == BAD_ARGUMENTS
        fork.expect(is_stopped, "any-argument", look_at=ADD, field=field, value=value)
    for field in ("name", "bus"):
        answer = await fork.alice.try_mutate(ADD, {name: given for name, given in good.items() if name != field})
        is_stopped = answer.refused is not None and answer.refused.code == BAD_ARGUMENTS
        fork.expect(is_stopped, "optional-argument", look_at=ADD, field=field)


# ── 4: three windows


async def check_4(fork: Fork) -> Verdict:
    await expect_count(fork)
    await expect_swap(fork)
    await expect_weather(fork)
    return fork.passed("passed-4")


async def expect_count(fork: Fork) -> None:
    function = fork.functions.get(COUNT)
    kind = "" if function is None else function.kind
    fork.expect(kind != "action", "count-is-an-action", look_at=COUNT)
    fork.expect(kind != "mutation", "count-is-no-query", look_at=COUNT)
    fork.expect_function(COUNT, "query")
    live = await fork.bob.subscribe(COUNT, {})
    before = await seats(fork)
    fork.expect(tells(live.value, before), "count-wrong", look_at=COUNT, seats=f"{before:g}")
    await fork.insert("buses", [{"number": 4.0, "seats": 31.0}])
    await fork.settle()
    fork.expect(tells(live.value, before + 31), "count-wrong", look_at=COUNT, seats=f"{before + 31:g}")


def tells(value: Any, number: float) -> bool:
    """Whether the number stands in the result, by itself or in a text."""
    texts = [leaf for leaf in leaves(value) if isinstance(leaf, str)]
    return holds(value, number) or any(f"{number:g}" in re.findall(r"\d+", text) for text in texts)


async def seats(fork: Fork) -> float:
    return sum(float(bus["seats"]) for bus in (await fork.rows("buses")).values())


async def expect_swap(fork: Fork) -> None:
    function = fork.functions.get(SWAP)
    fork.expect(function is None or function.kind != "action", "swap-in-two-steps", look_at=SWAP)
    fork.expect_function(SWAP, "mutation")
    one, two, three = list((await fork.rows("buses")).values())[:3]
    await expect_swapped(fork, one, two)
    await expect_swapped(fork, (await fork.rows("buses"))[two["_id"]], three)


async def expect_swapped(fork: Fork, first: Row, second: Row) -> None:
    """One of the buses may have no driver: then it has one, and the other has none."""
    before = await fork.rows("buses")
    await fork.alice.mutate(SWAP, {"first": first["_id"], "second": second["_id"]})
    after = await fork.rows("buses")
    changed = {id_ for id_ in after.keys() | before.keys() if after.get(id_) != before.get(id_)}
    wanted = {first["_id"]: second.get("driver"), second["_id"]: first.get("driver")}
    about = {"first": f"{first['number']:g}", "second": f"{second['number']:g}"}
    about |= {"drivers": ", ".join(after[id_].get("driver") or "nobody" for id_ in wanted if id_ in after)}
    fork.expect(changed, "swap-changed-nothing", look_at=SWAP, **about)
    fork.expect(changed <= wanted.keys() <= after.keys(), "swap-touched-others", look_at=SWAP, **about)
    is_swapped = all(after[id_].get("driver") == driver for id_, driver in wanted.items())
    fork.expect(is_swapped, "swap-lost-a-driver", look_at=SWAP, **about)


async def expect_weather(fork: Fork) -> None:
    function = fork.functions.get(WEATHER)
    if function is not None and function.kind != "action":
        answer = await fork.alice.try_call(WEATHER, {})
        why = answer.refused.first_line if answer.refused else "nothing was refused"
        fork.fail(
            "weather-in-a-query" if function.kind == "query" else "weather-in-a-mutation", look_at=WEATHER, why=why
        )
    fork.expect_function(WEATHER, "action")
    before = len(fork.practice.calls)
    try:
        value = await fork.alice.act(WEATHER, {})
    except CallRefused as refused:
        fork.fail("weather-refused", look_at=refused, why=refused.first_line)
    fork.expect(len(fork.practice.calls) > before, "weather-made-up", look_at=WEATHER)
    kept = [table for table in fork.schema.tables if table not in (TABLE, "buses") and await fork.rows(table)]
    fork.expect(value is not None or kept, "weather-not-told", look_at=WEATHER)
