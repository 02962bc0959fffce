"""A fork of the learner's service, with what was found out about it: its table, whose row is whose, how to call it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lessons.arguments import arguments
from lessons.fork import Answer, Client, Fork, LiveQuery, Row
from lessons.opening_day.making import CannotMake, Maker, large_pages, names_owner
from lessons.opening_day.roles import BY_NAME, complete, introductions
from lessons.results import SYSTEM_FIELDS, ids_in
from lessons.verdict import NotYet, Place

Tables = Mapping[str, Mapping[str, Row]]
TAG_LETTERS = "bcdfghjkmnpqrstvwxz"
TAG_LENGTH = 7
SCHEMA = Place("convex/schema.ts", 1, 1)


@dataclass(slots=True)
class Shop:
    """`owners` says by persona what the owner field holds. `made` counts the rows that calls of create have made."""

    fork: Fork
    roles: dict[str, str]
    table: str = ""
    owner_field: str = ""
    owners: dict[str, Any] = field(default_factory=dict)
    calls: int = 0
    introduces: bool = False
    """Whether people have to be made known, or need a row of their own, before they can make one."""
    own_ids: dict[str, dict[str, str]] = field(default_factory=dict)
    """What introductions made, by persona: table → id."""

    # ── calling by role ─────────────────────────────────────────────────────

    async def create(self, client: Client, tag: str, *, owner: Any = None) -> Answer:
        """One call of create; `owner` is what an argument that names a person says, the caller by default."""
        await self.introduce(client)
        return await self.mutate(client, "create", await self.to_create(client, tag, owner=owner))

    async def to_create(self, client: Client, tag: str, *, owner: Any = None) -> dict[str, Any]:
        return await self._made(client, "create", tag, owner=owner)

    async def archive(self, client: Client, row: Row) -> Answer:
        return await self.mutate(client, "archive", self.about(row, "archive"))

    async def restore(self, client: Client, row: Row) -> Answer:
        return await self.mutate(client, "restore", self.about(row, "restore"))

    async def erase(self, client: Client, *, owner: Any = None) -> Answer:
        """Erases the caller's rows, and waits for what the function has scheduled."""
        answer = await self.mutate(client, "erase", await self._made(client, "erase", self.tag(), owner=owner))
        await self.fork.finish_scheduled()
        return answer

    async def mutate(self, client: Client, role: str, given: Mapping[str, Any]) -> Answer:
        self.calls += 1
        return await client.try_mutate(self.roles[role], given)

    async def listed(self, client: Client, row: Row, *, owner: Any = None) -> set[str] | None:
        """The ids on the caller's list, or None when the list was refused."""
        self.calls += 1
        answer = await client.try_query(self.roles["list"], self.to_list(row, owner=owner))
        return None if answer.refused is not None else self.ids(answer.value, await self.rows())

    async def list_or_fail(self, client: Client, row: Row) -> set[str]:
        """The ids on the list of somebody who is signed in and may see it. A refusal ends the check."""
        self.calls += 1
        answer = await client.try_query(self.roles["list"], self.to_list(row))
        if answer.refused is not None:
            self.fork.fail(
                "list-refused",
                look_at=self.fork.place_of(answer.refused),
                function=self.name("list"),
                error=answer.refused.first_line,
            )
        return self.ids(answer.value, await self.rows())

    async def expect_listed(self, client: Client, row: Row) -> set[str]:
        """The same, with this row among them."""
        seen = await self.list_or_fail(client, row)
        self.fork.expect(
            str(row["_id"]) in seen, "list-misses-new-row", look_at=self.place("list"), function=self.name("list")
        )
        return seen

    async def documents(self, client: Client, row: Row) -> int:
        return (await client.measure(self.roles["list"], self.to_list(row))).documents

    async def live(self, client: Client, row: Row) -> LiveQuery:
        return await client.subscribe(self.roles["list"], self.to_list(row))

    def to_list(self, row: Row, *, owner: Any = None) -> dict[str, Any]:
        """Arguments of the list. What they say of a person is what this row says, unless `owner` is given."""
        like = row if owner is None or not self.owner_field else {**row, self.owner_field: owner}
        return large_pages(arguments(self.fork.functions[self.roles["list"]], self.table, like, wants_id=False))

    def about(self, row: Row, role: str) -> dict[str, Any]:
        """Arguments that mean this row."""
        return arguments(self.fork.functions[self.roles[role]], self.table, row, wants_id=True)

    async def _made(self, client: Client, role: str, tag: str, *, owner: Any = None) -> dict[str, Any]:
        function = self.fork.functions[self.roles[role]]
        persona = client.name or ""
        if role == "create":
            declared = (function.args or {"type": "any"})["type"] != "any"
            self.fork.expect(declared, "create-undeclared", look_at=self.place(role), function=self.name(role))
        ids = {table: next(reversed(rows)) for table, rows in (await self.everything()).items() if rows}
        ids |= self.own_ids.get(persona, {})
        maker = Maker(tag, owner if owner is not None else self.owners.get(persona, persona), ids)
        try:
            return maker.arguments(function)
        except CannotMake as error:
            self.fork.fail("create-needs-more", look_at=self.place(role), function=self.name(role), what=str(error))

    async def introduce(self, client: Client) -> None:
        """Calls what a first visit would: a mutation that keeps who somebody is, or makes the list for their rows.

        Only where create does not work without, and once for each person. Whoever is not signed in is nobody to
        introduce.
        """
        if not self.introduces or client.name in self.own_ids or client is self.fork.nobody:
            return
        own = self.own_ids[client.name] = {}
        for path, function in introductions(self.fork.functions, self.roles.values()):
            before = await self.everything()
            try:
                given = Maker(self.tag(), client.name, {**own}).arguments(function)
            except CannotMake:
                continue
            await client.try_mutate(path, given)
            for table, rows in (await self.everything()).items():
                own.update((table, id_) for id_ in rows if id_ not in before.get(table, {}))

    # ── looking ─────────────────────────────────────────────────────────────

    async def rows(self) -> dict[str, Row]:
        return await self.fork.rows(self.table)

    async def everything(self) -> Tables:
        """Every row of every table, by id, oldest first."""
        return {table: await self.fork.rows(table) for table in await self.fork.table_names()}

    def ids(self, result: Any, rows: Mapping[str, Row]) -> set[str]:
        return ids_in(result, rows)

    def of(self, persona: str, rows: Mapping[str, Row]) -> dict[str, Row]:
        """The rows whose owner field says that persona."""
        return {id_: row for id_, row in rows.items() if row.get(self.owner_field) == self.owners[persona]}

    # ── words ───────────────────────────────────────────────────────────────

    def tag(self) -> str:
        return "".join(self.fork.random.choices(TAG_LETTERS, k=TAG_LENGTH))

    def name(self, role: str) -> str:
        return self.roles[role].partition(":")[2]

    def place(self, role: str) -> Any:
        return self.fork.place(self.roles[role])

    def takes_owner(self, role: str) -> bool:
        return names_owner(self.fork.functions[self.roles[role]])


async def open_shop(fork: Fork, *, task: int) -> Shop:
    """The service with the roles of this task and those before it. Ends the check where one is missing."""
    roles = complete(fork.roles, fork.functions)
    for role in BY_NAME.values():
        if role.task > task:
            continue
        path = roles.get(role.name)
        if path is None:
            fork.fail("role-missing", look_at=SCHEMA, role=role.name, kind=role.kind)
        function = fork.functions[path]
        fork.expect(
            function.kind == role.kind and function.visibility == "public",
            "role-wrong-kind",
            look_at=fork.place(path),
            function=path.partition(":")[2],
            role=role.name,
            kind=role.kind,
            found=f"an {function.visibility} {function.kind}"
            if function.visibility == "internal"
            else f"{'an' if function.kind == 'action' else 'a'} {function.kind}",
        )
    return Shop(fork, roles)


async def stock(shop: Shop, *, alices: int, bobs: int) -> tuple[list[Row], list[Row]]:
    """Makes rows as Alice and as Bob and finds out the table and its owner field. Returns both, oldest first."""
    fork = shop.fork
    mine = [await _made_row(shop, fork.alice) for _ in range(alices)]
    theirs = [await _made_row(shop, fork.bob) for _ in range(bobs)]
    _find_owner(shop, mine, theirs)
    return mine, theirs


async def _made_row(shop: Shop, client: Client) -> Row:
    fork, tag = shop.fork, shop.tag()
    before, given, answer = await _first_try(shop, client, tag)
    function, place = shop.name("create"), shop.place("create")
    shown = ", ".join(f"`{name}`" for name in given) or "no arguments"
    if answer.refused is not None:
        fork.fail(
            "create-refused",
            look_at=fork.place_of(answer.refused),
            function=function,
            given=shown,
            error=answer.refused.first_line,
        )
    after = await shop.everything()
    added = {
        table: [row for id_, row in rows.items() if id_ not in before.get(table, {})] for table, rows in after.items()
    }
    added = {table: rows for table, rows in added.items() if rows}
    fork.expect(bool(added), "create-writes-nothing", look_at=place, function=function, given=shown)
    if not shop.table:
        shop.table = _likeliest_table(shop, added, tag)
    rows = added.get(shop.table, [])
    fork.expect(bool(rows), "create-writes-nothing", look_at=place, function=function, given=shown)
    fork.expect(
        len(rows) == 1, "create-writes-twice", look_at=place, function=function, table=shop.table, count=len(rows)
    )
    return rows[0]


async def _first_try(shop: Shop, client: Client, tag: str) -> tuple[Tables, dict[str, Any], Answer]:
    """A call of create, and the tables before it. If it does not work, once more after an introduction."""
    await shop.introduce(client)
    before = await shop.everything()
    if shop.introduces or not introductions(shop.fork.functions, shop.roles.values()):
        given = await shop.to_create(client, tag)
        return before, given, await shop.mutate(client, "create", given)
    try:
        given = await shop.to_create(client, tag)
        answer = await shop.mutate(client, "create", given)
    except NotYet:
        answer = None
    if answer is not None and answer.ok:
        return before, given, answer
    shop.introduces = True
    return await _first_try(shop, client, tag)


def _likeliest_table(shop: Shop, added: Mapping[str, list[Row]], tag: str) -> str:
    """Create may write to more than one table (a row for the person, an audit row): which of them is the list about?"""
    if len(added) == 1:
        return next(iter(added))
    archive = shop.fork.functions.get(shop.roles.get("archive", ""))
    takes = str(archive.args) if archive is not None else ""
    named = [table for table in added if f"'tableName': '{table}'" in takes]
    tagged = [table for table, rows in added.items() if any(tag in str(row) for row in rows)]
    module = shop.roles["create"].partition(":")[0]
    return next(iter([*named, *(table for table in tagged if table == module), *tagged, *added]))


def _find_owner(shop: Shop, mine: list[Row], theirs: list[Row]) -> None:
    """The field that is the same in all rows of one person and differs between the two."""
    first, other = mine[0], theirs[0]
    telling = [
        name
        for name, value in first.items()
        if name not in SYSTEM_FIELDS
        and all(row.get(name) == value for row in mine)
        and other.get(name) is not None
        and other[name] != value
        and all(row.get(name) == other[name] for row in theirs)
    ]
    shop.fork.expect(bool(telling), "row-has-no-owner", look_at=shop.place("create"), table=shop.table)
    declared = shop.fork.schema.tables.get(shop.table)
    indexed = [fields[0] for fields in declared.indexes.values()] if declared is not None else []
    shop.owner_field = next((name for name in indexed if name in telling), telling[0])
    shop.owners = {"alice": first[shop.owner_field], "bob": other[shop.owner_field]}
