import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

/** The sign-ups on one owner's list. */
export const listActive = query({
  args: { ownerId: v.string() },
  handler: async (ctx, { ownerId }) => {
    return await ctx.db
      .query("signups")
      .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
      .collect();
  },
});

export const create = mutation({
  args: { ownerId: v.string(), name: v.string(), bus: v.number() },
  handler: async (ctx, { ownerId, name, bus }) => {
    return await ctx.db.insert("signups", { ownerId, name, bus });
  },
});

/** Deletes the row. Nothing brings it back. */
export const remove = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    await ctx.db.delete(id);
  },
});
