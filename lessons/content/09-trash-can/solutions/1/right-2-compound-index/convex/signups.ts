import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const listActive = query({
  args: { ownerId: v.string() },
  handler: async (ctx, { ownerId }) => {
    return await ctx.db
      .query("signups")
      .withIndex("by_owner_archived", (q) => q.eq("ownerId", ownerId).eq("archivedAt", undefined))
      .collect();
  },
});

export const listArchived = query({
  args: { ownerId: v.string() },
  handler: async (ctx, { ownerId }) => {
    return await ctx.db
      .query("signups")
      .withIndex("by_owner_archived", (q) => q.eq("ownerId", ownerId).gt("archivedAt", undefined))
      .order("desc")
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
  args: { signupId: v.id("signups") },
  handler: async (ctx, { signupId }) => {
    await ctx.db.patch("signups", signupId, { archivedAt: Date.now() });
  },
});

export const restore = mutation({
  args: { signupId: v.id("signups") },
  handler: async (ctx, { signupId }) => {
    const signup = await ctx.db.get("signups", signupId);
    if (signup === null) {
      throw new Error("This sign-up does not exist.");
    }
    const { _id, _creationTime, archivedAt, ...kept } = signup;
    await ctx.db.replace("signups", signupId, kept);
  },
});
