"""The checks of Yours and mine: whose rows a caller meets, what the list reads, and what an id opens.

Alice, Bob and somebody without an identity call the same functions, with other people's names in every argument that
takes a text. Results count by what they hold: a row is met where its id or its name stands anywhere in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lessons.arguments import arguments
from lessons.fork import Answer, Call, CallRefused, Client, Fork, Row, Verdict

TABLE = "signups"
LIST_MINE, CREATE = "signups:listMine", "signups:create"
GET, CHANGE, ARCHIVE = "signups:get", "signups:change", "signups:archive"
ADDED_OWNERS = ("aaron", "bea", "bob", "class-6a", "class-7c", "zoe")
ADDED_EACH = 20
ARCHIVED = 12
# What an argument is about, by a word in its name.
WORDS = {"owner": "ownerId", "desk": "ownerId", "user": "ownerId", "subject": "ownerId", "bus": "bus", "name": "name"}
# An argument of any shape that holds what shall be changed.
CHANGES = re.compile(r"change|patch|field|update|data|value|edit")


# ── task 1: the identity decides, not the arguments


async def check_1(fork: Fork) -> Verdict:
    fork.expect_function(LIST_MINE, "query")
    fork.expect_function(CREATE, "mutation")
    await fork.insert(TABLE, [row_of("alice", ARCHIVED)])
    await expect_own_list(fork)
    await expect_own_rows_created(fork)
    return fork.passed("passed-1")


async def expect_own_list(fork: Fork) -> None:
    """What `listMine` gives to Alice, and to others who ask for Alice's rows."""
    rows = await fork.rows(TABLE)
    hers = of(rows, "alice")
    answer = await ask_list(fork, fork.alice, "alice")
    if answer.refused is not None:
        await explain_missing_owner(fork, answer.refused)
        fork.fail("own-list-refused", look_at=answer.refused, error=said(answer.refused))
    lacking = [row for row in hers if not mentions(answer.value, row)]
    if lacking:
        await explain_missing_owner(fork)
        fork.fail("own-list-incomplete", look_at=LIST_MINE, shown=names(met(answer.value, rows)), names=names(hers))
    others = met(answer.value, {id_: row for id_, row in rows.items() if row["ownerId"] != "alice"})
    fork.expect(not others, "list-shows-others", look_at=LIST_MINE, others=names(others))
    await expect_no_stranger_reads(fork, hers)
    await expect_bobs_list(fork, rows)
    archived = [row for row in rows.values() if row["ownerId"] == "alice" and "archivedAt" in row]
    fork.expect(not any(mentions(answer.value, row) for row in archived), "archived-listed", look_at=LIST_MINE)


async def expect_no_stranger_reads(fork: Fork, hers: list[Row]) -> None:
    by_bob = await ask_list(fork, fork.bob, "alice")
    by_nobody = await ask_list(fork, fork.nobody, "alice")
    bob_reads = [row for row in hers if mentions(by_bob.value, row)]
    nobody_reads = [row for row in hers if mentions(by_nobody.value, row)]
    fork.expect(not (bob_reads and nobody_reads), "anyone-reads-alice", look_at=LIST_MINE)
    fork.expect(not bob_reads, "bob-reads-alice", look_at=LIST_MINE, names=names(bob_reads))
    fork.expect(not nobody_reads, "signed-out-reads-list", look_at=LIST_MINE)
    comment_on_refusal(fork, "listMine", LIST_MINE, by_nobody)


async def expect_bobs_list(fork: Fork, rows: Mapping[str, Row]) -> None:
    """Somebody else than Alice is served as well: her name does not stand in the code."""
    his = of(rows, "bob")
    value = (await ask_list(fork, fork.bob, "bob")).value_or_raise()
    complete = all(mentions(value, row) for row in his)
    fork.expect(complete, "bobs-list-incomplete", look_at=LIST_MINE, shown=names(met(value, rows)), names=names(his))


async def explain_missing_owner(fork: Fork, refused: CallRefused | None = None) -> None:
    """Alice's list is empty or fails. What `create` writes for her may tell why."""
    if CREATE not in fork.functions:
        return
    answer, added = await ask_create(fork, fork.alice, "alice", "Leilani Kealoha")
    owners = [row["ownerId"] for row in added]
    stored_undefined = answer.refused is not None and "ownerId" in answer.refused.message
    read_undefined = refused is not None and "undefined" in refused.message and "null" not in refused.message
    unknown = refused is None and answer.refused is not None
    fork.expect(not (stored_undefined and (read_undefined or unknown)), "identity-not-awaited", look_at=CREATE)
    if owners and owners[0] != "alice":
        fork.fail("owner-is-not-subject", look_at=CREATE, owner=owners[0])


async def expect_own_rows_created(fork: Fork) -> None:
    for client, own in ((fork.alice, "alice"), (fork.person("carol"), "carol")):
        answer, added = await ask_create(fork, client, own, f"Kofi Mensah of {own}")
        who = own.capitalize()
        if answer.refused is not None:
            missing = "ownerId" in answer.refused.message and "missing" in answer.refused.message
            fork.expect(not missing, "identity-not-awaited", look_at=CREATE)
            fork.fail("create-refused", look_at=answer.refused, who=who, error=said(answer.refused))
        fork.expect(added, "create-writes-nothing", look_at=CREATE, who=who)
        fork.expect(added[0]["ownerId"] == own, "owner-is-not-subject", look_at=CREATE, owner=added[0]["ownerId"])
    _, added = await ask_create(fork, fork.bob, "alice", "Mei Chen")
    others = [row["ownerId"] for row in added if row["ownerId"] != "bob"]
    fork.expect(not others, "created-for-alice", look_at=CREATE, owner=next(iter(others), ""))
    answer, added = await ask_create(fork, fork.nobody, "alice", "Diego Morales")
    owner = added[0]["ownerId"] if added else ""
    fork.expect(not added, "signed-out-creates", look_at=CREATE, owner=owner)
    comment_on_refusal(fork, "create", CREATE, answer)


def comment_on_refusal(fork: Fork, name: str, path: str, answer: Answer) -> None:
    """Beside a pass: how a caller without an identity was turned away."""
    if answer.refused is not None and "of null" in answer.refused.first_line:
        fork.advise("accidental-refusal", look_at=answer.refused, name=name, error=said(answer.refused))
    elif answer.refused is None and path == CREATE:
        fork.advise("silent-refusal", look_at=path, name=name)


# ── task 2: an index on the owner


async def check_2(fork: Fork) -> Verdict:
    fork.expect_function(LIST_MINE, "query")
    # Alice's rows do not lie at the beginning: an answer that is cut off early lacks some.
    await fork.insert(
        TABLE, [*(row_of("class-5b", number) for number in range(9)), row_of("alice", 9), row_of("alice", ARCHIVED)]
    )
    await expect_own_list(fork)
    args = list_args(fork, "alice")
    before = await fork.alice.measure(LIST_MINE, args)
    live = await fork.alice.subscribe(LIST_MINE, args)
    runs = live.runs
    added = await add_other_desks(fork)
    after = await fork.alice.measure(LIST_MINE, args)
    hers = of(await fork.rows(TABLE), "alice")
    lacking = [row for row in hers if not mentions(after.value, row)]
    if lacking:
        shown = names(met(after.value, await fork.rows(TABLE)))
        fork.fail("own-list-incomplete", look_at=LIST_MINE, shown=shown, names=names(hers))
    if after.documents > before.documents:
        await explain_growth(fork, before, after, added)
    await fork.settle()
    fork.expect(live.runs == runs, "bob-wakes-alice", look_at=LIST_MINE, added=added)
    return fork.passed("passed-2", added=added, documents=after.documents)


async def add_other_desks(fork: Fork) -> int:
    """Rows of others: before and behind Alice's in the order of owners, some of them archived."""
    rows = [row_of(owner, number) for owner in ADDED_OWNERS for number in range(ADDED_EACH)]
    await fork.insert(TABLE, rows)
    return len(rows)


def row_of(owner: str, number: int) -> Row:
    row: Row = {"ownerId": owner, "name": f"Pupil {owner} {number}", "bus": float(number % 3 + 1)}
    return row | ({"archivedAt": 1_760_000_000_000.0 + number} if number % 4 == 0 else {})


async def explain_growth(fork: Fork, before: Call, after: Call, added: int) -> None:
    """Which of the ways to read too much it is, by the indexes that there are and the one that was read."""
    indexes = fork.schema.tables[TABLE].indexes
    with_owner = {name: fields for name, fields in indexes.items() if "ownerId" in fields}
    led_by_owner = [name for name, fields in with_owner.items() if fields[0] == "ownerId"]
    read = {read.index for read in after.reads if read.table == TABLE}
    numbers = {"added": added, "before": before.documents, "after": after.documents}
    if not with_owner:
        other = next((name for name in read if name in indexes), None) or next(iter(indexes), None)
        if other is None:
            fork.fail("everybody-read", look_at=LIST_MINE, **numbers)
        fork.fail("index-on-other-field", look_at=LIST_MINE, fields=code_list(indexes[other]), **numbers)
    if not led_by_owner:
        name, fields = next(iter(with_owner.items()))
        first = code_list(fields[: fields.index("ownerId")])
        fork.fail("owner-not-first", look_at=LIST_MINE, index=name, first=first, **numbers)
    used = next((name for name in led_by_owner if name in read), None)
    fork.expect(used, "index-not-used", look_at=LIST_MINE, index=led_by_owner[0], **numbers)
    total = len(await fork.rows(TABLE))
    reads_all = after.documents >= total
    fork.fail("range-missing" if reads_all else "range-open-ended", look_at=LIST_MINE, index=used, **numbers)


# ── task 3: a guard before every id


@dataclass(frozen=True, slots=True)
class Scene:
    """Alice's row that everybody tries, and one of hers that is gone."""

    fork: Fork
    row: Row
    gone: Row
    known: frozenset[str]

    @property
    def name(self) -> str:
        return str(self.row["name"])


async def check_3(fork: Fork) -> Verdict:
    fork.expect_function(GET, "query")
    fork.expect_function(CHANGE, "mutation")
    fork.expect_function(ARCHIVE, "mutation")
    await expect_own_rows_still_listed(fork)
    scene = await open_scene(fork)
    await expect_owner_reads(scene)
    await expect_strangers_read_nothing(scene)
    own_answer = await expect_owner_changes(scene)
    await expect_strangers_change_nothing(scene, own_answer)
    await expect_owner_stays(scene)
    await expect_strangers_archive_nothing(scene)
    await expect_no_other_door(scene)
    await expect_one_answer(scene)
    await expect_owner_archives(scene)
    return fork.passed("passed-3")


async def expect_own_rows_still_listed(fork: Fork) -> None:
    """What tasks 1 and 2 made private stays private."""
    if LIST_MINE in fork.functions:
        await expect_no_stranger_reads(fork, of(await fork.rows(TABLE), "alice"))


async def open_scene(fork: Fork) -> Scene:
    await fork.insert(TABLE, [{"ownerId": "alice", "name": "Somebody Gone", "bus": 1.0}])
    rows = await fork.rows(TABLE)
    gone = next(row for row in rows.values() if row["name"] == "Somebody Gone")
    await fork.remove(TABLE, [gone["_id"]])
    row = next(row for row in rows.values() if row["ownerId"] == "alice" and row["bus"] == 2.0)
    return Scene(fork, row, gone, frozenset({LIST_MINE, CREATE, GET, CHANGE, ARCHIVE}))


async def expect_owner_reads(scene: Scene) -> None:
    answer = await scene.fork.alice.try_query(GET, args_for(scene, GET, scene.row))
    what = "It returned nothing." if answer.refused is None else f"It was refused: {said(answer.refused)}"
    hers = answer.ok and mentions(answer.value, scene.row)
    scene.fork.expect(hers, "owner-refused", look_at=answer.refused or GET, name="get", what=what)


async def expect_strangers_read_nothing(scene: Scene) -> None:
    fork, args = scene.fork, args_for(scene, GET, scene.row)
    by_bob = await fork.bob.try_query(GET, args)
    fork.expect(not mentions(by_bob.value, scene.row), "get-open", look_at=GET, row=scene.name)
    by_nobody = await fork.nobody.try_query(GET, args)
    reads = mentions(by_nobody.value, scene.row)
    fork.expect(not reads, "signed-out-acts", look_at=GET, name="get", row=scene.name, what="The row came back.")


async def expect_owner_changes(scene: Scene) -> Answer:
    """Alice changes her row. Returns the answer, to compare others' with it."""
    fork = scene.fork
    wanted = {**scene.row, "name": f"{scene.row['name']} Neto", "bus": 3.0}
    answer = await fork.alice.try_mutate(CHANGE, args_for(scene, CHANGE, wanted))
    if answer.refused is not None:
        what = f"It was refused: {said(answer.refused)}"
        fork.fail("owner-refused", look_at=answer.refused, name="change", what=what)
    now = await row_now(scene)
    kept = now is not None and (now["name"], now["bus"]) != (scene.row["name"], scene.row["bus"])
    fork.expect(kept, "owner-refused", look_at=CHANGE, name="change", what="The row is as it was before.")
    return answer


async def expect_strangers_change_nothing(scene: Scene, own_answer: Answer) -> None:
    fork, before = scene.fork, await row_now(scene)
    for sent in ("bob", "alice"):
        wanted = {**scene.row, "ownerId": sent, "name": f"Changed by {sent}", "bus": 1.0}
        answer = await fork.bob.try_mutate(CHANGE, args_for(scene, CHANGE, wanted))
        now = await row_now(scene)
        if now == before:
            continue
        if answer.ok and shape_of(answer.value) != shape_of(own_answer.value):
            fork.fail("written-then-checked", look_at=CHANGE, name="change", row=scene.name)
        compared = sent == "alice" and "ownerId" in field_names(fork, CHANGE)
        fork.expect(not compared, "owner-argument-compared", look_at=CHANGE, name="change")
        fork.fail("change-open", look_at=CHANGE, row=scene.name, now=in_words(now))
    wanted = {**scene.row, "name": "Changed by nobody", "bus": 1.0}
    await fork.nobody.try_mutate(CHANGE, args_for(scene, CHANGE, wanted))
    what = "The row changed."
    same = await row_now(scene) == before
    fork.expect(same, "signed-out-acts", look_at=CHANGE, name="change", row=scene.name, what=what)


async def expect_owner_stays(scene: Scene) -> None:
    """Alice herself may not move her row to Bob."""
    fork = scene.fork
    wanted = {**scene.row, "ownerId": "bob", "bus": 3.0}
    await fork.alice.try_mutate(CHANGE, args_for(scene, CHANGE, wanted))
    now = await row_now(scene)
    owner = "nobody" if now is None else now["ownerId"]
    fork.expect(owner == "alice", "owner-given-away", look_at=CHANGE, owner=owner)


async def expect_strangers_archive_nothing(scene: Scene) -> None:
    fork, before = scene.fork, await row_now(scene)
    for sent in ("bob", "alice"):
        await fork.bob.try_mutate(ARCHIVE, args_for(scene, ARCHIVE, {**scene.row, "ownerId": sent}))
        now = await row_now(scene)
        compared = now != before and sent == "alice" and "ownerId" in field_names(fork, ARCHIVE)
        fork.expect(not compared, "owner-argument-compared", look_at=ARCHIVE, name="archive")
        what = "deleted" if now is None else "archived"
        fork.expect(now == before, "archive-open", look_at=ARCHIVE, row=scene.name, what=what)
    await fork.nobody.try_mutate(ARCHIVE, args_for(scene, ARCHIVE, scene.row))
    same = await row_now(scene) == before
    what = "The row was archived."
    fork.expect(same, "signed-out-acts", look_at=ARCHIVE, name="archive", row=scene.name, what=what)


async def expect_no_other_door(scene: Scene) -> None:
    """Every further public function, called as Bob with all that belongs to Alice's row."""
    fork = scene.fork
    for path, function in fork.functions.items():
        if path in scene.known or function.visibility != "public" or function.kind not in ("query", "mutation"):
            continue
        before = await row_now(scene)
        wanted = {**scene.row, "name": "Changed by another door", "bus": 1.0}
        answer = await fork.bob.try_call(path, args_for(scene, path, wanted))
        name = path.partition(":")[2]
        about = {"look_at": path, "name": name, "row": scene.name}
        fork.expect(not mentions(answer.value, scene.row), "other-function-open", what="He got the row.", **about)
        same = await row_now(scene) == before
        fork.expect(same, "other-function-open", what="The row changed.", **about)


async def expect_one_answer(scene: Scene) -> None:
    """Bob cannot tell a row of Alice's from one that is gone."""
    for path in (GET, CHANGE, ARCHIVE):
        call = scene.fork.bob.try_call
        there = told(await call(path, args_for(scene, path, scene.row)))
        gone = told(await call(path, args_for(scene, path, {**scene.row, "_id": scene.gone["_id"]})))
        name = path.partition(":")[2]
        scene.fork.expect(there == gone, "existence-told", look_at=path, name=name, there=there, gone=gone)


async def expect_owner_archives(scene: Scene) -> None:
    fork, before = scene.fork, await row_now(scene)
    answer = await fork.alice.try_mutate(ARCHIVE, args_for(scene, ARCHIVE, before or scene.row))
    if answer.refused is not None:
        what = f"It was refused: {said(answer.refused)}"
        fork.fail("owner-refused", look_at=answer.refused, name="archive", what=what)
    now = await row_now(scene)
    archived = now is not None and now.get("archivedAt") is not None
    what = "The row was deleted." if now is None else "The row has no `archivedAt`."
    fork.expect(archived, "owner-refused", look_at=ARCHIVE, name="archive", what=what)


# ── calls


def list_args(fork: Fork, sent: str) -> dict[str, Any]:
    row = {"_id": "", "ownerId": sent, "name": "Zainab Okonkwo", "bus": 1.0}
    return made_for(fork, LIST_MINE, row, wants_id=False)


async def ask_list(fork: Fork, client: Client, sent: str) -> Answer:
    """`listMine`, with this owner in whatever argument takes one."""
    return await client.try_query(LIST_MINE, list_args(fork, sent))


async def ask_create(fork: Fork, client: Client, sent: str, name: str) -> tuple[Answer, list[Row]]:
    """`create` with this owner in whatever argument takes one; the answer, and the rows that it added."""
    before = await fork.rows(TABLE)
    row = {"_id": "", "ownerId": sent, "name": name, "bus": 2.0}
    answer = await client.try_mutate(CREATE, made_for(fork, CREATE, row, wants_id=False))
    return answer, [row for id_, row in (await fork.rows(TABLE)).items() if id_ not in before]


def args_for(scene: Scene, path: str, row: Row) -> dict[str, Any]:
    return made_for(scene.fork, path, row, wants_id=True)


def made_for(fork: Fork, path: str, row: Row, *, wants_id: bool) -> dict[str, Any]:
    """Arguments of the function for this row. `newBus` means the bus, `desk` the owner, at any depth."""
    function, known = fork.functions[path], dict(row)
    for name in field_names(fork, path):
        for word, field in WORDS.items():
            if word in name.lower() and name not in known:
                known[name] = row[field]
    made = arguments(function, TABLE, known, wants_id=wants_id)
    own = {name: value for name, value in row.items() if name in ("ownerId", "name", "bus")}
    return {name: own if not value and CHANGES.search(name.lower()) else value for name, value in made.items()}


async def row_now(scene: Scene) -> Row | None:
    return (await scene.fork.rows(TABLE)).get(scene.row["_id"])


def field_names(fork: Fork, path: str) -> set[str]:
    """The names that the arguments of a function have, at any depth."""
    return set(keys_of(fork.functions[path].args or {}))


def keys_of(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield key
            yield from keys_of(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from keys_of(entry)


# ── what is in a result


def texts(value: Any) -> Iterator[str]:
    """Every text in a result, however deep, keys of objects included."""
    match value:
        case str():
            yield value
        case list():
            for entry in value:
                yield from texts(entry)
        case dict():
            for key, entry in value.items():
                yield key
                yield from texts(entry)


def mentions(value: Any, row: Row) -> bool:
    return any(row["_id"] in text or row["name"] in text for text in texts(value))


def met(value: Any, rows: Mapping[str, Row]) -> list[Row]:
    return [row for row in rows.values() if mentions(value, row)]


def of(rows: Mapping[str, Row], owner: str) -> list[Row]:
    return [row for row in rows.values() if row["ownerId"] == owner and "archivedAt" not in row]


def names(rows: list[Row]) -> str:
    shown = [str(row["name"]) for row in rows[:3]]
    return ", ".join(shown) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "") or "nobody"


def in_words(row: Row | None) -> str:
    return "gone" if row is None else f"{row['name']}, bus {row['bus']:.0f}, of {row['ownerId']}"


def shape_of(value: Any) -> Any:
    """A result without what differs from call to call: ids and numbers."""
    match value:
        case dict():
            return {key: shape_of(entry) for key, entry in value.items()}
        case list():
            return [shape_of(entry) for entry in value]
        case str():
            return without_ids(value)
        case bool() | None:
            return value
        case _:
            return type(value).__name__


def told(answer: Answer) -> str:
    """What a caller learns from an answer, without ids."""
    if answer.refused is None:
        return "no error" if answer.value is None else f"`{without_ids(str(answer.value))}`"
    data = "" if answer.refused.data is None else f" {answer.refused.data}"
    return f"“{without_ids(said(answer.refused) + data)}”"


def without_ids(text: str) -> str:
    return re.sub(r"\b[0-9a-z]{31,37}\b", "…", text)


def said(refused: CallRefused) -> str:
    return re.sub(r"^Uncaught (Error: )?", "", refused.first_line)


def code_list(fields: tuple[str, ...]) -> str:
    return ", ".join(f"`{field}`" for field in fields)
