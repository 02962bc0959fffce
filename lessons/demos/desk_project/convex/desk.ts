import { ConvexError, v } from "convex/values";
import { mutation, query } from "./_generated/server";

const SEATS = 20;
const signup = { name: v.string(), bus: v.number(), phone: v.number() };

/** Reads, decides and writes in one transaction. */
export const book = mutation({
  args: signup,
  handler: async (ctx, { name, bus, phone }) => {
    const taken = (await ctx.db.query("signups").collect()).length;
    if (taken >= SEATS) throw new ConvexError("The trip is full.");
    await ctx.db.insert("signups", { name, bus, phone });
    return taken + 1;
  },
});

/** The same many rows that the desk saves to its file. */
export const saveAll = mutation({
  args: { rows: v.array(v.object(signup)) },
  handler: async (ctx, { rows }) => {
    for (const row of rows) await ctx.db.insert("signups", row);
  },
});

export const find = query({
  args: { name: v.string() },
  handler: async (ctx, { name }) => {
    return await ctx.db
      .query("signups")
      .withIndex("by_name", (q) => q.eq("name", name))
      .collect();
  },
});
