"""Text search as learners write it: the library's builder, operators, own writes, and what wakes a subscription."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

import pytest
import pytest_asyncio

from tests.engine.fidelity.conftest import Project

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA = """{
  messages: defineTable({ body: v.string(), channel: v.optional(v.string()), likes: v.number(), at: v.optional(v.array(v.float64())) })
    .index("by_channel", ["channel"])
    .searchIndex("search_body", { searchField: "body", filterFields: ["channel"] })
    .searchIndex("later", { searchField: "channel", staged: true })
    .vectorIndex("by_place", { vectorField: "at", dimensions: 2 }),
}"""
CODE = """
export const fill = mutation(async (ctx) => {
  const rows: [string, string | undefined, number][] = [
    ["The quick brown fox", "animals", 3], ["Quick, quick: a fox!", "animals", 1], ["slow food", "kitchen", 2],
    ["a quick lunch", "kitchen", 5], ["no channel, quick", undefined, 0],
  ];
  for (const [body, channel, likes] of rows) await ctx.db.insert("messages", { body, channel, likes });
});
const search = (f: (q: any) => any, then: (found: any) => any = (found) => found.collect()) => query(async (ctx) => {
  const found = await then((ctx.db.query("messages") as any).withSearchIndex("search_body", f));
  return Array.isArray(found) ? found.map((row: any) => row.body) : found?.body ?? null;
});
export const words = search((q) => q.search("body", "fox quick"));
export const prefix = search((q) => q.search("body", "qui"), (found) => found.take(2));
export const inChannel = search((q) => q.search("body", "quick").eq("channel", "kitchen"));
export const noChannel = search((q) => q.search("body", "quick").eq("channel", undefined));
export const first = search((q) => q.search("body", "food"), (found) => found.first());
export const unique = search((q) => q.search("body", "lunch"), (found) => found.unique());
export const nothing = search((q) => q.search("body", "zebra"), (found) => found.first());
export const popular = search((q) => q.search("body", "quick"), (found) => found.filter((q: any) => q.gte(q.field("likes"), 3)).collect());
export const ordered = search((q) => q.search("body", "quick"), (found) => found.order("asc").collect());
export const wrongField = search((q) => q.search("channel", "x"));
export const wrongFilter = search((q) => q.search("body", "x").eq("likes", 1));
export const noSearch = search((q) => q.eq("channel", "x"));
export const staged = query(async (ctx) => (ctx.db.query("messages") as any).withSearchIndex("later", (q: any) => q.search("channel", "x")).collect());
export const asIndex = query(async (ctx) => (ctx.db.query("messages") as any).withIndex("search_body").collect());
export const iterated = query(async (ctx) => {
  for await (const row of ctx.db.query("messages").withSearchIndex("search_body", (q) => q.search("body", "quick"))) return row.body;
});
export const ownWrites = mutation(async (ctx) => {
  const id = await ctx.db.insert("messages", { body: "ephemeral note", likes: 0 });
  const find = async () => (await ctx.db.query("messages").withSearchIndex("search_body", (q) => q.search("body", "ephemeral")).collect()).length;
  const seen = [await find()];
  await ctx.db.patch(id, { body: "changed" });
  seen.push(await find());
  await ctx.db.delete(id);
  return seen;
});
"""
QUICK = {"The quick brown fox", "Quick, quick: a fox!", "a quick lunch", "no channel, quick"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(project):
    await project.deploy(CODE, SCHEMA)
    await project.mutation("fill")
    return project


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("prefix", 2),
        ("inChannel", ["a quick lunch"]),
        ("noChannel", ["no channel, quick"]),
        ("first", "slow food"),
        ("unique", "a quick lunch"),
        ("nothing", None),
        ("popular", {"The quick brown fox", "a quick lunch"}),
    ],
)
async def test_what_a_search_finds(filled: Project, name, found):
    value = await filled.query(name)
    if isinstance(found, int):
        assert len(value) == found
    else:
        assert (set(value) if isinstance(found, set) else value) == found


async def test_more_of_the_words_come_first(filled: Project):
    words = await filled.query("words")
    assert words[0] == "Quick, quick: a fox!"
    assert words[1] == "The quick brown fox"
    assert set(words) == QUICK
    assert await filled.query("iterated") in QUICK


async def test_a_mutation_finds_its_own_writes(filled: Project):
    assert await filled.mutation("ownWrites") == [1.0, 0.0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ordered", "Search queries must always be in relevance order. Can not set order manually."),
        (
            "wrongField",
            'Search query against messages.search_body contains a search filter against "channel", which doesn\'t match the indexed `searchField` "body".',
        ),
        (
            "wrongFilter",
            'Search query against messages.search_body contains an equality filter on "likes" but that field isn\'t indexed for filtering in `filterFields`.',
        ),
        ("noSearch", "Search query against messages.search_body does not contain any search filters."),
        ("staged", "Index messages.later is currently staged and not available to query until it is enabled."),
        ("asIndex", "Index messages.search_body is not a database index"),
    ],
)
async def test_what_a_search_refuses(filled: Project, name, text):
    assert text in await filled.error(name)


async def test_definitions_that_are_refused_at_deploy(project):
    table = "{ t: defineTable({ a: v.string(), w: v.array(v.number()) })%s }"
    assert 'In table "t": Dimensions 1 must be between 2 and 4096.' in await project.try_deploy(
        schema=table % '.vectorIndex("i", { vectorField: "w", dimensions: 1 })'
    )
    assert "that is neither an array of float64" in await project.try_deploy(
        schema=table % '.vectorIndex("i", { vectorField: "a", dimensions: 3 })'
    )
    assert 'references the field "b" that does not exist' in await project.try_deploy(
        schema=table % '.searchIndex("i", { searchField: "b" as any })'
    )
    assert "have the same `searchField`" in await project.try_deploy(
        schema=table % '.searchIndex("i", { searchField: "a" }).searchIndex("j", { searchField: "a" })'
    )
