import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel";
import { mutation, query, type QueryCtx } from "./_generated/server";

/** The name of a row, whichever field holds it. */
function nameOf(row: Doc<"signups">) {
  return row.fullName ?? row.name ?? "";
}

/** The active sign-ups of the desk that calls. */
export const listMine = query({
  args: {},
  handler: async (ctx) => {
    const me = await desk(ctx);
    const rows = await ctx.db
      .query("signups")
      .withIndex("by_owner", (q) => q.eq("ownerId", me))
      .collect();
    return rows
      .filter((row) => row.archivedAt === undefined)
      .map((row) => ({ ...row, fullName: nameOf(row) }));
  },
});

/** What hangs in the window of a bus: a line for everybody on it. */
export const busList = query({
  args: { bus: v.number() },
  handler: async (ctx, { bus }) => {
    const rows = await ctx.db
      .query("signups")
      .withIndex("by_bus", (q) => q.eq("bus", bus))
      .collect();
    return rows.filter((row) => row.archivedAt === undefined).map((row) => `${nameOf(row)} (${row.ownerId})`);
  },
});

export const create = mutation({
  args: { fullName: v.string(), bus: v.number() },
  handler: async (ctx, { fullName, bus }) => {
    return await ctx.db.insert("signups", { ownerId: await desk(ctx), fullName, bus });
  },
});

/** Spells a name as it should be. */
export const correct = mutation({
  args: { id: v.id("signups"), fullName: v.string() },
  handler: async (ctx, { id, fullName }) => {
    const row = await ctx.db.get(id);
    if (row === null || row.ownerId !== (await desk(ctx))) {
      throw new Error("There is no such sign-up.");
    }
    await ctx.db.patch(id, { fullName });
  },
});

async function desk(ctx: QueryCtx) {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) {
    throw new Error("Sign in first.");
  }
  return identity.subject;
}
