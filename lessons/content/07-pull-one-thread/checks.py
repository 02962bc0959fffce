"""The checks of Pull one thread: a rename in three steps, widen, back-fill, narrow, with a live list all the while.

Task 1's forks begin with rows as they were stored before, task 3's with moved ones (seed-3.jsonl). What the check
stores itself has the shape that the step is about. Arguments and further fields are the learner's choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lessons.arguments import arguments
from lessons.fork import Answer, Fork, LiveQuery, Row, Verdict
from lessons.verdict import Place
from sandbox.engine import LearnerError, Problem

TABLE = "signups"
LIST_MINE, BUS_LIST = "signups:listMine", "signups:busList"
CREATE, CORRECT, BACKFILL = "signups:create", "signups:correct", "signups:backfill"
KINDS = {LIST_MINE: "query", BUS_LIST: "query", CREATE: "mutation", CORRECT: "mutation"}

NEW_NAME = "Leilani Kealoha"
OLD_SPELLING, NEW_SPELLING = "Jose Garcia", "José García Ruiz"
CREATED, CORRECTED = "Priya Raman", "Zainab Okonkwo-Eze"
BUS = 2.0
ROWS_TO_MOVE = 20
CALLS_MAX = 36
OF_THE_RENAME = re.compile(r"\b(?:name|fullName)\b")
SCHEMA = Place("convex/schema.ts", 1, 1)
CALLER = "convex/backfill_of_the_check.ts"
CALL_INTERNAL = """
import { makeFunctionReference } from "convex/server";
import { mutation } from "./_generated/server";

export default mutation({
  args: {},
  handler: async (ctx): Promise<null> => {
    await ctx.runMutation(makeFunctionReference<"mutation">("signups:backfill"), {});
    return null;
  },
});
"""
SWITCHED_OFF = re.compile(r"\bas any\b|:\s*any\b|<any>|\bas unknown as\b|@ts-(?:ignore|expect-error|nocheck)")


# ── task 1: old and new rows side by side


async def check_1(fork: Fork) -> Verdict:
    expect_functions(fork)
    await expect_new_rows_accepted(fork)
    await expect_still_strict(fork)
    await store_both_shapes(fork)
    await expect_names_listed(fork)
    await expect_names_on_bus(fork)
    await expect_created(fork)
    await expect_corrected(fork)
    await comment_on_types(fork)
    return fork.passed("passed-1")


def expect_functions(fork: Fork) -> None:
    for path, kind in KINDS.items():
        fork.expect_function(path, kind)


async def expect_new_rows_accepted(fork: Fork) -> None:
    problem = await refusal(fork, {"ownerId": "alice", "fullName": NEW_NAME, "bus": BUS})
    fork.expect(problem is None, "new-rows-refused", look_at=SCHEMA, problem=problem)


async def expect_still_strict(fork: Fork) -> None:
    whole: Row = {"ownerId": "probe", "fullName": "A Probe", "bus": BUS}
    for field, value in (("bus", "two"), ("ownerId", 7.0), ("fullName", 7.0)):
        kind = "text" if isinstance(value, str) else "a number"
        refused = await refusal(fork, {**whole, field: value})
        fork.expect(refused is not None, "schema-says-nothing", look_at=SCHEMA, what=f"with {kind} in `{field}`")
    for field in ("bus", "ownerId"):
        refused = await refusal(fork, {name: value for name, value in whole.items() if name != field})
        fork.expect(refused is not None, "schema-says-nothing", look_at=SCHEMA, what=f"without `{field}`")


async def store_both_shapes(fork: Fork) -> None:
    """A row with both fields, as `correct` leaves one; a schema may refuse that shape. And an archived one."""
    await refusal(fork, {"ownerId": "alice", "name": OLD_SPELLING, "fullName": NEW_SPELLING, "bus": BUS})
    await store_archived(fork)


async def store_archived(fork: Fork) -> None:
    await refusal(fork, {"ownerId": "alice", "fullName": "Ximena Paz", "bus": BUS, "archivedAt": 1_760_000_000_000.0})


async def expect_names_listed(fork: Fork) -> None:
    rows = await fork.rows(TABLE)
    value = await fork.alice.query(LIST_MINE, plain_args(fork, LIST_MINE))
    for row in active(rows, "alice"):
        expect_name_listed(fork, value, row)
    for row in rows.values():
        if (row["ownerId"] != "alice" or "archivedAt" in row) and is_met(value, row):
            what = "archived" if "archivedAt" in row else f"of {row['ownerId']}"
            fork.fail("list-shows-too-much", look_at=LIST_MINE, name=newest(row), what=what)


def is_met(value: Any, row: Row) -> bool:
    """By its id, or by its name where the result has no ids."""
    found = set(texts(value))
    return row["_id"] in found or (newest(row) in found and not any(entry.get("_id") for entry in objects_in(value)))


def expect_name_listed(fork: Fork, value: Any, row: Row) -> None:
    """The list has this row with its newest name in `fullName`."""
    name = newest(row)
    entry = entry_of(value, row)
    listed = None if entry is None else entry.get("fullName")
    if listed == name:
        return
    if "fullName" in row and "name" in row and listed == row["name"]:
        fork.fail("older-name-wins", look_at=LIST_MINE, function="listMine", old=row["name"], new=name)
    known = entry is not None or any(name in text for text in texts(value))
    fork.expect(known, "row-missing", look_at=LIST_MINE, name=name)
    finding = "new-rows-lack-full-name" if "fullName" in row else "old-rows-lack-full-name"
    fork.fail(finding, look_at=LIST_MINE, name=name)


async def expect_names_on_bus(fork: Fork) -> None:
    rows = await fork.rows(TABLE)
    lines = list(texts(await fork.alice.query(BUS_LIST, plain_args(fork, BUS_LIST))))
    on_bus = [row for row in rows.values() if row["bus"] == BUS and "archivedAt" not in row]
    bad = next((line for line in lines if re.search(r"\b(undefined|null)\b", line)), None)
    fork.expect(bad is None, "pupil-undefined", look_at=BUS_LIST, line=bad)
    hidden = [row for row in rows.values() if row["bus"] == BUS and "archivedAt" in row]
    shown = next((newest(row) for row in hidden if any(newest(row) in line for line in lines)), None)
    fork.expect(shown is None, "bus-list-shows-archived", look_at=BUS_LIST, name=shown)
    for row in on_bus:
        name = newest(row)
        if any(name in line for line in lines):
            continue
        if "fullName" in row and "name" in row and any(row["name"] in line for line in lines):
            fork.fail("older-name-wins", look_at=BUS_LIST, function="busList", old=row["name"], new=name)
        field = "fullName" if "fullName" in row else "name"
        fork.fail("bus-list-lacks", look_at=BUS_LIST, name=name, field=field)


async def expect_created(fork: Fork) -> None:
    before = await fork.rows(TABLE)
    answer = await fork.alice.try_mutate(CREATE, name_args(fork, CREATE, CREATED))
    raise_refusal(fork, "create-refused", CREATE, answer)
    added = [row for id_, row in (await fork.rows(TABLE)).items() if id_ not in before]
    fork.expect(added, "create-writes-nothing", look_at=CREATE)
    row = added[0]
    if row.get("fullName") is None and row.get("name") == CREATED:
        fork.fail("create-writes-old-name", look_at=CREATE, name=CREATED)
    found = row.get("fullName")
    fork.expect(found == CREATED, "create-writes-another-name", look_at=CREATE, name=CREATED, found=found)


async def expect_corrected(fork: Fork) -> None:
    """One row of each shape gets another spelling."""
    rows = active(await fork.rows(TABLE), "alice")
    old = [row for row in rows if "fullName" not in row]
    new = [row for row in rows if "fullName" in row]
    for number, row in enumerate([*old[:1], *new[:1]]):
        spelled = f"{CORRECTED} {number + 1}"
        answer = await fork.alice.try_mutate(CORRECT, name_args(fork, CORRECT, spelled, row))
        raise_refusal(fork, "correct-refused", CORRECT, answer)
        found = (await fork.rows(TABLE))[row["_id"]].get("fullName")
        same = found == spelled
        fork.expect(same, "correct-writes-old-name", look_at=CORRECT, name=spelled, found=found or "not there")
        await expect_correction_shown(fork, row, spelled)
    await expect_guard_kept(fork, rows[0])


async def expect_guard_kept(fork: Fork, row: Row) -> None:
    before = (await fork.rows(TABLE))[row["_id"]]
    await fork.bob.try_mutate(CORRECT, name_args(fork, CORRECT, "Changed by Bob", row))
    same = (await fork.rows(TABLE))[row["_id"]] == before
    fork.expect(same, "guard-lost", look_at=CORRECT, name=newest(before))


async def expect_correction_shown(fork: Fork, row: Row, spelled: str) -> None:
    entry = entry_of(await fork.alice.query(LIST_MINE, plain_args(fork, LIST_MINE)), {**row, "fullName": spelled})
    listed = entry is not None and entry.get("fullName") == spelled
    fork.expect(listed, "correction-not-shown", look_at=LIST_MINE, name=spelled, function="listMine")
    lines = texts(await fork.alice.query(BUS_LIST, plain_args(fork, BUS_LIST, row["bus"])))
    on_bus = any(spelled in line for line in lines)
    fork.expect(on_bus, "correction-not-shown", look_at=BUS_LIST, name=spelled, function="busList")


# ── task 2: move the old rows


async def check_2(fork: Fork) -> Verdict:
    expect_functions(fork)
    path = await callable_backfill(fork)
    await expect_new_rows_accepted(fork)
    await store_both_shapes(fork)
    await fork.insert(TABLE, list(rows_to_move()))
    before = await fork.rows(TABLE)
    live = await fork.alice.subscribe(LIST_MINE, plain_args(fork, LIST_MINE))
    calls = await call_until_nothing_changes(fork, path, len(before))
    after = await fork.rows(TABLE)
    expect_all_moved(fork, before, after)
    await expect_no_name_lost(fork, live, before)
    await comment_on_types(fork)
    return fork.passed("passed-2", calls=calls, rows=len(before))


def rows_to_move() -> Iterator[Row]:
    """Of several desks, active and archived, in the old shape and in the new one."""
    for number in range(ROWS_TO_MOVE):
        row: Row = {"ownerId": ("alice", "bob", "class-6a")[number % 3], "bus": float(number % 3 + 1)}
        row["fullName" if number % 6 == 5 else "name"] = f"Pupil {number}"
        if number % 4 == 3:
            row["archivedAt"] = 1_760_000_000_000.0 + number
        yield row


async def callable_backfill(fork: Fork) -> str:
    """The path by which a client calls `backfill`: an internal one, as it would be elsewhere, through a mutation."""
    function = fork.functions.get(BACKFILL)
    if function is None or function.visibility == "public":
        fork.expect_function(BACKFILL, "mutation")
        return BACKFILL
    fork.expect_function(BACKFILL, "mutation", visibility="internal")
    await fork.try_deploy({CALLER: CALL_INTERNAL})
    return "backfill_of_the_check:default"


async def call_until_nothing_changes(fork: Fork, path: str, rows: int) -> int:
    """Returns the number of calls, that of the last one included, which changed nothing."""
    before: Mapping[str, Row] = {}
    after = await fork.rows(TABLE)
    calls = 0
    while after != before:
        fork.expect(calls < CALLS_MAX, "never-at-rest", look_at=BACKFILL, calls=CALLS_MAX)
        # Whatever a batch wants to know, it begins at the beginning.
        args = {name: None if "cursor" in name.lower() else value for name, value in plain_args(fork, path).items()}
        answer = await fork.alice.try_mutate(path, args)
        if answer.refused is not None:
            problem = answer.refused.first_line.removeprefix("Uncaught ")
            fork.fail("backfill-refused", look_at=answer.refused, rows=rows, problem=problem)
        await fork.finish_scheduled()
        calls += 1
        before, after = after, await fork.rows(TABLE)
    return calls


def expect_all_moved(fork: Fork, before: Mapping[str, Row], after: Mapping[str, Row]) -> None:
    gone = [row for id_, row in before.items() if id_ not in after]
    fork.expect(not gone, "rows-replaced", look_at=BACKFILL, count=len(gone))
    for id_, row in before.items():
        expect_names_kept(fork, row, after[id_])
    expect_none_left(fork, before, after)
    for id_, row in before.items():
        expect_rest_kept(fork, row, after[id_])


def expect_names_kept(fork: Fork, row: Row, now: Row) -> None:
    found = now.get("fullName", "not there")
    if "fullName" not in row or found == row["fullName"]:
        return
    finding = "correction-overwritten" if "name" in row else "newer-name-lost"
    fork.fail(finding, look_at=BACKFILL, name=row["fullName"], found=found)


def expect_none_left(fork: Fork, before: Mapping[str, Row], after: Mapping[str, Row]) -> None:
    """Names every reason for which old rows may be left that can be seen from outside."""
    old = [row for row in before.values() if "name" in row]
    left = [row for row in old if "name" in after[row["_id"]]]
    if not left:
        wrong = next((row for row in old if after[row["_id"]].get("fullName") != newest(row)), None)
        if wrong is not None:
            found = after[wrong["_id"]].get("fullName", "nothing")
            fork.fail("wrong-name-moved", look_at=BACKFILL, name=newest(wrong), found=found)
        return
    unmoved = [row for row in left if "fullName" not in after[row["_id"]]]
    fork.expect(unmoved, "name-left-behind", look_at=BACKFILL, count=len(left))
    moved = [row for row in old if row not in left]
    if all("archivedAt" in row for row in left) and any("archivedAt" not in row for row in moved):
        fork.fail("bin-forgotten", look_at=BACKFILL, left=len(left))
    owners, movers = {row["ownerId"] for row in left}, {row["ownerId"] for row in moved}
    if movers and not owners & movers:
        fork.fail("only-own-rows", look_at=BACKFILL, left=len(left))
    fork.expect(moved, "nothing-moved", look_at=BACKFILL, left=len(left))
    fork.fail("backfill-stops-early", look_at=BACKFILL, moved=len(moved), left=len(left))


def expect_rest_kept(fork: Fork, row: Row, now: Row) -> None:
    for field in row.keys() | now.keys():
        if field in ("name", "fullName") or row.get(field) == now.get(field):
            continue
        values = {"before": row.get(field, "not there"), "after": now.get(field, "not there")}
        fork.fail("other-fields-changed", look_at=BACKFILL, name=newest(row), field=field, **values)


async def expect_no_name_lost(fork: Fork, live: LiveQuery, before: Mapping[str, Row]) -> None:
    """In every result that the live list has had, each of Alice's rows has its name."""
    await fork.settle()
    for value in live.emissions:
        for row in active(before, "alice"):
            entry = entry_of(value, row)
            listed = entry is not None and entry.get("fullName") == newest(row)
            fork.expect(listed, "pane-lost-a-name", look_at=LIST_MINE, name=newest(row))


# ── task 3: narrow


async def check_3(fork: Fork) -> Verdict:
    expect_functions(fork)
    await expect_new_rows_accepted(fork)
    await expect_still_strict(fork)
    nameless = [await refusal(fork, {"ownerId": "probe", "bus": BUS, **more}) for more in ({}, {"fullName": None})]
    fork.expect(None not in nameless, "new-field-optional", look_at=SCHEMA)
    both = await refusal(fork, {"ownerId": "probe", "name": "An Old Name", "fullName": "A New Name", "bus": BUS})
    declared = "name" in fork.schema.tables[TABLE].fields
    fork.expect(both is not None and not declared, "old-field-allowed", look_at=SCHEMA)
    await store_archived(fork)
    await expect_names_listed(fork)
    await expect_names_on_bus(fork)
    await expect_created(fork)
    await expect_corrected(fork)
    found = await fork.types()
    # A missing annotation, say, is red too, but no trace of the rename.
    problems = [problem for problem in found if OF_THE_RENAME.search(problem.message)]
    if problems:
        first, count = problems[0], counted(len(problems), "problem")
        message = re.sub(r"^TS\d+: ", "", first.message.partition("\n")[0])
        fork.fail("still-red", look_at=place_of(first), problems=count, file=first.file, problem=message)
    comment_on_problems(fork, found)
    if BACKFILL in fork.functions:
        fork.advise("backfill-left", look_at=fork.place(BACKFILL))
    return fork.passed("passed-3")


# ── comments beside a pass


async def comment_on_types(fork: Fork) -> None:
    comment_on_problems(fork, await fork.types())


def comment_on_problems(fork: Fork, problems: Sequence[Problem]) -> None:
    comment_on_switched_off_types(fork)
    if problems:
        count, file = counted(len(problems), "problem"), problems[0].file
        fork.advise("still-red-advice", look_at=place_of(problems[0]), problems=count, file=file)


def comment_on_switched_off_types(fork: Fork) -> None:
    for file, text in sorted(fork.files.items()):
        found = SWITCHED_OFF.search(text)
        if found:
            line = text.count("\n", 0, found.start()) + 1
            what = f"is `{found.group().strip()}`"
            fork.advise("any-or-cast", look_at=Place(file, line, 1), what=what, file=file)
            return


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def place_of(problem: Problem) -> Place:
    return Place(problem.file, problem.line, problem.column)


# ── calls and rows


async def refusal(fork: Fork, row: Row) -> str | None:
    """Stores the row; the schema's reason where it refuses."""
    try:
        await fork.insert(TABLE, [row])
    except LearnerError as error:
        return error.message.strip()
    return None


def raise_refusal(fork: Fork, finding: str, path: str, answer: Answer) -> None:
    if answer.refused is not None:
        problem = answer.refused.first_line.removeprefix("Uncaught ")
        fork.fail(finding, look_at=answer.refused, problem=problem)


def plain_args(fork: Fork, path: str, bus: float = BUS) -> dict[str, Any]:
    sample = {"_id": "", "bus": bus}
    return arguments(fork.functions[path], TABLE, sample, wants_id=False)


def name_args(fork: Fork, path: str, name: str, row: Row | None = None) -> dict[str, Any]:
    """Arguments in which every text is this name, whatever the argument is called."""
    sample = {"_id": "" if row is None else row["_id"], "bus": BUS, "name": name, "fullName": name, "ownerId": name}
    return arguments(fork.functions[path], TABLE, sample, wants_id=row is not None)


def active(rows: Mapping[str, Row], owner: str) -> list[Row]:
    return [row for row in rows.values() if row["ownerId"] == owner and "archivedAt" not in row]


def newest(row: Row) -> str:
    return str(row.get("fullName", row.get("name")))


def entry_of(value: Any, row: Row) -> dict[str, Any] | None:
    """The object in a result that stands for this row: the one with its id, else the one with its newest name."""
    objects = list(objects_in(value))
    by_id = next((entry for entry in objects if row["_id"] in entry.values()), None)
    return by_id or next((entry for entry in objects if entry.get("fullName") == newest(row)), None)


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    match value:
        case dict():
            yield value
            for entry in value.values():
                yield from objects_in(entry)
        case list():
            for entry in value:
                yield from objects_in(entry)


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for entry in value:
                yield from texts(entry)
        case dict():
            for entry in value.values():
                yield from texts(entry)
