"""Every kind of value survives arguments, store and result, and sorts as on Convex (semantics.md §1, §2)."""

from __future__ import annotations

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = """
const VALUES: any[] = [
  new ArrayBuffer(1), "b", { b: 0 }, NaN, [1, 2], null, 2, true, -3n, Infinity, "\\uffee", undefined, 0, [], 5n, {},
  "\\ud83d\\ude00", -0, false, -Infinity, "", [1], { a: 1 }, -1.5, new Uint8Array([0, 1]).buffer,
];
export const fill = mutation(async (ctx) => { for (const x of VALUES) await ctx.db.insert("values", { x }); });
const list = (range?: any) => query(async (ctx: any) =>
  (await ctx.db.query("values").withIndex("x", range).collect()).map((row: any) => ("x" in row ? row.x : "undefined")));
export const all = list();
export const missing = list((q: any) => q.eq("x", undefined));
export const present = list((q: any) => q.gt("x", undefined).lte("x", null));
export const belowZero = list((q: any) => q.lt("x", 0));
export const nan = list((q: any) => q.eq("x", NaN));
export const minusZero = list((q: any) => q.eq("x", -0));
export const bigint = list((q: any) => q.eq("x", 5n));
export const strings = list((q: any) => q.gte("x", "").lt("x", new ArrayBuffer(0)));
export const none = list((q: any) => q.gt("x", 5).lt("x", 3));
export const echo = query({ args: { x: v.any() }, handler: async (_, { x }) => x });
export const halfReturned = query(() => "\\ud83c...");
export const halfStored = mutation(async (ctx) => await ctx.db.insert("other", { text: "\\ud83c..." }));
export const same = mutation(async (ctx) => {
  const special = { z: -0, n: NaN, i: 2n ** 63n - 1n, b: new ArrayBuffer(2), "": 1, "a b": {} };
  const id = await ctx.db.insert("other", special);
  const row: any = await ctx.db.get(id);
  return [Object.is(row.z, -0), Number.isNaN(row.n), row.i === 2n ** 63n - 1n, row.b.byteLength, row[""], row["a b"]];
});
"""
MINUS_ZERO, NAN, MINUS_INFINITY = ({"$float": text} for text in ("AAAAAAAAAIA=", "AAAAAAAA+H8=", "AAAAAAAA8P8="))
MINUS_THREE, FIVE = {"$integer": "/f////////8="}, {"$integer": "BQAAAAAAAAA="}
NUMBERS = [MINUS_THREE, FIVE, MINUS_INFINITY, -1.5, MINUS_ZERO]
ORDER = [
    *["undefined", None, *NUMBERS, 0, 2, {"$float": "AAAAAAAA8H8="}, NAN, False, True],
    *["", "b", "\uffee", "😀", {"$bytes": "AA=="}, {"$bytes": "AAE="}, [], [1], [1, 2], {}, {"a": 1}, {"b": 0}],
]


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def filled(project):
    await project.deploy(CODE, '{ values: defineTable({ x: v.optional(v.any()) }).index("x", ["x"]) }')
    await project.mutation("fill")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("all", ORDER),
        ("missing", ["undefined"]),
        ("present", [None]),
        ("belowZero", ["undefined", None, *NUMBERS]),
        ("nan", [NAN]),
        ("minusZero", [MINUS_ZERO]),
        ("bigint", [FIVE]),
        ("strings", ["", "b", "\uffee", "😀"]),
        ("none", []),
    ],
)
async def test_an_index_orders_values_of_all_kinds(project, name, found):
    assert await project.query(name) == found


@pytest.mark.parametrize("value", [*ORDER[1:], {"a": [None, {"b": [FIVE, NAN]}]}, "é\u0000\n"])
async def test_a_value_comes_back_as_it_went(project, value):
    assert await project.query("echo", x=value) == value


async def test_documents_keep_what_json_cannot_say(project):
    assert await project.mutation("same") == [True, True, True, 2, 1, {}]


async def test_half_a_surrogate_pair_is_no_json(project):
    text = "Function m.js:halfReturned failed. Could not parse return value as json: unexpected end of hex escape"
    assert await project.error("halfReturned") == text
    text = "Uncaught Error: Received invalid json: unexpected end of hex escape"
    assert await project.error("halfStored", kind="mutation") == text
