import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const onBus = query({
  args: { bus: v.number() },
  handler: async (ctx, { bus }) => {
    return await ctx.db
      .query("signups")
      .withIndex("by_bus", (q) => q.eq("bus", bus))
      .collect();
  },
});

/** Report 1: moves everybody from one bus to another, and says how many. */
export const moveAll = mutation({
  args: { from: v.number(), to: v.number() },
  handler: async (ctx, { from, to }) => {
    const signups = await ctx.db
      .query("signups")
      .withIndex("by_bus", (q) => q.eq("bus", from))
      .collect();
    let moved = 0;
    signups.forEach(async (signup) => {
      await ctx.db.patch(signup._id, { bus: to });
      moved += 1;
    });
    return moved;
  },
});
