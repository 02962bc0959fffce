import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const list = query({
  args: {},
  handler: async (ctx) => {
    return await ctx.db.query("signups").collect();
  },
});

export const create = mutation({
  args: { ownerId: v.string(), name: v.string(), bus: v.number() },
  handler: async (ctx, { ownerId, name, bus }) => {
    return await ctx.db.insert("signups", { ownerId, name, bus });
  },
});
