"""The project that the clients of tests/wire speak to: `convex/m.ts`, and the same again in `convex/dir/n.ts`."""

from __future__ import annotations

SCHEMA = """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  notes: defineTable({ text: v.string() }),
  plain: defineTable({ n: v.optional(v.number()), tag: v.optional(v.string()) }).index("by_tag", ["tag"]),
  items: defineTable({ rank: v.number() }).index("by_rank", ["rank"]),
  shelves: defineTable({ isTurned: v.boolean() }),
});
"""
FUNCTIONS = """
import { query, mutation, action, internalQuery, internalMutation } from "./_generated/server";
import { paginationOptsValidator } from "convex/server";
import { v, ConvexError } from "convex/values";

export const list = query({
  args: {},
  handler: async (ctx) => (await ctx.db.query("notes").collect()).map((note) => note.text),
});
export const other = query({ args: {}, handler: async (ctx) => (await ctx.db.query("plain").collect()).length });
export const add = mutation({
  args: { text: v.string() },
  handler: async (ctx, { text }) => {
    console.log("adding", text);
    await ctx.db.insert("notes", { text });
    return text;
  },
});
export const wipe = internalMutation({ args: {}, handler: async (ctx) => {
  for await (const note of ctx.db.query("notes")) await ctx.db.delete(note._id);
} });

export const echo = query({ args: { value: v.any() }, handler: async (_, { value }) => value });
export const says = query({ args: { value: v.string() }, handler: async (_, { value }) => value });
export const keep = mutation({ args: { value: v.any() }, handler: async (_, { value }) => value });
export const fail = query({ args: {}, handler: async () => { throw new Error("kaboom"); } });
export const refuse = mutation({ args: {}, handler: async (ctx) => {
  await ctx.db.insert("notes", { text: "never" });
  throw new ConvexError({ reason: "closed", left: 0n });
} });
export const size = action({ args: { value: v.string() }, handler: async (_, { value }) => value.length });
export const trouble = mutation({ args: { op: v.string() }, handler: async (ctx, { op }) => {
  await ctx.db.insert("notes", { text: "never" });
  try { Convex.syscall(op, "{}"); } catch { return "caught"; }
} });
export const strict = query({ args: {}, handler: async () => { throw new ConvexError("too strict"); } });
export const whoAmI = query({ args: {}, handler: async (ctx) => await ctx.auth.getUserIdentity() });
export const secret = internalQuery({ args: {}, handler: async () => "internal" });

export const addItem = mutation({ args: { rank: v.number() }, handler: async (ctx, item) => {
  await ctx.db.insert("items", item);
} });
const itemOf = async (ctx, rank) => await ctx.db.query("items").withIndex("by_rank", (q) => q.eq("rank", rank)).first();
export const removeItem = mutation({ args: { rank: v.number() }, handler: async (ctx, { rank }) => {
  await ctx.db.delete((await itemOf(ctx, rank))._id);
} });
export const page = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }) => await ctx.db.query("items").withIndex("by_rank").paginate(paginationOpts),
});
export const turnShelf = mutation({ args: {}, handler: async (ctx) => {
  await ctx.db.insert("shelves", { isTurned: true });
} });
export const pageOfShelf = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }) => {
    const isTurned = (await ctx.db.query("shelves").first()) !== null;
    const items = ctx.db.query("items");
    return await (isTurned ? items.withIndex("by_rank").order("desc") : items).paginate(paginationOpts);
  },
});
export const failingPage = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async () => { throw new Error("no pages today"); },
});
"""
FILES = {
    "convex/schema.ts": SCHEMA,
    "convex/m.ts": FUNCTIONS,
    "convex/dir/n.ts": FUNCTIONS.replace("./_gen", "../_gen"),
}
