"""Which write wakes which live query: read sets are intervals of index keys, not tables and not filters (semantics.md §7)."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine.trace import RunNote

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA = """{ s: defineTable(v.any()).index("score", ["score"]).index("group", ["group", "score"]).index("mark", ["mark"]) }"""
CODE = """
const live = (f: (db: any, a: any) => any) => query(async (ctx, a: any) => (await f(ctx.db, a)) ?? null);
const range = (index: string, bounds?: (q: any) => any) => (db: any) => db.query("s").withIndex(index, bounds);
export const all = live((db) => db.query("s").collect());
export const filtered = live((db) => db.query("s").filter((q: any) => q.eq(q.field("group"), "nobody")).collect());
export const take2 = live((db) => range("score")(db).take(2));
export const top2 = live((db) => range("score")(db).order("desc").take(2));
export const first = live((db) => range("score")(db).first());
export const stopped = live(async (db) => { for await (const row of range("score")(db)) return row.score; });
export const between = live((db) => range("score", (q) => q.gt("score", 10).lte("score", 20))(db).collect());
export const group = live((db) => range("group", (q) => q.eq("group", "a").gte("score", 10))(db).collect());
export const unique = live((db) => range("score", (q) => q.eq("score", 15))(db).unique());
export const unmarked = live((db) => range("mark", (q) => q.eq("mark", undefined))(db).collect());
export const nothing = live((db) => range("score", (q) => q.gt("score", 20).lt("score", 10))(db).collect());
export const later = live((db) => db.query("later").collect());
export const never = live((db) => db.query("never").collect());
export const pure = live(() => 1);
export const row = live((db, a) => db.get(a.id));
export const insert = mutation(async (ctx, a: any) => await ctx.db.insert(a.table ?? "s", a.value));
export const patch = mutation(async (ctx, a: any) => await ctx.db.patch(a.id, a.value));
export const remove = mutation(async (ctx, a: any) => await ctx.db.delete(a.id));
export const clear = mutation(async (ctx, a: any) => {
  for (const row of await ctx.db.query(a.table).collect()) await ctx.db.delete((row as any)._id);
});
export const clock = query(async (ctx) => (await ctx.db.query("ticks" as any).collect()).length);
export const tick = mutation(async (ctx) => { await ctx.db.insert("ticks", {}); });
export const inAndOut = mutation(async (ctx, a: any) => await ctx.db.delete(await ctx.db.insert("s" as any, a.value)));
"""
LIVE = [
    "all",
    "filtered",
    "take2",
    "top2",
    "first",
    "stopped",
    "between",
    "group",
    "unique",
    "unmarked",
    "nothing",
    "later",
    "never",
    "pure",
]
FULL = {"all", "filtered"}


class Watched:
    """`rows` by score: 5 a, 10 a, 15 b, 20 a, 30 b. `woken` says what a write made run again."""

    def __init__(self, project: Any, rows: dict[int, str], notes: list[RunNote], settle: Callable[[], Any]) -> None:
        self.project = project
        self.rows = rows
        self._notes = notes
        self._settle = settle

    async def woken(self, name: str, **args: Any) -> set[str]:
        await self._settle()
        self._notes.clear()
        await self.project.mutation(name, **args)
        await self._settle()
        return {note.path.removeprefix("m:") for note in self._notes} - {"clock"}


@pytest_asyncio.fixture(loop_scope="module")
async def watched(project):
    await project.deploy(CODE, SCHEMA)
    for table in ("s", "later"):
        await project.mutation("clear", table=table)
    rows = {}
    for score, group in ((5, "a"), (10, "a"), (15, "b"), (20, "a"), (30, "b")):
        rows[score] = await project.mutation("insert", value={"score": score, "group": group})
    deployment = project.deployment
    notes: list[RunNote] = []
    watches = [await deployment.subscribe(f"m:{name}", {}) for name in LIVE]
    watches.append(await deployment.subscribe("m:row", {"id": rows[15]}))
    clock = await deployment.subscribe("m:clock", {})

    def listen(note: Any) -> None:
        if isinstance(note, RunNote) and note.kind == "query":
            notes.append(note)

    async def settle() -> None:
        """Writes what one query alone reads: once that came, the rounds before it are over."""
        while not clock.emissions:
            await anext(clock)
        await project.mutation("tick")
        await anext(clock)

    await anext(clock)
    for watch in watches:
        await anext(watch)
    deployment.add_listener(listen)
    yield Watched(project, rows, notes, settle)
    deployment.remove_listener(listen)
    for watch in [*watches, clock]:
        await watch.close()


@pytest.mark.parametrize(
    ("value", "woken"),
    [
        ({"score": 12, "group": "a"}, FULL | {"between", "group", "unmarked"}),
        ({"score": 4, "group": "b"}, FULL | {"take2", "first", "stopped", "unmarked"}),
        ({"score": 5, "group": "b"}, FULL | {"take2", "unmarked"}),
        ({"score": 20, "group": "b", "mark": 1}, FULL | {"between", "top2"}),
        ({"score": 10, "group": "b", "mark": 1}, FULL),
        ({"score": 40, "group": "a", "mark": 1}, FULL | {"top2", "group"}),
        ({"score": 15, "group": "b", "mark": None}, FULL | {"between", "unique"}),
    ],
)
async def test_an_insert_wakes_the_queries_that_looked_there(watched, value, woken):
    assert await watched.woken("insert", value=value) == woken


@pytest.mark.parametrize(
    ("change", "woken"),
    [
        ({"score": 15}, set()),
        ({"note": 1}, FULL | {"between", "unique", "unmarked", "row"}),
        ({"score": 25}, FULL | {"between", "unique", "unmarked", "row", "top2"}),
        ({"score": 1}, FULL | {"between", "unique", "unmarked", "row", "take2", "first", "stopped"}),
        ({"mark": 1}, FULL | {"between", "unique", "unmarked", "row"}),
    ],
)
async def test_a_patch_counts_where_the_row_was_and_where_it_is(watched, change, woken):
    assert await watched.woken("patch", id=watched.rows[15], value=change) == woken


async def test_a_delete_wakes_who_read_the_row(watched):
    assert await watched.woken("remove", id=watched.rows[30]) == FULL | {"top2", "unmarked"}


async def test_what_leaves_no_trace_wakes_nobody(watched):
    assert await watched.woken("inAndOut", value={"score": 15, "group": "a"}) == set()


async def test_the_first_row_of_a_table_wakes_who_looked_for_it(watched):
    assert await watched.woken("insert", table="later", value={}) == {"later"}
    assert await watched.woken("insert", table="elsewhere", value={}) == set()
