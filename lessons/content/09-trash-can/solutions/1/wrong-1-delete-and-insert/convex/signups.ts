import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const listActive = query({
  args: { ownerId: v.string() },
  handler: async (ctx, { ownerId }) => {
    return await ctx.db
      .query("signups")
      .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
      .collect();
  },
});

export const listArchived = query({
  args: { ownerId: v.string() },
  handler: async (ctx, { ownerId }) => {
    return await ctx.db
      .query("bin")
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

export const archive = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    const signup = await ctx.db.get(id);
    if (signup === null) return;
    const { ownerId, name, bus } = signup;
    await ctx.db.insert("bin", { signupId: id, ownerId, name, bus });
    await ctx.db.delete(id);
  },
});

export const restore = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    const binned = await ctx.db
      .query("bin")
      .withIndex("by_signup", (q) => q.eq("signupId", id))
      .unique();
    if (binned === null) return;
    const { ownerId, name, bus } = binned;
    await ctx.db.insert("signups", { ownerId, name, bus });
    await ctx.db.delete(binned._id);
  },
});
