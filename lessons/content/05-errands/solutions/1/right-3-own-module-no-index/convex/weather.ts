import { v } from "convex/values";
import { internalMutation, internalQuery } from "./_generated/server";

export const find = internalQuery({
  args: { city: v.string() },
  handler: async (ctx, { city }) => {
    const row = await ctx.db
      .query("weather")
      .filter((q) => q.eq(q.field("city"), city))
      .first();
    return row?._id ?? null;
  },
});

export const forget = internalMutation({
  args: { id: v.id("weather") },
  handler: async (ctx, { id }) => await ctx.db.delete(id),
});

export const add = internalMutation({
  args: { city: v.string(), celsius: v.number() },
  handler: async (ctx, row) => {
    await ctx.db.insert("weather", row);
  },
});
