"""The check of Trash can: archive a row, see it leave a live list, restore it, see the same row return.

Behaviour alone decides. The names of the four functions are fixed by the task, because the panes call them; arguments,
further fields, return shapes and the meaning of "not archived" are the learner's choice.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lessons.arguments import arguments
from lessons.fork import CallRefused, Fork, LiveQuery, Row
from lessons.verdict import CheckResult, Place, expect, passed

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


async def check_1(fork: Fork) -> CheckResult:
    expect_functions(fork)
    scene = await open_scene(fork)
    await archive(scene)
    await expect_hidden(scene)
    await expect_in_bin(scene)
    await restore(scene)
    await expect_same_row(scene)
    await expect_back_in_list(scene)
    await expect_bin_is_empty(scene)
    return passed(
        did=f"Archived {scene.name}’s row, then restored it, with one live subscription to `listActive`.",
        happened="The row left the live list, waited in `listArchived`, and came back with the same id.",
        expected="The same row, the same id, without a new call.",
    )


def expect_functions(fork: Fork) -> None:
    missing = [path for path in KINDS if path not in fork.functions]
    names = _listed([_code(path) for path in missing])
    expect(
        not missing,
        did="Looked for the four functions of this task.",
        happened=f"{names} {'is' if len(missing) == 1 else 'are'} missing. {_nearest(fork, missing)}".strip(),
        expected="Exported from `convex/signups.ts` under exactly these names.",
        look_at=_place_for(fork, missing),
    )
    for path, kind in KINDS.items():
        function = fork.functions[path]
        expect(
            function.kind == kind and function.visibility == "public",
            did=f"Looked at {_code(path)}.",
            happened=f"It is an {function.visibility} {function.kind}."
            if function.visibility == "internal"
            else f"It is a {function.kind}.",
            expected=f"A public {kind}, which a pane can call.",
            look_at=fork.place(path),
        )


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
    live = await fork.subscribe(LIST_ACTIVE, arguments(fork.functions[LIST_ACTIVE], TABLE, row, wants_id=False))
    shown = ids_in(live.value, before)
    expect(
        shown == {entry["_id"] for entry in mine},
        did="Subscribed to `listActive` for alice, before anything was archived.",
        happened=f"It showed {names_of(shown, before)}.",
        expected=f"Her {len(mine)} rows: {names_of([entry['_id'] for entry in mine], before)}.",
        look_at=fork.place(LIST_ACTIVE),
    )
    return Scene(fork, before, row, frozenset(shown - {row["_id"]}), live)


async def archive(scene: Scene) -> None:
    await scene.fork.mutate(ARCHIVE, _args(scene, ARCHIVE, wants_id=True))
    rows = await scene.fork.rows(TABLE)
    _expect_others_untouched(scene, rows, ARCHIVE)
    if scene.id not in rows:
        await _explain_lost_row(scene)


async def _explain_lost_row(scene: Scene) -> None:
    """The row was deleted: what comes back, if anything does, is another row."""
    did = f"Archived {scene.name}’s row, then restored it."
    try:
        await scene.fork.mutate(RESTORE, _args(scene, RESTORE, wants_id=True))
        happened = "`archive` deleted the row and `restore` brought nothing back."
    except CallRefused as refused:
        happened = f"`archive` deleted the row. `restore` was refused: {refused.first_line}"
    rows = await scene.fork.rows(TABLE)
    if rows.keys() - scene.before.keys():
        happened = "`archive` deleted the row; `restore` inserted a new one with another id."
    expect(
        False,
        did=did,
        happened=happened,
        expected="The same row: still in the table while it is archived, same id, same creation time.",
        look_at=scene.fork.place(ARCHIVE),
    )


async def expect_hidden(scene: Scene) -> None:
    did = f"Archived {scene.name}’s row."
    shown = ids_in(await scene.fork.query(LIST_ACTIVE, _args(scene, LIST_ACTIVE)), scene.before)
    row = (await scene.fork.rows(TABLE))[scene.id]
    if scene.id in shown and row == scene.row:
        expect(
            False,
            did=did,
            happened="Nothing changed: the row in the table is as it was before.",
            expected="A mark on the row, such as a time in `archivedAt`.",
            look_at=scene.fork.place(ARCHIVE),
        )
    expect(
        scene.id not in shown,
        did=did,
        happened=f"The row is marked ({_difference(scene.row, row)}), but `listActive` still returns it.",
        expected="`listActive` leaves out what is archived.",
        look_at=scene.fork.place(LIST_ACTIVE),
    )
    expect(
        scene.others <= shown,
        did=did,
        happened=f"`listActive` lost {names_of(scene.others - shown, scene.before)} too.",
        expected="Only the archived row leaves the list.",
        look_at=scene.fork.place(LIST_ACTIVE),
    )
    expect(
        await scene.live.wait_until(lambda value: ids_in(value, scene.before) == scene.others),
        did=did,
        happened="A new call of `listActive` shows the change, the live subscription did not.",
        expected="The row leaves the live list by itself. The result must depend on the rows alone.",
        look_at=scene.fork.place(LIST_ACTIVE),
    )


async def expect_in_bin(scene: Scene) -> None:
    did = f"Archived {scene.name}’s row and called `listArchived`."
    place = scene.fork.place(LIST_ARCHIVED)
    result = await scene.fork.query(LIST_ARCHIVED, _args(scene, LIST_ARCHIVED))
    binned = ids_in(result, scene.before)
    expect(
        scene.id in binned,
        did=did,
        happened=f"It returned {names_of(binned, scene.before)}."
        if binned or not result
        else "It returned something without the row's `_id`.",
        expected=f"{scene.name}’s row, with its `_id`.",
        look_at=place,
    )
    expect(
        binned == {scene.id},
        did=did,
        happened=f"`listArchived` also lists {names_of(binned - {scene.id}, scene.before)}, never archived.",
        expected=f"{scene.name}’s row alone.",
        look_at=place,
    )


async def restore(scene: Scene) -> None:
    did = f"Archived {scene.name}’s row, then restored it."
    try:
        await scene.fork.mutate(RESTORE, _args(scene, RESTORE, wants_id=True))
    except CallRefused as refused:
        wrote_null = "archivedAt" in refused.message and "null" in refused.message
        expect(
            False,
            did=did,
            happened="`restore` was refused: `archivedAt` was `null`. The row stayed in the bin."
            if wrote_null
            else f"`restore` was refused: {refused.first_line}",
            expected="The row back in `listActive`. `undefined` in a patch takes an optional field away."
            if wrote_null
            else "The same row, same id, back in `listActive`.",
            look_at=scene.fork.place_of(refused),
        )


async def expect_same_row(scene: Scene) -> None:
    rows = await scene.fork.rows(TABLE)
    did = f"Archived {scene.name}’s row, then restored it."
    _expect_others_untouched(scene, {id_: row for id_, row in rows.items() if id_ in scene.before}, RESTORE)
    added = rows.keys() - scene.before.keys()
    expect(
        scene.id in rows and not added,
        did=did,
        happened="`restore` inserted a new row with another id." if added else "`restore` deleted the row.",
        expected="The same row, same id. No row more, no row less.",
        look_at=scene.fork.place(RESTORE),
    )
    changed = [field for field in OWN_FIELDS if rows[scene.id].get(field) != scene.row[field]]
    expect(
        not changed,
        did=did,
        happened=f"The row came back with another {' and '.join(f'`{field}`' for field in changed)}.",
        expected="Owner, name and bus as they were.",
        look_at=scene.fork.place(RESTORE),
    )


async def expect_back_in_list(scene: Scene) -> None:
    did = f"Archived {scene.name}’s row, then restored it."
    shown = ids_in(await scene.fork.query(LIST_ACTIVE, _args(scene, LIST_ACTIVE)), scene.before)
    row = (await scene.fork.rows(TABLE))[scene.id]
    left_null = "archivedAt" in row and row["archivedAt"] is None
    expect(
        scene.id in shown,
        did=did,
        happened="The row is not in `listActive`: `archivedAt` is now `null`, which is not the same as missing."
        if left_null
        else f"The row is not in `listActive`. In the table: {_difference(scene.row, row) or 'as before'}.",
        expected="The row back in the list. `restore` and `listActive` must agree on what counts as archived.",
        look_at=scene.fork.place(RESTORE),
    )
    everyone = scene.others | {scene.id}
    expect(
        await scene.live.wait_until(lambda value: ids_in(value, scene.before) == everyone),
        did=did,
        happened="A new call of `listActive` shows the row, the live subscription does not.",
        expected="The row returns to the live list by itself.",
        look_at=scene.fork.place(LIST_ACTIVE),
    )


async def expect_bin_is_empty(scene: Scene) -> None:
    binned = ids_in(await scene.fork.query(LIST_ARCHIVED, _args(scene, LIST_ARCHIVED)), scene.before)
    expect(
        not binned,
        did=f"Archived {scene.name}’s row, then restored it.",
        happened=f"`listArchived` still lists {names_of(binned, scene.before)}.",
        expected="An empty bin.",
        look_at=scene.fork.place(LIST_ARCHIVED),
    )


def ids_in(result: Any, rows: Collection[str]) -> set[str]:
    """The ids of known rows anywhere in a result, whatever its shape."""
    match result:
        case str():
            return {result} & set(rows)
        case list():
            return set().union(*(ids_in(entry, rows) for entry in result))
        case dict():
            return set().union(*(ids_in(entry, rows) for entry in result.values()))
        case _:
            return set()


def names_of(ids: Collection[str], rows: dict[str, Row]) -> str:
    return ", ".join(sorted(str(rows[id_]["name"]) for id_ in ids)) or "nobody"


def _expect_others_untouched(scene: Scene, rows: dict[str, Row], path: str) -> None:
    touched = {id_ for id_, row in scene.before.items() if id_ != scene.id and rows.get(id_) != row}
    count = f"{len(touched)} other row{'' if len(touched) == 1 else 's'}"
    hint = "" if takes_id(scene.fork, path) else " It takes no row id, so it cannot know which row is meant."
    expect(
        not touched,
        did=f"Called {_code(path)} for {scene.name}’s row.",
        happened=f"It changed {count} too: {names_of(touched, scene.before)}.{hint}",
        expected="No other row changes.",
        look_at=scene.fork.place(path),
    )


def takes_id(fork: Fork, path: str) -> bool:
    """False only when the function declares its arguments and none of them can be the row's id."""
    sample = {"_id": "the id", "ownerId": "", "name": "", "bus": 0.0}
    return "the id" in arguments(fork.functions[path], TABLE, sample, wants_id=True).values()


def _args(scene: Scene, path: str, *, wants_id: bool = False) -> dict[str, Any]:
    return arguments(scene.fork.functions[path], TABLE, scene.row, wants_id=wants_id)


def _difference(before: Row, after: Row) -> str:
    fields = [field for field in {**before, **after} if before.get(field) != after.get(field)]
    return ", ".join(f"`{field}` is {'set' if after.get(field) is not None else 'empty'}" for field in fields)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _code(path: str) -> str:
    return f"`{path.partition(':')[2]}`"
