"""Opening day: what thirty clients, a crash, a cut, new names, a large archive and an erasure do to a shop.

Each line of the score card is one promise. A line that does not hold ends with its own finding, raised as in every
check; the score card goes on with the next one all the same. What happens is real: concurrent calls, runs that are
stopped, code that is deployed while clients call.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from lessons.fork import Client, Fork, LiveQuery, Row
from lessons.opening_day.shop import Shop, open_shop, stock
from lessons.results import own_fields
from lessons.verdict import NotYet, Place

CLIENTS = 30
CALLS_EACH = 3
PEOPLE = ("alice", "bob", "chidi")
EQUAL_CALLS = 3
"""Calls of one person with the same words: two equal rows are two rows."""
CRASHES_MAX = 12
ARCHIVE_ROWS = 800
OWN_ARCHIVE_ROWS = 60
FRESH_ROWS = 3
"""What Alice writes after her erasure: she may come back."""
A_FEW_MORE = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One promise of the card: `name` is its key, `title` what the card says."""

    name: str
    title: str


LINES = (
    Line("rush", "Nothing lost and nothing doubled in the rush"),
    Line("crash", "Never half done"),
    Line("cut", "Right again after a cut connection"),
    Line("names", "Old and new names side by side"),
    Line("erasure", "Erased means erased"),
    Line("archive", "Reads its own rows only, however large the archive"),
    Line("live", "Every live list is what a fresh look returns"),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one line: `detail` says what was counted, or what went wrong."""

    line: Line
    holds: bool
    detail: str


@dataclass(slots=True)
class Attack:
    shop: Shop
    mine: list[Row]
    theirs: list[Row]
    lists: dict[str, LiveQuery]
    made: int = 0

    @classmethod
    async def begin(cls, fork: Fork) -> Attack:
        """Opens the shop: a few rows of Alice's and Bob's, and a live list for each. Raises NotYet."""
        shop = await open_shop(fork, task=3)
        mine, theirs = await stock(shop, alices=4, bobs=3)
        await shop.expect_listed(fork.alice, mine[0])
        lists = {"Alice": await shop.live(fork.alice, mine[0]), "Bob": await shop.live(fork.bob, theirs[0])}
        return cls(shop, mine, theirs, lists, made=len(mine) + len(theirs))

    async def run(self, line: Line) -> str:
        """Attacks one promise and says what was counted. Raises NotYet when it does not hold."""
        return await _ATTACKS[line.name](self)

    async def card(self) -> AsyncIterator[Judged]:
        """Every line, as it is judged."""
        for line in LINES:
            try:
                yield Judged(line, True, await self.run(line))
            except NotYet as finding:
                yield Judged(line, False, finding.verdict.happened)


async def _rush(attack: Attack) -> str:
    shop, fork = attack.shop, attack.shop.fork
    before = set(await shop.rows())
    clients = [fork.person(PEOPLE[number % len(PEOPLE)]) for number in range(CLIENTS * CALLS_EACH)]
    # Several calls of one person with the same words, then different ones; shuffled by the seed.
    tags = [shop.tag() if number >= EQUAL_CALLS * len(PEOPLE) else "sametag" for number in range(len(clients))]
    calls = [(client, await shop.to_create(client, tag)) for client, tag in zip(clients, tags, strict=True)]
    fork.random.shuffle(calls)
    shop.calls += len(calls)
    answers = await fork.together([client.call(shop.roles["create"], given) for client, given in calls])
    rows = await shop.rows()
    new = {id_: row for id_, row in rows.items() if id_ not in before}
    acknowledged = sum(answer.refused is None for answer in answers)
    place, function = shop.place("create"), shop.name("create")
    fork.expect(
        len(new) == acknowledged,
        "rush-loses-rows",
        look_at=place,
        clients=CLIENTS,
        function=function,
        acknowledged=acknowledged,
        table=shop.table,
        stored=len(new),
    )
    made: dict[str, int] = {}
    for (client, _), answer in zip(calls, answers, strict=True):
        made[client.name or ""] = made.get(client.name or "", 0) + (answer.refused is None)
    for persona in ("alice", "bob"):
        owned = len(shop.of(persona, new))
        fork.expect(
            owned == made.get(persona, 0),
            "rush-wrong-owner",
            look_at=place,
            clients=CLIENTS,
            function=function,
            count=abs(owned - made.get(persona, 0)),
        )
    await _expect_whole_lists(attack, rows)
    attack.made += len(new)
    return f"{CLIENTS} clients at once, {acknowledged} calls acknowledged, {len(new)} rows."


async def _expect_whole_lists(attack: Attack, rows: dict[str, Row]) -> None:
    shop = attack.shop
    for who, client, like in (("Alice", shop.fork.alice, attack.mine[0]), ("Bob", shop.fork.bob, attack.theirs[0])):
        own = set(shop.of(who.lower(), rows))
        seen = await shop.listed(client, like) or set()
        shop.fork.expect(
            own <= seen,
            "rush-list-is-short",
            look_at=shop.place("list"),
            clients=CLIENTS,
            function=shop.name("list"),
            who=who,
            made=len(own),
            shown=len(seen & own),
        )


async def _crash(attack: Attack) -> str:
    """Stops archive at its first step, its second, and so on, until it ends before it can be stopped."""
    shop, fork, row = attack.shop, attack.shop.fork, attack.mine[1]
    given = shop.about(row, "archive")
    for step in range(1, CRASHES_MAX + 1):
        before = await shop.everything()
        if not await fork.alice.crash(shop.roles["archive"], given, at=step):
            await shop.restore(fork.alice, row)
            return f"Stopped in the middle {step - 1} times; every time nothing had changed."
        fork.expect(
            await shop.everything() == before,
            "crash-leaves-half",
            look_at=shop.place("archive"),
            function=shop.name("archive"),
            step=step,
            table=shop.table,
        )
    return f"Stopped in the middle {CRASHES_MAX} times; every time nothing had changed."


async def _cut(attack: Attack) -> str:
    shop, fork, row = attack.shop, attack.shop.fork, attack.mine[2]
    await attack.lists["Alice"].close()
    await shop.archive(fork.alice, row)
    await shop.create(fork.alice, shop.tag())
    attack.made += 1
    attack.lists["Alice"] = again = await shop.live(fork.alice, attack.mine[0])
    fresh = await shop.listed(fork.alice, attack.mine[0])
    rows = await shop.rows()
    fork.expect(
        await again.wait_until(lambda value: shop.ids(value, rows) == fresh),
        "cut-list-differs",
        look_at=shop.place("list"),
    )
    await shop.restore(fork.alice, row)
    return "Two changes were missed while the line was cut; the list has both."


async def _names(attack: Attack) -> str:
    """Deploys the same project with new names beside the old, while both are called."""
    shop, fork = attack.shop, attack.shop.fork
    module, _, name = shop.roles["create"].partition(":")
    new = f"opening_day_names:{name}Anew" if name != "default" else "opening_day_names:createAnew"
    source = f'export {{ {name} as {new.partition(":")[2]} }} from "./{module}";\n'
    problems = await fork.try_deploy({**fork.files, "convex/opening_day_names.ts": source})
    if problems:
        fork.fail(
            "new-names-fail", look_at=shop.place("create"), function=new.partition(":")[2], error=problems[0].message
        )
    old_given, new_given = [await shop.to_create(fork.alice, shop.tag()) for _ in range(2)]
    shop.calls += 2
    answers = await fork.together([fork.alice.call(shop.roles["create"], old_given), fork.alice.call(new, new_given)])
    for path, answer in zip((shop.roles["create"], new), answers, strict=True):
        if answer.refused is not None:
            fork.fail(
                "new-names-fail",
                look_at=shop.place("create"),
                function=path.partition(":")[2],
                error=answer.refused.first_line,
            )
    attack.made += 2
    return f"`{name}` and its new name answered side by side, while the code was deployed under them."


async def _archive(attack: Attack) -> str:
    shop, fork = attack.shop, attack.shop.fork
    for _ in range(FRESH_ROWS):
        await shop.create(fork.alice, shop.tag())
    attack.made += FRESH_ROWS
    mine, theirs = attack.mine[0], attack.theirs[1]
    await shop.archive(fork.bob, theirs)
    hidden = (await shop.rows()).get(str(theirs["_id"]), theirs)
    before = await shop.documents(fork.alice, mine)
    await fork.insert(shop.table, [own_fields(hidden)] * (ARCHIVE_ROWS - 100) + [own_fields(attack.theirs[0])] * 100)
    after = await shop.documents(fork.alice, mine)
    fork.expect(
        after <= before + A_FEW_MORE,
        "large-archive-is-read",
        look_at=shop.place("list"),
        more=ARCHIVE_ROWS,
        table=shop.table,
        function=shop.name("list"),
        before=before,
        after=after,
    )
    await _advise_on_own_archive(attack, after)
    await shop.restore(fork.bob, theirs)
    return f"{ARCHIVE_ROWS:,} more rows in the table, {after} documents read, as before."


async def _advise_on_own_archive(attack: Attack, before: int) -> None:
    shop, fork = attack.shop, attack.shop.fork
    row = next(iter(shop.of("alice", await shop.rows()).values()), attack.mine[3])
    await shop.archive(fork.alice, row)
    hidden = (await shop.rows()).get(str(row["_id"]), row)
    await fork.insert(shop.table, [own_fields(hidden)] * OWN_ARCHIVE_ROWS)
    after = await shop.documents(fork.alice, attack.mine[0])
    if after > before + A_FEW_MORE:
        shown = await shop.listed(fork.alice, attack.mine[0]) or set()
        fork.advise(
            "large-archive-of-ones-own",
            look_at=Place("convex/schema.ts", 1, 1),
            more=OWN_ARCHIVE_ROWS,
            table=shop.table,
            after=after,
            shown=len(shown),
        )


async def _erasure(attack: Attack) -> str:
    shop, fork = attack.shop, attack.shop.fork
    place, function = shop.place("erase"), shop.name("erase")
    word = shop.tag()
    await shop.create(fork.alice, word)
    await shop.archive(fork.alice, attack.mine[3])
    for who, client in (("Bob", fork.bob), ("somebody who is not signed in", fork.nobody)):
        await _expect_only_ones_own(attack, who, client)
    before = await shop.rows()
    mine, others = shop.of("alice", before), _others(shop, before)
    live = await shop.listed(fork.alice, attack.mine[0]) or set()
    answer = await shop.erase(fork.alice)
    if answer.refused is not None:
        fork.fail(
            "erase-refused", look_at=fork.place_of(answer.refused), function=function, error=answer.refused.first_line
        )
    after = await shop.rows()
    harmed = [id_ for id_, row in others.items() if after.get(id_) != row]
    fork.expect(not harmed, "erase-takes-others", look_at=place, function=function, count=len(harmed))
    left = {id_: row for id_, row in after.items() if id_ in mine}
    if left:
        fork.fail(_what_is_left(mine, left, live), look_at=place, function=function, count=len(left))
    for table, rows in (await shop.everything()).items():
        fork.expect(
            not any(word in str(row) for row in rows.values()),
            "erase-leaves-copy",
            look_at=place,
            function=function,
            table=table,
        )
    return f"{len(mine)} rows of Alice’s gone, those in the bin included; {len(others)} others untouched."


def _what_is_left(mine: dict[str, Row], left: dict[str, Row], live: set[str]) -> str:
    if left == mine:
        return "erase-changes-nothing"
    if len(left) == len(mine):
        return "erase-hides-only"
    return "erase-leaves-archived" if not live & set(left) else "erase-changes-nothing"


async def _expect_only_ones_own(attack: Attack, who: str, client: Client) -> None:
    """Somebody else calls erase and says Alice: at most their own rows go, which are made again."""
    shop, fork = attack.shop, attack.shop.fork
    if not shop.takes_owner("erase") and client is not fork.nobody:
        return
    before = shop.of("alice", await shop.rows())
    await shop.erase(client, owner=shop.owners["alice"])
    after = await shop.rows()
    fork.expect(
        all(id_ in after for id_ in before),
        "erase-open-to-others",
        look_at=shop.place("erase"),
        function=shop.name("erase"),
        who=who,
    )


def _others(shop: Shop, rows: dict[str, Row]) -> dict[str, Row]:
    return {id_: row for id_, row in rows.items() if row.get(shop.owner_field) != shop.owners["alice"]}


async def _live(attack: Attack) -> str:
    shop, fork = attack.shop, attack.shop.fork
    await fork.settle()
    rows = await shop.rows()
    for who, client, like in (("Alice", fork.alice, attack.mine[0]), ("Bob", fork.bob, attack.theirs[0])):
        fresh = await shop.listed(client, like) or set()
        fork.expect(
            shop.ids(attack.lists[who].value, rows) == fresh, "live-list-differs", look_at=shop.place("list"), who=who
        )
    emissions = sum(len(live.emissions) for live in attack.lists.values())
    return f"Two lists, {emissions} results pushed, both as a fresh call returns them."


_ATTACKS = {
    "rush": _rush,
    "crash": _crash,
    "cut": _cut,
    "names": _names,
    "archive": _archive,
    "erasure": _erasure,
    "live": _live,
}
