"""Queries: ranges over compound indexes, filters, one-row forms, iteration, tables that are not there."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA = """{
  games: defineTable({ player: v.string(), score: v.number(), stats: v.object({ wins: v.number() }), note: v.optional(v.string()) })
    .index("by_player", ["player", "score"]).index("by_wins", ["stats.wins"]).index("by_score", ["score"]),
}"""
CODE = """
export const fill = mutation(async (ctx) => {
  const rows: [string, number, number][] = [["ann", 5, 1], ["bob", 20, 2], ["ann", 20, 3], ["ann", 10, 4], ["bob", 7, 5]];
  for (const [player, score, wins] of rows) await ctx.db.insert("games", { player, score, stats: { wins } });
});
const wins = (rows: any[]) => rows.map((row) => row.stats.wins);
const read = (f: (games: any) => any) => query(async (ctx) => {
  const found = await f(ctx.db.query("games"));
  return Array.isArray(found) ? wins(found) : found?.stats.wins ?? null;
});
const player = (range: (q: any) => any, order: "asc" | "desc" = "asc") =>
  read((games) => games.withIndex("by_player", range).order(order).collect());
const filter = (predicate: (q: any) => any) => read((games) => games.filter(predicate).collect());
const one = (score: number) => read((games) => games.withIndex("by_score", (q: any) => q.eq("score", score)).unique());
export const equal = player((q) => q.eq("player", "ann"));
export const greater = player((q) => q.eq("player", "ann").gt("score", 5));
export const between = player((q) => q.eq("player", "ann").gte("score", 5).lt("score", 20), "desc");
export const swapped = player((q) => q.eq("score", 20).eq("player", "bob"));
export const time = player((q) => q.eq("player", "bob").eq("score", 7).gt("_creationTime", 0));
export const path = read((games) => games.withIndex("by_wins", (q: any) => q.gte("stats.wins", 4)).collect());
export const ties = read((games) => games.withIndex("by_score", (q: any) => q.eq("score", 20)).order("desc").collect());
export const leaders = read((games) => games.withIndex("by_score").order("desc").take(3));
export const first = read((games) => games.order("desc").first());
export const noLimit = read((games) => games.take(0));
export const unique0 = one(1);
export const unique1 = one(7);
export const unique2 = one(20);
export const and = filter((q) => q.and(q.eq(q.field("player"), "ann"), q.neq(q.field("score"), 5)));
export const or = filter((q) => q.or(q.lt(q.field("score"), 6), q.gte(q.field("stats.wins"), 5)));
export const arithmetic = filter((q) => q.eq(q.add(q.field("score"), q.mul(q.field("stats.wins"), 2)), 26));
export const remainder = filter((q) => q.eq(q.mod(q.neg(q.field("score")), 4), -3));
export const absent = filter((q) => q.eq(q.field("note"), undefined));
export const negated = filter((q) => q.not(q.eq(q.field("player"), "ann")));
export const constant = filter(() => false);
export const filteredFirst = read((games) => games.filter((q: any) => q.eq(q.field("player"), "bob")).first());
export const mixed = filter((q) => q.eq(q.add(q.field("player"), 1), 2));
export const truthy = filter((q) => q.field("score"));
export const wrongOrder = player((q) => q.gt("score", 1));
export const wrongField = player((q) => q.eq("color", 1));
export const twoBounds = player((q) => q.gt("player", "a").lt("score", 3));
export const twice = player((q) => q.gt("player", "a").gte("player", "b"));
export const noIndex = query(async (ctx) => await (ctx.db.query("games") as any).withIndex("nope").collect());
export const negative = read((games) => games.take(-1));
export const early = query(async (ctx) => {
  const seen = [];
  for await (const game of ctx.db.query("games")) { seen.push(game); if (seen.length === 2) break; }
  return wins(seen);
});
export const together = query(async (ctx) => {
  const games = () => ctx.db.query("games");
  const [some, last, all] = await Promise.all([games().take(2), games().order("desc").first(), games().collect()]);
  return [some.length, last!.stats.wins, all.length];
});
export const nowhere = query(async (ctx) => {
  const table = () => ctx.db.query("nowhere" as any);
  return [await table().collect(), await table().first(), await table().unique(), await table().withIndex("x" as any).collect()];
});
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def filled(project):
    await project.deploy(CODE, SCHEMA)
    await project.mutation("fill")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("equal", [1, 4, 3]),
        ("greater", [4, 3]),
        ("between", [4, 1]),
        ("swapped", [2]),
        ("time", [5]),
        ("path", [4, 5]),
        ("ties", [3, 2]),
        ("leaders", [3, 2, 4]),
        ("first", 5),
        ("noLimit", []),
        ("unique0", None),
        ("unique1", 5),
        ("and", [3, 4]),
        ("or", [1, 5]),
        ("arithmetic", [3]),
        ("remainder", [5]),
        ("absent", [1, 2, 3, 4, 5]),
        ("negated", [2, 5]),
        ("constant", []),
        ("filteredFirst", 2),
        ("early", [1, 2]),
        ("together", [2, 5, 5]),
        ("nowhere", [[], None, None, []]),
    ],
)
async def test_a_query_finds(project, name, found):
    assert await project.query(name) == found


MORE = "For more information see https://docs.convex.dev/using/indexes."


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mixed", 'Cannot add "ann" (type String) and 1.0 (type Float64)'),
        ("truthy", "Cannot use value 5.0 (type Float64) as a Boolean"),
        ("noIndex", "Index games.nope not found."),
        ("twice", 'Already defined lower bound in index range. Can\'t add "player" >= "b".'),
        (
            "wrongOrder",
            "Tried to query index games.by_player but the query didn't use the index fields in order.\n"
            'Index fields: ["player", "score", "_creationTime"]\nQuery fields: ["score"]\n'
            f'First incorrect field: "score"\n{MORE}',
        ),
        (
            "wrongField",
            'The index range included a comparison with "color", but games.by_player with fields '
            f'["player", "score", "_creationTime"] doesn\'t index this field. {MORE}',
        ),
        (
            "twoBounds",
            "Upper and lower bounds in `range` can only be applied to a single index field. This query against index "
            'games.by_player attempted to set a range bound on both "player" and "score". Consider using `filter` '
            "instead. See https://docs.convex.dev/using/indexes for more info.",
        ),
    ],
)
async def test_a_wrong_query_is_told_in_convexs_words(project, name, text):
    assert await project.error(name) == f"Uncaught Error: {text}"


async def test_two_rows_are_not_unique(project):
    text = await project.error("unique2")
    assert text.startswith("Uncaught Error: unique() query returned more than one result from table games:\n [")
    assert await project.error("negative") == "Uncaught TypeError: Arg 1 `n` to `take` must be a non-negative integer"
