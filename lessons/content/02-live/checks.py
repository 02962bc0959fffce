"""The checks of Live: a component that subscribes, a query that only its own rows wake, a result made of rows alone.

The component is mounted on the fork and rows are added while it is on the screen (lessons/components.py). The rest is
seen in subscriptions: which of them ran after a write, and whether time alone changes a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lessons.arguments import arguments
from lessons.components import (
    MOUNT,
    Seen,
    buttons_pressed,
    inserted,
    mount_arguments,
    submitted,
    timers_ring,
    with_component,
)
from lessons.fork import Fork
from lessons.results import ids_in, leaves, names_of
from lessons.verdict import Place, Verdict

TABLE, SCHEMA = "signups", "convex/schema.ts"
LIST, NEWEST, ADD = "signups:listByBus", "signups:newest", "signups:add"
COMPONENT = "src/Newest.tsx"
SHOWN = 3
MINUTE_MS = 60_000.0
DATES = ("%a %b %d %Y %H:%M:%S", "%m/%d/%Y, %I:%M:%S %p", "%d/%m/%Y, %H:%M:%S", "%Y-%m-%d %H:%M:%S")

Row = dict[str, Any]

FROM_THE_OTHER_DESK: Row = {"ownerId": "bob", "name": "Ximena Vargas", "bus": 3.0}
BY_THE_FORM = "Baraka Mwangi"


# ── 1: a component that subscribes


async def check_1(fork: Fork) -> Verdict:
    known = await newest_names(fork)
    steps = [inserted(TABLE, FROM_THE_OTHER_DESK), timers_ring(), submitted(BY_THE_FORM), buttons_pressed()]
    seen = await mounted(fork, steps)
    expect_first_answer(fork, seen, known)
    expect_live(fork, seen)
    fork.expect(not seen.asks, "asks-beside-subscription", look_at=component_place(fork), asks=len(seen.asks))
    expect_form(fork, seen)
    return fork.passed("passed-1", name=FROM_THE_OTHER_DESK["name"])


async def mounted(fork: Fork, steps: list[dict[str, Any]]) -> Seen:
    problems = await fork.try_deploy(with_component(fork.files))
    why = problems[0].message.partition("\n")[0] if problems else ""
    fork.expect(not problems, "component-not-mounted", look_at=component_place(fork), why=why)
    return Seen.of(await fork.alice.mutate(MOUNT, mount_arguments(steps)))


def expect_first_answer(fork: Fork, seen: Seen, known: list[str]) -> None:
    place = component_place(fork)
    if seen.problem is not None and not seen.texts:
        fork.fail("fails-before-the-answer", look_at=place, why=seen.problem)
    missing = [name for name in known if name not in seen.texts[0]]
    fork.expect(not missing, "newest-not-shown", look_at=place, names=", ".join(missing))


def expect_live(fork: Fork, seen: Seen) -> None:
    """The row from elsewhere is on the screen before any timer rings."""
    name = str(FROM_THE_OTHER_DESK["name"])
    place = component_place(fork)
    if seen.problem is not None:
        fork.fail("component-fails", look_at=place, why=seen.problem)
    if name in seen.texts[1]:
        return
    if name in seen.texts[2]:
        fork.fail("polls", look_at=place, name=name)
    if NEWEST in seen.subscriptions:
        fork.fail("copy-goes-stale", look_at=place, name=name)
    fork.fail("asks-once" if seen.asks else "newest-not-shown", look_at=place, name=name, names=name)


def expect_form(fork: Fork, seen: Seen) -> None:
    place = Place("src/App.tsx", 1, 1)
    fork.expect(BY_THE_FORM in seen.texts[3], "add-no-longer-seen", look_at=place, name=BY_THE_FORM)


def component_place(fork: Fork) -> Place:
    return Place(COMPONENT if COMPONENT in fork.files else "src/App.tsx", 1, 1)


async def newest_names(fork: Fork) -> list[str]:
    rows = sorted((await fork.rows(TABLE)).values(), key=lambda row: row["_creationTime"], reverse=True)
    return [str(row["name"]) for row in rows[:SHOWN]]


# ── 2: only its own rows wake it


async def check_2(fork: Fork) -> Verdict:
    expect_query(fork, LIST, "list")
    one, two = await fork.alice.subscribe(LIST, of_bus(fork, 1)), await fork.bob.subscribe(LIST, of_bus(fork, 2))
    await expect_bus(fork, one.value, 1)
    await expect_bus(fork, two.value, 2)
    runs = one.runs, two.runs
    await fork.insert(TABLE, [{"ownerId": "bob", "name": "Iker Etxeberria", "bus": 2.0}])
    await fork.settle()
    await expect_bus(fork, two.value, 2)
    if one.runs > runs[0]:
        await explain_woken(fork, 1, "Iker Etxeberria", 2)
    before = two.runs
    await fork.insert(TABLE, [{"ownerId": "alice", "name": "Saoirse Byrne", "bus": 1.0}])
    await fork.settle()
    await expect_bus(fork, one.value, 1)
    if two.runs > before:
        await explain_woken(fork, 2, "Saoirse Byrne", 1)
    return fork.passed("passed-2")


def expect_query(fork: Fork, path: str, name: str) -> None:
    function = fork.functions.get(path)
    if function is not None and function.kind in ("mutation", "action"):
        fork.fail(f"{name}-is-no-query", look_at=path, kind=function.kind)
    fork.expect_function(path, "query")


async def expect_bus(fork: Fork, value: Any, bus: int) -> None:
    rows = await fork.rows(TABLE)
    shown, wanted = told_of(value, rows), {id_ for id_, row in rows.items() if row["bus"] == bus}
    others, missing = names_of(shown - wanted, rows), names_of(wanted - shown, rows)
    fork.expect(shown <= wanted, "other-buses-listed", look_at=LIST, bus=bus, names=others)
    fork.expect(shown == wanted, "bus-incomplete", look_at=LIST, bus=bus, names=missing)


async def explain_woken(fork: Fork, bus: int, name: str, other: int) -> None:
    """A write outside of the bus woke its list: which read was too wide?"""
    call = await fork.alice.measure(LIST, of_bus(fork, bus))
    on_bus = sum(row["bus"] == bus for row in (await fork.rows(TABLE)).values())
    wide = [read for read in call.reads if read.documents > on_bus or read.index is None]
    table = fork.schema.tables.get(TABLE)
    fields = {} if table is None else table.indexes
    by_bus = {index for index, names in fields.items() if tuple(names)[:1] == ("bus",)}
    finding = "whole-table-watched"
    if any(read.index in by_bus for read in call.reads if read not in wide) and wide:
        finding = "second-read-wakes"
    elif any(read.index in by_bus for read in call.reads):
        finding = "range-too-wide"
    elif any(read.index in fields for read in call.reads):
        finding = "wrong-index-wakes"
    indexes = ", ".join(sorted({read.index or "no index" for read in call.reads}))
    about = {"bus": bus, "name": name, "other": other, "documents": call.documents, "index": indexes, "rows": on_bus}
    fork.fail(finding, look_at=LIST, **about)


def of_bus(fork: Fork, bus: int) -> dict[str, Any]:
    return arguments(fork.functions[LIST], TABLE, {"bus": float(bus)}, wants_id=False)


# ── 3: rows alone decide


async def check_3(fork: Fork) -> Verdict:
    expect_query(fork, NEWEST, "newest")
    await fork.insert(TABLE, [FROM_THE_OTHER_DESK])
    await fork.forward(seconds=1)
    first = await ask_newest(fork)
    await expect_newest(fork, first)
    await expect_the_same(fork, first)
    await expect_the_time(fork, first)
    live = await fork.alice.subscribe(NEWEST, newest_arguments(fork))
    await fork.insert(TABLE, [{"ownerId": "alice", "name": BY_THE_FORM, "bus": 1.0}])
    await fork.settle()
    await expect_newest(fork, live.value)
    return fork.passed("passed-3")


async def ask_newest(fork: Fork) -> Any:
    return await fork.alice.query(NEWEST, newest_arguments(fork))


async def expect_newest(fork: Fork, value: Any) -> None:
    rows = await fork.rows(TABLE)
    newest = sorted(rows, key=lambda id_: rows[id_]["_creationTime"], reverse=True)[:SHOWN]
    shown = told_of(value, rows)
    names = {"shown": names_of(shown, rows), "names": names_of(set(newest), rows)}
    fork.expect(set(newest) <= shown, "not-the-newest", look_at=NEWEST, **names)


async def expect_the_same(fork: Fork, first: Any) -> None:
    """No row changes, and the clock does: a second, then a minute, then hours."""
    place = NEWEST
    rows = await fork.rows(TABLE)
    await fork.forward(seconds=1)
    fork.expect(await ask_newest(fork) == first, "differs-at-once", look_at=place)
    await fork.forward(seconds=61)
    value = await ask_newest(fork)
    is_same_rows = told_of(value, rows) == told_of(first, rows)
    fork.expect(value == first, "clock-in-result" if is_same_rows else "clock-in-range", look_at=place)
    await fork.forward(days=3)
    value = await ask_newest(fork)
    is_same_rows = told_of(value, rows) == told_of(first, rows)
    fork.expect(value == first, "rounded-clock" if is_same_rows else "clock-in-range", look_at=place)


async def expect_the_time(fork: Fork, first: Any) -> None:
    """Somebody must be able to tell how long a row has been there: by its time, or by the time that was asked with."""
    rows = await fork.rows(TABLE)
    row = max(rows.values(), key=lambda row: row["_creationTime"])
    if any(abs(time - row["_creationTime"]) <= MINUTE_MS for time in times_in(first)):
        return
    given = newest_arguments(fork)
    numbers = [name for name, value in given.items() if isinstance(value, int | float) and not isinstance(value, bool)]
    later = {**given, **dict.fromkeys(numbers, row["_creationTime"] + 7_200_000.0)}
    is_told = bool(numbers) and await fork.alice.query(NEWEST, later) != first
    fork.expect(is_told, "time-missing", look_at=NEWEST, name=row["name"])


def newest_arguments(fork: Fork) -> dict[str, Any]:
    return arguments(fork.functions[NEWEST], TABLE, {}, wants_id=False)


def times_in(value: Any) -> Iterator[float]:
    """Every number of a result as milliseconds, be it some, seconds or minutes; every text that is a date likewise."""
    for leaf in leaves(value):
        if isinstance(leaf, str):
            moment = date_of(leaf)
            if moment is not None:
                yield moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000
        elif isinstance(leaf, int | float) and not isinstance(leaf, bool):
            yield from (float(leaf), float(leaf) * 1000, float(leaf) * MINUTE_MS)


def date_of(text: str) -> datetime | None:
    """A date as programs write it; None for other texts."""
    for read in (datetime.fromisoformat, parsedate_to_datetime, *(_reader(form) for form in DATES)):
        try:
            return read(text)
        except (ValueError, TypeError):
            continue
    return None


def _reader(form: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text.partition(" GMT")[0], form)


# ── results of any shape


def told_of(result: Any, rows: Mapping[str, Row]) -> set[str]:
    """The rows that a result tells of, by id or by name, anywhere in it. Nobody shares a name here."""
    by_name = {row["name"]: id_ for id_, row in rows.items()}
    names = {by_name[leaf] for leaf in leaves(result) if isinstance(leaf, str) and leaf in by_name}
    return ids_in(result, rows) | names
