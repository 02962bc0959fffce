import { v } from "convex/values";
import { mutation, query } from "./_generated/server";
import type { Id } from "./_generated/dataModel";

export const listActive = query({
  args: { ownerId: v.optional(v.string()) },
  handler: async (ctx, { ownerId = "alice" }) => {
    const active = [];
    const signups = ctx.db.query("signups").withIndex("by_owner", (q) => q.eq("ownerId", ownerId));
    for await (const signup of signups) {
      if (!signup.archivedAt) active.push(signup);
    }
    return active;
  },
});

export const listArchived = query(async (ctx) => {
  const signups = await ctx.db.query("signups").collect();
  return signups
    .filter((signup) => signup.archivedAt)
    .map(({ _id, name, bus }) => ({ id: _id, label: `${name}, bus ${bus}` }));
});

export const create = mutation({
  args: { ownerId: v.string(), name: v.string(), bus: v.number() },
  handler: async (ctx, { ownerId, name, bus }) => {
    return await ctx.db.insert("signups", { ownerId, name, bus });
  },
});

export const remove = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    await ctx.db.delete(id);
  },
});

export const archive = mutation({
  args: { row: v.string(), reason: v.optional(v.string()), archivedBy: v.union(v.string(), v.null()) },
  handler: async (ctx, { row, reason, archivedBy }) => {
    const id = ctx.db.normalizeId("signups", row);
    if (id === null) throw new Error("This is not the id of a sign-up.");
    await ctx.db.patch(id, { archivedAt: Date.now(), archivedBy: archivedBy ?? undefined, reason });
  },
});

export const restore = mutation({
  handler: async (ctx, { id }: { id: Id<"signups"> }) => {
    await ctx.db.patch(id, { archivedAt: 0, restoredAt: Date.now() });
    return true;
  },
});
