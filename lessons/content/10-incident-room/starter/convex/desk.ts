import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const going = query({
  args: {},
  handler: async (ctx) => {
    const signups = await ctx.db.query("signups").take(200);
    return signups;
  },
});

/** Report 3: a pupil does not come along after all. */
export const withdraw = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    await ctx.db.delete(id);
  },
});

/** … and comes along after all. */
export const comeBack = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    await ctx.db.patch(id, { archivedAt: undefined });
  },
});
