"""The checks of Opening day: a table of the learner's own choosing, judged by the roles that its functions play.

Names, arguments, further fields, further tables and shapes of results are free. Whose row is whose is found by making
rows as two people and comparing them; every later question goes to the store.
"""

from __future__ import annotations

from lessons.fork import Client, Fork, Row
from lessons.opening_day.attack import LINES, Attack
from lessons.opening_day.making import with_wrong_type
from lessons.opening_day.shop import Shop, open_shop, stock
from lessons.results import own_fields
from lessons.verdict import Place, Verdict

SCHEMA = Place("convex/schema.ts", 1, 1)
ALICES, BOBS = 5, 2
MORE = 400
A_FEW_MORE = 5
"""Documents that a list may read on top: a row of a table that counts, or of the person."""


async def check_1(fork: Fork) -> Verdict:
    shop = await open_shop(fork, task=1)
    mine, theirs = await stock(shop, alices=ALICES, bobs=BOBS)
    await expect_private_lists(shop, mine, theirs)
    await expect_live(shop, mine[0])
    await expect_owner_from_identity(shop, mine, theirs)
    await expect_no_strangers(shop, mine[0])
    await expect_validated(shop)
    documents = await expect_index(shop, mine[0], theirs[0])
    advise_on_schema(shop)
    return fork.passed("passed-1", more=MORE, documents=documents)


async def expect_private_lists(shop: Shop, mine: list[Row], theirs: list[Row]) -> None:
    fork, function, place = shop.fork, shop.name("list"), shop.place("list")
    seen = await shop.list_or_fail(fork.alice, mine[-1])
    own = {str(row["_id"]) for row in mine}
    fork.expect(bool(seen & own), "list-misses-new-row", look_at=place, function=function)
    fork.expect(own <= seen, "list-loses-rows", look_at=place, function=function, made=len(own), shown=len(seen & own))
    seen = await shop.listed(fork.bob, theirs[-1]) or set()
    fork.expect(not seen & own, "list-shows-everybody", look_at=place, function=function)
    fork.expect(str(theirs[-1]["_id"]) in seen, "list-misses-new-row", look_at=place, function=function)


async def expect_live(shop: Shop, row: Row) -> None:
    fork = shop.fork
    live = await shop.live(fork.alice, row)
    before = set(await shop.rows())
    await shop.create(fork.alice, shop.tag())
    rows = await shop.rows()
    new = set(rows) - before
    fork.expect(
        await live.wait_until(lambda value: new <= shop.ids(value, rows)),
        "list-not-live",
        look_at=shop.place("list"),
        function=shop.name("list"),
    )


async def expect_owner_from_identity(shop: Shop, mine: list[Row], theirs: list[Row]) -> None:
    """Bob says that he is Alice, wherever an argument lets him."""
    fork, alice = shop.fork, shop.owners["alice"]
    if shop.takes_owner("create"):
        before = set(await shop.rows())
        await shop.create(fork.bob, shop.tag(), owner=alice)
        forged = [row for id_, row in shop.of("alice", await shop.rows()).items() if id_ not in before]
        fork.expect(not forged, "client-names-owner", look_at=shop.place("create"), function=shop.name("create"))
    seen = await shop.listed(fork.bob, theirs[0], owner=alice) or set()
    own = {str(row["_id"]) for row in mine}
    fork.expect(not seen & own, "list-trusts-argument", look_at=shop.place("list"), function=shop.name("list"))


async def expect_no_strangers(shop: Shop, row: Row) -> None:
    fork, before = shop.fork, set(await shop.rows())
    for owner in (None, shop.owners["alice"]):
        await shop.create(fork.nobody, shop.tag(), owner=owner)
    added = set(await shop.rows()) - before
    fork.expect(
        not added,
        "create-open-to-strangers",
        look_at=shop.place("create"),
        function=shop.name("create"),
        table=shop.table,
    )
    seen = await shop.listed(fork.nobody, row) or set()
    fork.expect(not seen & before, "list-open-to-strangers", look_at=shop.place("list"), function=shop.name("list"))


async def expect_validated(shop: Shop) -> None:
    fork = shop.fork
    for given in with_wrong_type(await shop.to_create(fork.alice, shop.tag())):
        before = set(await shop.rows())
        await shop.mutate(fork.alice, "create", given)
        added = [row for id_, row in (await shop.rows()).items() if id_ not in before]
        # A function may turn the number into a text itself; what counts is that no text field holds a number.
        stored = [row for row in added if 42.0 in row.values()]
        fork.expect(not stored, "bad-row-accepted", look_at=shop.place("create"), function=shop.name("create"))


async def expect_index(shop: Shop, mine: Row, theirs: Row) -> int:
    fork = shop.fork
    fork.expect(shop.table in fork.schema.tables, "table-not-in-schema", look_at=SCHEMA, table=shop.table)
    before = await shop.documents(fork.alice, mine)
    await fork.insert(shop.table, [own_fields(theirs)] * MORE)
    after = await shop.documents(fork.alice, mine)
    fork.expect(
        after <= before + A_FEW_MORE,
        "list-scans",
        look_at=shop.place("list"),
        function=shop.name("list"),
        more=MORE,
        before=before,
        after=after,
    )
    return after


def advise_on_schema(shop: Shop) -> None:
    for name, declared in shop.fork.schema.tables[shop.table].fields.items():
        if declared.is_loose:
            shop.fork.advise("any-in-schema", look_at=SCHEMA, table=shop.table, field=name)


# ── task 2


async def check_2(fork: Fork) -> Verdict:
    shop = await open_shop(fork, task=2)
    mine, theirs = await stock(shop, alices=3, bobs=2)
    row = mine[1]
    await shop.expect_listed(fork.alice, row)
    lists = [await shop.live(client, row) for client in (fork.alice, fork.alice)]
    await expect_archived(shop, row, lists)
    await expect_restored(shop, row, lists)
    await expect_twice_is_once(shop, row)
    for who, client in (("Bob", fork.bob), ("somebody who is not signed in", fork.nobody)):
        await expect_refused(shop, row, who, client, theirs[0])
    return fork.passed("passed-2")


async def expect_archived(shop: Shop, row: Row, lists: list) -> None:  # type: ignore[type-arg]
    fork, id_ = shop.fork, str(row["_id"])
    archive, list_ = shop.name("archive"), shop.name("list")
    before = await shop.rows()
    answer = await shop.archive(fork.alice, row)
    if answer.refused is not None:
        fork.fail(
            "archive-refused",
            look_at=fork.place_of(answer.refused),
            function=archive,
            error=answer.refused.first_line,
        )
    after = await shop.rows()
    place = shop.place("archive")
    fork.expect(id_ in after, "archive-deletes", look_at=place, table=shop.table)
    touched = [other for other in before if other != id_ and after.get(other) != before[other]]
    fork.expect(not touched, "archive-touches-others", look_at=place, count=len(touched))
    seen = await shop.listed(fork.alice, row)
    if seen is None or id_ in seen:
        unmarked = after[id_] == before[id_]
        fork.fail(
            "archive-changes-nothing" if unmarked else "list-shows-archived",
            look_at=place if unmarked else shop.place("list"),
            table=shop.table,
            function=list_,
        )
    for live in lists:
        fork.expect(
            await live.wait_until(lambda value: id_ not in shop.ids(value, after)),
            "archive-not-live",
            look_at=shop.place("list"),
            function=list_,
        )


async def expect_restored(shop: Shop, row: Row, lists: list) -> None:  # type: ignore[type-arg]
    fork, id_ = shop.fork, str(row["_id"])
    place, restore, list_ = shop.place("restore"), shop.name("restore"), shop.name("list")
    before = await shop.rows()
    answer = await shop.restore(fork.alice, row)
    if answer.refused is not None:
        fork.fail(
            "restore-refused",
            look_at=fork.place_of(answer.refused),
            function=restore,
            error=answer.refused.first_line,
        )
    after = await shop.rows()
    fork.expect(id_ in after and set(after) <= set(before), "restore-makes-new-row", look_at=place)
    lost = [name for name, value in row.items() if after[id_].get(name) != value and not _is_time(value)]
    fork.expect(not lost, "restore-loses-fields", look_at=place, fields=" and ".join(f"`{name}`" for name in lost))
    seen = await shop.listed(fork.alice, row) or set()
    fork.expect(id_ in seen, "restore-not-listed", look_at=place, function=list_)
    for live in lists:
        fork.expect(
            await live.wait_until(lambda value: id_ in shop.ids(value, after)),
            "restore-not-live",
            look_at=shop.place("list"),
            function=list_,
        )


def _is_time(value: object) -> bool:
    """Milliseconds since 1970: a field such as `changedAt` may move on."""
    return isinstance(value, float) and value > 1e12


async def expect_twice_is_once(shop: Shop, row: Row) -> None:
    fork, id_ = shop.fork, str(row["_id"])
    await shop.archive(fork.alice, row)
    again = await shop.archive(fork.alice, row)
    seen = await shop.listed(fork.alice, row) or set()
    fork.expect(
        id_ not in seen,
        "archive-twice-returns",
        look_at=shop.place("archive"),
        what="The second call brought it back."
        if again.refused is None
        else f"The second call was refused: {again.refused.first_line}",
    )
    await shop.restore(fork.alice, row)


async def expect_refused(shop: Shop, row: Row, who: str, client: Client, theirs: Row) -> None:
    """Somebody else, who has the id, tries both; also with an argument that says whose row it is."""
    fork, id_ = shop.fork, str(row["_id"])
    before = await shop.rows()
    for claimed in (row, {**row, shop.owner_field: theirs[shop.owner_field]}):
        await shop.archive(client, claimed)
    fork.expect(
        (await shop.rows()).get(id_) == before[id_],
        "archive-open-to-others",
        look_at=shop.place("archive"),
        function=shop.name("archive"),
        who=who,
    )
    await shop.archive(fork.alice, row)
    for claimed in (row, {**row, shop.owner_field: theirs[shop.owner_field]}):
        await shop.restore(client, claimed)
    seen = await shop.listed(fork.alice, row) or set()
    fork.expect(
        id_ not in seen,
        "restore-open-to-others",
        look_at=shop.place("restore"),
        function=shop.name("restore"),
        who=who,
    )
    await shop.restore(fork.alice, row)


# ── task 3


async def check_3(fork: Fork) -> Verdict:
    attack = await Attack.begin(fork)
    for line in LINES:
        await attack.run(line)
    return fork.passed("passed-3", seed=fork.seed, calls=attack.shop.calls, rows=attack.made)
