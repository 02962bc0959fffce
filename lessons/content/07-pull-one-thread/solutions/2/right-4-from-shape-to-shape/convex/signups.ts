import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel";
import { mutation, query, type QueryCtx } from "./_generated/server";

function fullNameOf(row: Doc<"signups">) {
  return "fullName" in row ? row.fullName : row.name;
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
    const shown = [];
    for (const row of rows) {
      if (row.archivedAt === undefined) shown.push({ _id: row._id, fullName: fullNameOf(row), bus: row.bus });
    }
    return shown;
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
    return rows.flatMap((row) => (row.archivedAt ? [] : [`${fullNameOf(row)} (${row.ownerId})`]));
  },
});

export const create = mutation({
  args: { name: v.string(), bus: v.number() },
  handler: async (ctx, { name, bus }) => {
    return await ctx.db.insert("signups", { ownerId: await desk(ctx), fullName: name, bus });
  },
});

/** Spells a name as it should be. */
export const correct = mutation({
  args: { id: v.id("signups"), name: v.string() },
  handler: async (ctx, { id, name }) => {
    const row = await ctx.db.get(id);
    if (row === null || row.ownerId !== (await desk(ctx))) {
      throw new Error("There is no such sign-up.");
    }
    const { ownerId, bus, archivedAt } = row;
    await ctx.db.replace(id, { ownerId, bus, archivedAt, fullName: name });
  },
});

/** Moves every row of the old shape to the new one. */
export const backfill = mutation(async (ctx) => {
  const rows = await ctx.db.query("signups").collect();
  await Promise.all(
    rows.map(async (row) => {
      if ("fullName" in row) return;
      const { ownerId, bus, archivedAt, name } = row;
      await ctx.db.replace(row._id, { ownerId, bus, archivedAt, fullName: name });
    }),
  );
});

async function desk(ctx: QueryCtx) {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) {
    throw new Error("Sign in first.");
  }
  return identity.subject;
}
