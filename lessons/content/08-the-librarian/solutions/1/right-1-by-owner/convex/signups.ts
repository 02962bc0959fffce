import { v } from "convex/values";
import { mutation, query, type QueryCtx } from "./_generated/server";

/** The active sign-ups of the desk that calls, the newest first. */
export const listMine = query({
  args: {},
  handler: async (ctx) => {
    const me = await desk(ctx);
    return await ctx.db
      .query("signups")
      .withIndex("by_owner", (q) => q.eq("ownerId", me))
      .filter((q) => q.eq(q.field("archivedAt"), undefined))
      .order("desc")
      .collect();
  },
});

/** What the desk archived at `since` or later, what was archived last first. */
export const archivedSince = query({
  args: { since: v.number() },
  handler: async (ctx, { since }) => {
    const me = await desk(ctx);
    const rows = await ctx.db
      .query("signups")
      .filter((q) => q.and(q.eq(q.field("ownerId"), me), q.gte(q.field("archivedAt"), since)))
      .collect();
    return rows.sort((a, b) => (b.archivedAt ?? 0) - (a.archivedAt ?? 0));
  },
});

/** Everything the desk ever signed up, archived or not, the newest first. */
export const history = query({
  args: {},
  handler: async (ctx) => {
    const me = await desk(ctx);
    return await ctx.db
      .query("signups")
      .filter((q) => q.eq(q.field("ownerId"), me))
      .order("desc")
      .collect();
  },
});

export const create = mutation({
  args: { name: v.string(), bus: v.number() },
  handler: async (ctx, { name, bus }) => {
    return await ctx.db.insert("signups", { ownerId: await desk(ctx), name, bus });
  },
});

export const archive = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    const row = await ctx.db.get(id);
    if (row === null || row.ownerId !== (await desk(ctx))) {
      throw new Error("There is no such sign-up.");
    }
    await ctx.db.patch(id, { archivedAt: Date.now() });
  },
});

async function desk(ctx: QueryCtx) {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) {
    throw new Error("Sign in first.");
  }
  return identity.subject;
}
