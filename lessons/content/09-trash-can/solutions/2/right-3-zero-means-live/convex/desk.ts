import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

const SEATS = 3;

export const seatsTaken = query({
  args: { bus: v.number() },
  handler: async (ctx, { bus }) => {
    let count = 0;
    for await (const row of ctx.db.query("signups")) {
      if (row.bus === bus && !row.archivedAt) count += 1;
    }
    return { bus, count };
  },
});

export const passengers = query({
  args: { bus: v.number() },
  handler: async (ctx, { bus }) => {
    const rows = await ctx.db.query("signups").filter((q) => q.eq(q.field("bus"), bus)).collect();
    return rows
      .filter((row) => !row.archivedAt)
      .map((row) => row.name)
      .sort();
  },
});

export const book = mutation({
  args: { ownerId: v.string(), name: v.string(), bus: v.number() },
  handler: async (ctx, { ownerId, name, bus }) => {
    const rows = await ctx.db.query("signups").collect();
    const live = rows.filter((row) => !row.archivedAt && row.bus === bus);
    for (const row of live) {
      if (row.name === name) throw new Error("This name is on the bus");
    }
    if (live.length === SEATS) throw new Error("The bus is full");
    await ctx.db.insert("signups", { ownerId, name, bus });
  },
});
