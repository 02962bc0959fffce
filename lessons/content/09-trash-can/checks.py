"""The checks of Trash can: archive and restore a row; leave the bin out of a bus; purge by a rule; keep a tape.

Behaviour alone decides. The names of functions that the tasks name are fixed, because panes or other tasks call them;
arguments, further fields, return shapes and the meaning of "not archived" are the learner's choice.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lessons.arguments import arguments, takes_id
from lessons.fork import CallRefused, Client, Fork, LiveQuery, Row
from lessons.results import changed_fields, code, holds, ids_in, leaves, listed, names_of
from lessons.verdict import Place, Verdict

TABLE = "signups"
LIST_ACTIVE, LIST_ARCHIVED = "signups:listActive", "signups:listArchived"
ARCHIVE, RESTORE, CREATE = "signups:archive", "signups:restore", "signups:create"
KINDS = {LIST_ACTIVE: "query", ARCHIVE: "mutation", RESTORE: "mutation", LIST_ARCHIVED: "query"}
OWN_FIELDS = ("_id", "_creationTime", "ownerId", "name", "bus")


@dataclass(frozen=True, slots=True)
class Scene:
    """Alice's list before anything happened. `row` is the one to be archived, `others` the rest of her list."""

    fork: Fork
    before: dict[str, Row]
    row: Row
    others: frozenset[str]
    live: LiveQuery

    @property
    def id(self) -> str:
        return str(self.row["_id"])

    @property
    def name(self) -> str:
        return str(self.row["name"])

    @property
    def alice(self) -> Client:
        return self.fork.alice


async def check_1(fork: Fork) -> Verdict:
    expect_functions(fork)
    scene = await open_scene(fork)
    await archive(scene)
    await expect_hidden(scene)
    await expect_in_bin(scene)
    await restore(scene)
    await expect_same_row(scene)
    await expect_back_in_list(scene)
    await expect_bin_is_empty(scene)
    return fork.passed("passed-1", name=scene.name)


def expect_functions(fork: Fork) -> None:
    missing = [path for path in KINDS if path not in fork.functions]
    names = listed([code(path) for path in missing])
    verb = "is" if len(missing) == 1 else "are"
    found = f" {_nearest(fork, missing)}".rstrip()
    fork.expect(
        not missing, "functions-missing", look_at=_place_for(fork, missing), names=names, verb=verb, found=found
    )
    for path, kind in KINDS.items():
        fork.expect_function(path, kind)


def _place_for(fork: Fork, missing: Collection[str]) -> Place | None:
    """Where to write what is missing: at what it replaces, or after the last function that is there."""
    if ARCHIVE in missing and "signups:remove" in fork.functions:
        return fork.place("signups:remove")
    places = [place for place in map(fork.place, fork.functions) if place is not None]
    return max(places, key=lambda place: (place.file == "convex/signups.ts", place.line), default=None)


def _nearest(fork: Fork, missing: Collection[str]) -> str:
    """What the project has instead: a function of nearly that name, or the delete that cannot be undone."""
    others = [path for path in fork.functions if path not in KINDS]
    for path in missing:
        close = difflib.get_close_matches(path.lower(), [other.lower() for other in others], n=1, cutoff=0.85)
        same_name = [other for other in others if other.partition(":")[2] == path.partition(":")[2]]
        found = same_name or [other for other in others if other.lower() in close]
        if found:
            return f"There is `{found[0]}`."
    if ARCHIVE in missing and "signups:remove" in others:
        return "`remove` deletes the row, so nothing can bring it back."
    return ""


async def open_scene(fork: Fork) -> Scene:
    before = await fork.rows(TABLE)
    mine = [row for row in before.values() if row["ownerId"] == "alice"]
    row = mine[1]
    live = await fork.alice.subscribe(LIST_ACTIVE, arguments(fork.functions[LIST_ACTIVE], TABLE, row, wants_id=False))
    shown, wanted = ids_in(live.value, before), {entry["_id"] for entry in mine}
    names = {"shown": names_of(shown, before), "count": len(mine), "wanted": names_of(wanted, before)}
    fork.expect(shown == wanted, "list-is-not-hers", look_at=LIST_ACTIVE, **names)
    return Scene(fork, before, row, frozenset(shown - {row["_id"]}), live)


async def archive(scene: Scene) -> None:
    await scene.alice.mutate(ARCHIVE, _args(scene, ARCHIVE, wants_id=True))
    rows = await scene.fork.rows(TABLE)
    _expect_others_untouched(scene, rows, ARCHIVE)
    if scene.id not in rows:
        await _explain_lost_row(scene)


async def _explain_lost_row(scene: Scene) -> None:
    """The row was deleted: what comes back, if anything does, is another row."""
    restored = await scene.alice.try_mutate(RESTORE, _args(scene, RESTORE, wants_id=True))
    rows = await scene.fork.rows(TABLE)
    if rows.keys() - scene.before.keys():
        scene.fork.fail("row-is-another", look_at=ARCHIVE, name=scene.name)
    if restored.refused is not None:
        problem = restored.refused.first_line
        scene.fork.fail("row-deleted-restore-refused", look_at=ARCHIVE, name=scene.name, problem=problem)
    scene.fork.fail("row-deleted", look_at=ARCHIVE, name=scene.name)


async def expect_hidden(scene: Scene) -> None:
    fork = scene.fork
    shown = ids_in(await scene.alice.query(LIST_ACTIVE, _args(scene, LIST_ACTIVE)), scene.before)
    row = (await fork.rows(TABLE))[scene.id]
    is_as_before = scene.id in shown and row == scene.row
    fork.expect(not is_as_before, "nothing-changed", look_at=ARCHIVE, name=scene.name)
    marked = _difference(scene.row, row)
    fork.expect(scene.id not in shown, "archived-in-list", look_at=LIST_ACTIVE, name=scene.name, marked=marked)
    lost = names_of(scene.others - shown, scene.before)
    fork.expect(scene.others <= shown, "list-lost-others", look_at=LIST_ACTIVE, name=scene.name, lost=lost)
    left = await scene.live.wait_until(lambda value: ids_in(value, scene.before) == scene.others)
    fork.expect(left, "live-list-kept-it", look_at=LIST_ACTIVE, name=scene.name)


async def expect_in_bin(scene: Scene) -> None:
    fork = scene.fork
    result = await scene.alice.query(LIST_ARCHIVED, _args(scene, LIST_ARCHIVED))
    binned = ids_in(result, scene.before)
    values = {"name": scene.name, "listed": names_of(binned, scene.before)}
    fork.expect(binned or not result, "bin-without-ids", look_at=LIST_ARCHIVED, **values)
    fork.expect(scene.id in binned, "bin-lacks-it", look_at=LIST_ARCHIVED, **values)
    extra = names_of(binned - {scene.id}, scene.before)
    fork.expect(binned == {scene.id}, "bin-lists-others", look_at=LIST_ARCHIVED, name=scene.name, extra=extra)


async def restore(scene: Scene) -> None:
    try:
        await scene.alice.mutate(RESTORE, _args(scene, RESTORE, wants_id=True))
    except CallRefused as refused:
        wrote_null = "archivedAt" in refused.message and "null" in refused.message
        finding = "restore-writes-null" if wrote_null else "restore-refused"
        scene.fork.fail(finding, look_at=refused, name=scene.name, problem=refused.first_line)


async def expect_same_row(scene: Scene) -> None:
    fork = scene.fork
    rows = await fork.rows(TABLE)
    _expect_others_untouched(scene, {id_: row for id_, row in rows.items() if id_ in scene.before}, RESTORE)
    added = rows.keys() - scene.before.keys()
    fork.expect(not added, "restore-inserted", look_at=RESTORE, name=scene.name)
    fork.expect(scene.id in rows, "restore-deleted", look_at=RESTORE, name=scene.name)
    changed = listed([f"`{field}`" for field in OWN_FIELDS if rows[scene.id].get(field) != scene.row[field]])
    fork.expect(not changed, "restored-row-differs", look_at=RESTORE, name=scene.name, changed=changed)


async def expect_back_in_list(scene: Scene) -> None:
    fork = scene.fork
    shown = ids_in(await scene.alice.query(LIST_ACTIVE, _args(scene, LIST_ACTIVE)), scene.before)
    row = (await fork.rows(TABLE))[scene.id]
    left_null = "archivedAt" in row and row["archivedAt"] is None
    finding = "restored-as-null" if left_null else "restored-not-listed"
    state = _difference(scene.row, row) or "as before"
    fork.expect(scene.id in shown, finding, look_at=RESTORE, name=scene.name, state=state)
    everyone = scene.others | {scene.id}
    returned = await scene.live.wait_until(lambda value: ids_in(value, scene.before) == everyone)
    fork.expect(returned, "live-list-lacks-it", look_at=LIST_ACTIVE, name=scene.name)


async def expect_bin_is_empty(scene: Scene) -> None:
    binned = ids_in(await scene.alice.query(LIST_ARCHIVED, _args(scene, LIST_ARCHIVED)), scene.before)
    names = names_of(binned, scene.before)
    scene.fork.expect(not binned, "bin-keeps-it", look_at=LIST_ARCHIVED, name=scene.name, listed=names)


def _expect_others_untouched(scene: Scene, rows: dict[str, Row], path: str) -> None:
    touched = {id_ for id_, row in scene.before.items() if id_ != scene.id and rows.get(id_) != row}
    finding = "others-changed" if takes_id(scene.fork.functions[path], TABLE, scene.row) else "others-changed-no-id"
    scene.fork.expect(
        not touched,
        finding,
        look_at=path,
        function=path.partition(":")[2],
        name=scene.name,
        count=f"{len(touched)} other row{'' if len(touched) == 1 else 's'}",
        touched=names_of(touched, scene.before),
    )


def _args(scene: Scene, path: str, *, wants_id: bool = False) -> dict[str, Any]:
    return arguments(scene.fork.functions[path], TABLE, scene.row, wants_id=wants_id)


def _difference(before: Row, after: Row) -> str:
    fields = changed_fields(before, after)
    return ", ".join(f"`{field}` is {'set' if after.get(field) is not None else 'empty'}" for field in fields)


# ── task 2: the bin is not part of the bus ──────────────────────────────────

SEATS_TAKEN, PASSENGERS, BOOK = "desk:seatsTaken", "desk:passengers", "desk:book"
DESK = {SEATS_TAKEN: "query", PASSENGERS: "query", BOOK: "mutation"}
SEATS = 3
NEW_NAMES = ("Tariq Hassan", "Sione Tupou", "Élodie Martin")


async def check_2(fork: Fork) -> Verdict:
    for path, kind in DESK.items():
        fork.expect_function(path, kind, look_at=Place("convex/desk.ts", 1, 1))
    rows = await fork.rows(TABLE)
    aboard = [row for row in rows.values() if row["bus"] == 1]
    ghost = aboard[1]
    names = [str(row["name"]) for row in aboard if row is not ghost]
    await expect_bus(fork, 1, len(aboard), [str(row["name"]) for row in aboard])
    full = await fork.bob.try_mutate(BOOK, _booking(fork, NEW_NAMES[0], 1))
    fork.expect(full.refused, "overfull", look_at=BOOK, seats=SEATS, name=NEW_NAMES[0])
    await put_into_bin(fork, ghost)
    await expect_no_ghost(fork, ghost, names)
    freed = await fork.bob.try_mutate(BOOK, _booking(fork, NEW_NAMES[0], 1))
    values = {"name": ghost["name"], "other": NEW_NAMES[0]}
    fork.expect(freed.refused is None, "seat-not-freed", look_at=BOOK, problem=_problem(freed.refused), **values)
    await expect_names(fork, next(row for row in rows.values() if row["bus"] == 2))
    return fork.passed("passed-2", name=ghost["name"])


async def expect_bus(fork: Fork, bus: int, count: int, names: list[str]) -> None:
    """The bus before anything is in the bin."""
    counted = await fork.alice.query(SEATS_TAKEN, _on_bus(fork, SEATS_TAKEN, bus))
    listed_ = await fork.alice.query(PASSENGERS, _on_bus(fork, PASSENGERS, bus))
    values = {"bus": bus, "count": count}
    fork.expect(holds(counted, count), "live-rows-missing", look_at=SEATS_TAKEN, told=told(counted), **values)
    missing = [name for name in names if not mentions(listed_, name)]
    fork.expect(not missing, "live-rows-missing", look_at=PASSENGERS, told=told(listed_), **values)


async def expect_no_ghost(fork: Fork, ghost: Row, names: list[str]) -> None:
    counted = await fork.alice.query(SEATS_TAKEN, _on_bus(fork, SEATS_TAKEN, 1))
    listed_ = await fork.alice.query(PASSENGERS, _on_bus(fork, PASSENGERS, 1))
    values = {"name": ghost["name"], "count": len(names), "told": told(counted)}
    fork.expect(holds(counted, len(names)), "count-includes-the-bin", look_at=SEATS_TAKEN, **values)
    is_ghost = mentions(listed_, str(ghost["name"])) or holds(listed_, ghost["_id"])
    fork.expect(not is_ghost, "ghost-on-the-list", look_at=PASSENGERS, name=ghost["name"])
    lost = [name for name in names if not mentions(listed_, name)]
    fork.expect(not lost, "list-lost-live-rows", look_at=PASSENGERS, name=ghost["name"], lost=", ".join(lost))


async def expect_names(fork: Fork, row: Row) -> None:
    """A name in the bin is free; a name on the bus is not."""
    name = str(row["name"])
    await put_into_bin(fork, row)
    again = await fork.bob.try_mutate(BOOK, _booking(fork, name, 2))
    problem = _problem(again.refused)
    fork.expect(again.refused is None, "name-kept-by-the-bin", look_at=BOOK, name=name, problem=problem)
    before = await fork.rows(TABLE)
    twice = await fork.bob.try_mutate(BOOK, _booking(fork, name, 2))
    added = (await fork.rows(TABLE)).keys() - before.keys()
    fork.expect(twice.refused is not None or not added, "twice-on-a-bus", look_at=BOOK, name=name)


async def put_into_bin(fork: Fork, row: Row) -> None:
    """Archived by its owner: a project may refuse everybody else (lesson 6)."""
    args = arguments(fork.functions[ARCHIVE], TABLE, row, wants_id=True)
    await fork.person(str(row["ownerId"])).mutate(ARCHIVE, args)


def _on_bus(fork: Fork, path: str, bus: int) -> dict[str, Any]:
    sample = {"_id": "", "ownerId": "alice", "name": "", "bus": float(bus)}
    return arguments(fork.functions[path], TABLE, sample, wants_id=False)


def _booking(fork: Fork, name: str, bus: int) -> dict[str, Any]:
    sample = {"_id": "", "ownerId": "bob", "name": name, "bus": float(bus)}
    return arguments(fork.functions[BOOK], TABLE, sample, wants_id=False)


def mentions(result: Any, name: str) -> bool:
    """Whether the name stands anywhere in a result, also inside a text."""
    return any(isinstance(leaf, str) and name in leaf for leaf in leaves(result))


def told(result: Any) -> str:
    return json.dumps(result, ensure_ascii=False) if not isinstance(result, list) else f"{len(result)} entries"


def _problem(refused: CallRefused | None) -> str:
    return "" if refused is None else refused.first_line


# ── task 3: purge by a rule ─────────────────────────────────────────────────

RULES = "retention"
RULE_DAYS, SHORT_DAYS, OTHER_RULE_DAYS = 10, 3, 40
OFFICE = "convex/officeOfTheCheck.ts"
SET_RULE = "officeOfTheCheck:setRule"
# A rule is data, and the office changes it: this stands in for the office, in the fork alone.
OFFICE_CODE = """import { mutation } from "./_generated/server";
export const setRule = mutation(async (ctx: any, { days, purgedBy }: any) => {
  for (const rule of await ctx.db.query("retention").collect()) await ctx.db.delete(rule._id);
  await ctx.db.insert("retention", { table: "signups", days, purgedBy });
});
"""


async def check_3(fork: Fork) -> Verdict:
    for path, kind in KINDS.items():
        fork.expect_function(path, kind)
    await open_office(fork, RULE_DAYS)
    old, young, restored, *_ = (await fork.rows(TABLE)).values()
    live = set(await fork.rows(TABLE)) - {old["_id"], young["_id"], restored["_id"]}
    for row in (old, restored):
        await put_into_bin(fork, row)
    await pass_days(fork, 7)
    await expect_there(fork, live, "live-rows-purged", days=7)
    await expect_there(fork, {old["_id"]}, "purged-too-early", days=7, name=old["name"], rule=RULE_DAYS)
    await put_into_bin(fork, young)
    await take_out_of_bin(fork, restored)
    await pass_days(fork, 2)
    await expect_there(fork, {old["_id"]}, "purged-too-early", days=9, name=old["name"], rule=RULE_DAYS)
    await pass_days(fork, 2.5)
    await expect_purged(fork, old)
    await expect_there(fork, {restored["_id"]}, "restored-row-purged", days=12, name=restored["name"])
    await expect_there(fork, {young["_id"]}, "counted-from-creation", days=5, name=young["name"], rule=RULE_DAYS)
    await expect_there(fork, live, "live-rows-purged", days=12)
    await expect_rule_is_data(fork, young, live)
    return fork.passed("passed-3", name=old["name"])


async def open_office(fork: Fork, days: int) -> None:
    fields = fork.schema.tables[RULES].fields if RULES in fork.schema.tables else {}
    place = Place("convex/schema.ts", 1, 1)
    if not {"table", "days", "purgedBy"} <= fields.keys():
        rows = await fork.rows(TABLE)
        fork.fail("rule-table-missing", look_at=place, count=len(rows))
    problems = await fork.try_deploy({OFFICE: OFFICE_CODE})
    fork.expect(not problems, "rule-refused", look_at=place, problem=problems[0].message if problems else "")
    await set_rule(fork, days, "cron")


async def set_rule(fork: Fork, days: int, purged_by: str) -> None:
    answer = await fork.nobody.try_mutate(SET_RULE, {"days": float(days), "purgedBy": purged_by})
    place, problem = Place("convex/schema.ts", 1, 1), _problem(answer.refused)
    fork.expect(answer.refused is None, "rule-refused", look_at=place, problem=problem)


async def pass_days(fork: Fork, days: float) -> None:
    ended = await fork.forward(days=days)
    fork.expect(ended, "job-does-not-end", look_at=_purge_place(fork))


async def take_out_of_bin(fork: Fork, row: Row) -> None:
    await fork.person(str(row["ownerId"])).mutate(
        RESTORE, arguments(fork.functions[RESTORE], TABLE, row, wants_id=True)
    )


async def expect_purged(fork: Fork, row: Row) -> None:
    """Its time is over. When it is not gone, more days pass, to learn whether another number is at work."""
    if row["_id"] not in await fork.rows(TABLE):
        return
    await pass_days(fork, OTHER_RULE_DAYS)
    is_late = row["_id"] not in await fork.rows(TABLE)
    values = {"name": row["name"], "rule": RULE_DAYS, "days": RULE_DAYS + 1}
    fork.fail("rule-not-read" if is_late else "never-purged", look_at=_purge_place(fork), **values)


async def expect_there(fork: Fork, ids: set[str], finding: str, **values: Any) -> None:
    rows = await fork.rows(TABLE)
    gone = ids - rows.keys()
    fork.expect(not gone, finding, look_at=_purge_place(fork), count=len(gone), **values)


async def expect_rule_is_data(fork: Fork, young: Row, live: set[str]) -> None:
    """The office shortens the time, then holds everything, then lifts the hold."""
    held = (await fork.rows(TABLE))[min(live)]
    await put_into_bin(fork, held)
    await set_rule(fork, SHORT_DAYS, "nobody")
    await pass_days(fork, 4)
    kept = {held["_id"], young["_id"]}
    await expect_there(fork, kept, "held-row-purged", days=4, name=held["name"], rule=SHORT_DAYS)
    await set_rule(fork, SHORT_DAYS, "cron")
    await expect_closed(fork, held)
    await set_rule(fork, SHORT_DAYS, "cron")
    await pass_days(fork, 1.5)
    is_gone = held["_id"] not in await fork.rows(TABLE)
    values = {"name": held["name"], "rule": SHORT_DAYS, "days": 5}
    fork.expect(is_gone, "rule-not-read", look_at=_purge_place(fork), **values)


async def expect_closed(fork: Fork, due: Row) -> None:
    """A browser can call every public function; none of them may purge a row that is due.

    One that wants the id of a row is about that row, and no purge: it is told none.
    """
    known = {*KINDS, *DESK, CREATE, SET_RULE, "signups:remove"}
    for path, function in fork.functions.items():
        if path in known or function.visibility != "public" or function.kind == "query":
            continue
        await fork.nobody.try_call(path, arguments(function, TABLE, due | {"_id": ""}, wants_id=True))
        gone = due["_id"] not in await fork.rows(TABLE)
        fork.expect(not gone, "purge-is-public", look_at=path, function=path, name=due["name"])


def _purge_place(fork: Fork) -> Place | None:
    """Where a purge may stand: in a file of the learner's other than those of the first two tasks."""
    known = {*KINDS, *DESK, CREATE, SET_RULE}
    others = [path for path in fork.functions if path not in known]
    named = [path for path in others if "purge" in path.lower()] or others
    return fork.place(named[0]) if named else Place("convex/crons.ts", 1, 1)


# ── task 4: the tape, and a seat that was sold meanwhile ────────────────────

TAPE = "audit"


async def check_4(fork: Fork) -> Verdict:
    for path, kind in {**KINDS, **DESK}.items():
        fork.expect_function(path, kind, look_at=Place("convex/desk.ts", 1, 1))
    fields = fork.schema.tables[TAPE].fields if TAPE in fork.schema.tables else {}
    if not {"action", "rowId", "by", "at"} <= fields.keys():
        fork.fail("tape-missing", look_at=Place("convex/schema.ts", 1, 1), count=len(await fork.rows(TABLE)))
    await open_office(fork, SHORT_DAYS)
    rows = list((await fork.rows(TABLE)).values())
    await expect_tape(fork, next(row for row in rows if row["bus"] == 3))
    await expect_sold_seat(fork, [row for row in rows if row["bus"] == 1])
    await expect_no_twin(fork, next(row for row in rows if row["bus"] == 2))
    await expect_purge_on_tape(fork)
    return fork.passed("passed-4", count=len(await fork.rows(TAPE)))


async def entries(fork: Fork, row: Row) -> list[str]:
    """The actions on the tape for a row, in their order."""
    return [str(entry.get("action")) for entry in (await fork.rows(TAPE)).values() if entry.get("rowId") == row["_id"]]


async def expect_tape(fork: Fork, row: Row) -> None:
    """Alice archives Bob's row, and Bob does so again; then it is restored. Two entries, the first in her name."""
    name = row["name"]
    args = arguments(fork.functions[ARCHIVE], TABLE, row, wants_id=True)
    actor, answer = "alice", await fork.alice.try_mutate(ARCHIVE, args)
    if answer.refused is not None:
        # Whoever keeps others from it (lesson 6) has the owner do it.
        actor = str(row["ownerId"])
        await put_into_bin(fork, row)
    said = await entries(fork, row)
    fork.expect(said == ["archive"], "archive-not-noted", look_at=ARCHIVE, name=name, said=listed(said) or "nothing")
    by = str(next(iter((await fork.rows(TAPE)).values()))["by"])
    fork.expect(actor in by.lower(), "owner-is-not-the-actor", look_at=ARCHIVE, name=name, by=by)
    before = (await fork.rows(TABLE))[row["_id"]]
    await fork.forward(hours=1)
    await fork.bob.try_mutate(ARCHIVE, args)
    is_same = (await fork.rows(TABLE)).get(row["_id"]) == before
    once = await entries(fork, row) == ["archive"]
    fork.expect(is_same and once, "archived-twice", look_at=ARCHIVE, name=name)
    await take_out_of_bin(fork, row)
    said = await entries(fork, row)
    is_noted = said == ["archive", "restore"]
    fork.expect(is_noted, "restore-not-noted", look_at=RESTORE, name=name, said=listed(said))


async def expect_sold_seat(fork: Fork, aboard: list[Row]) -> None:
    """Bus 1 is full. One goes into the bin, the seat is sold, and then the first one is to come back."""
    first, second, *_ = aboard
    name, other = first["name"], NEW_NAMES[1]
    await put_into_bin(fork, first)
    await fork.bob.mutate(BOOK, _booking(fork, other, 1))
    await fork.alice.try_mutate(RESTORE, arguments(fork.functions[RESTORE], TABLE, first, wants_id=True))
    counted = await fork.alice.query(SEATS_TAKEN, _on_bus(fork, SEATS_TAKEN, 1))
    listed_ = await fork.alice.query(PASSENGERS, _on_bus(fork, PASSENGERS, 1))
    is_back = mentions(listed_, str(name)) or holds(listed_, first["_id"])
    values = {"name": name, "other": other, "told": told(counted)}
    fork.expect(not is_back, "oversold", look_at=RESTORE, **values)
    said = await entries(fork, first)
    fork.expect(said == ["archive"], "refusal-noted", look_at=RESTORE, said=listed(said), **values)
    await put_into_bin(fork, second)
    await fork.alice.try_mutate(RESTORE, arguments(fork.functions[RESTORE], TABLE, first, wants_id=True))
    listed_ = await fork.alice.query(PASSENGERS, _on_bus(fork, PASSENGERS, 1))
    is_back = mentions(listed_, str(name)) or holds(listed_, first["_id"])
    fork.expect(is_back, "free-seat-refused", look_at=RESTORE, name=name, other=second["name"])


async def expect_no_twin(fork: Fork, row: Row) -> None:
    """A row goes into the bin, the name is booked again on the same bus, and the first one is to come back."""
    name = str(row["name"])
    await put_into_bin(fork, row)
    await fork.bob.mutate(BOOK, _booking(fork, name, int(row["bus"])))
    args = arguments(fork.functions[RESTORE], TABLE, row, wants_id=True)
    await fork.alice.try_mutate(RESTORE, args)
    shown = await fork.alice.query(LIST_ACTIVE, arguments(fork.functions[LIST_ACTIVE], TABLE, row, wants_id=False))
    is_back = row["_id"] in ids_in(shown, [row["_id"]])
    fork.expect(not is_back, "twin-restored", look_at=RESTORE, name=name, bus=int(row["bus"]))


async def expect_purge_on_tape(fork: Fork) -> None:
    before = await fork.rows(TABLE)
    await pass_days(fork, SHORT_DAYS + 2)
    purged = [row for id_, row in before.items() if id_ not in await fork.rows(TABLE)]
    place = _purge_place(fork)
    fork.expect(purged, "never-purged", look_at=place, name="the row", rule=SHORT_DAYS, days=SHORT_DAYS + 1)
    for row in purged:
        said = await entries(fork, row)
        is_noted = said[-1:] == ["purge"]
        fork.expect(is_noted, "purge-not-noted", look_at=place, count=len(purged), said=listed(said) or "nothing")
    tape = json.dumps(list((await fork.rows(TAPE)).values()), ensure_ascii=False)
    kept = [str(row["name"]) for row in purged if str(row["name"]) in tape]
    fork.expect(not kept, "name-outlives-the-row", look_at=place, names=", ".join(kept))
