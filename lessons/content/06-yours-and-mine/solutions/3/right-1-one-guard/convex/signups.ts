import { v } from "convex/values";
import type { Id } from "./_generated/dataModel";
import { mutation, query, type QueryCtx } from "./_generated/server";

/** The row, if it is the caller's own. Somebody else's and one that is gone get the same error. */
async function ownRow(ctx: QueryCtx, id: Id<"signups">) {
  const identity = await ctx.auth.getUserIdentity();
  const row = await ctx.db.get(id);
  if (identity === null || row === null || row.ownerId !== identity.subject) {
    throw new Error("There is no such sign-up.");
  }
  return row;
}

/** Who is calling. The subject is the caller's own id; nobody signed in: null. */
export const whoAmI = query({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    return identity === null ? null : { subject: identity.subject, name: identity.name };
  },
});

/** The active sign-ups of the person who calls. */
export const listMine = query({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (identity === null) {
      throw new Error("Sign in first.");
    }
    const rows = await ctx.db
      .query("signups")
      .withIndex("by_owner", (q) => q.eq("ownerId", identity.subject))
      .collect();
    return rows.filter((row) => row.archivedAt === undefined);
  },
});

export const create = mutation({
  args: { name: v.string(), bus: v.number() },
  handler: async (ctx, { name, bus }) => {
    const identity = await ctx.auth.getUserIdentity();
    if (identity === null) {
      throw new Error("Sign in first.");
    }
    return await ctx.db.insert("signups", { ownerId: identity.subject, name, bus });
  },
});

/** One of the caller's sign-ups by its id. */
export const get = query({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    return await ownRow(ctx, id);
  },
});

export const change = mutation({
  args: { id: v.id("signups"), name: v.optional(v.string()), bus: v.optional(v.number()) },
  handler: async (ctx, { id, ...changes }) => {
    await ownRow(ctx, id);
    await ctx.db.patch(id, changes);
  },
});

export const archive = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    await ownRow(ctx, id);
    await ctx.db.patch(id, { archivedAt: Date.now() });
  },
});
