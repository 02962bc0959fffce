import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

/** All buses, by number. An example of a query. */
export const list = query({
  args: {},
  handler: async (ctx) => {
    return await ctx.db.query("buses").withIndex("by_number").collect();
  },
});

/** The bus of one number. An example of a query with a range: `q.eq` says which part of the index is read. */
export const byNumber = query({
  args: { number: v.number() },
  handler: async (ctx, { number }) => {
    return await ctx.db
      .query("buses")
      .withIndex("by_number", (q) => q.eq("number", number))
      .first();
  },
});

/** Orders one more bus. An example of a mutation: `args` says what may come in, `ctx.db.insert` stores a row. */
export const order = mutation({
  args: { number: v.number(), seats: v.number() },
  handler: async (ctx, { number, seats }) => {
    return await ctx.db.insert("buses", { number, seats });
  },
});
