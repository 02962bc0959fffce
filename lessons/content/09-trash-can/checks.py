"""The check of Trash can: archive a row, see it leave a live list, restore it, see the same row return.

Behaviour alone decides. The names of the four functions are fixed by the task, because the panes call them; arguments,
further fields, return shapes and the meaning of "not archived" are the learner's choice.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lessons.arguments import arguments, takes_id
from lessons.fork import CallRefused, Client, Fork, LiveQuery, Row
from lessons.results import changed_fields, code, ids_in, listed, names_of
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
