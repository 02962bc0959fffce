import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const SEATS = 3;

export const seatsTaken = query({
  args: { bus: v.number() },
  handler: async (ctx, { bus }) => {
    const live = await ctx.db
      .query("signups")
      .withIndex("by_bus_archived", (q) => q.eq("bus", bus).eq("archivedAt", undefined))
      .collect();
    return live.length;
  },
});

export const passengers = query({
  args: { bus: v.number() },
  handler: async (ctx, { bus }) =>
    await ctx.db
      .query("signups")
      .withIndex("by_bus_archived", (q) => q.eq("bus", bus).eq("archivedAt", undefined))
      .collect(),
});

export const book = mutation({
  args: { ownerId: v.string(), name: v.string(), bus: v.number() },
  returns: v.id("signups"),
  handler: async (ctx, row) => {
    const live = await ctx.db
      .query("signups")
      .withIndex("by_bus_archived", (q) => q.eq("bus", row.bus).eq("archivedAt", undefined))
      .collect();
    const twin = live.find((other) => other.name === row.name);
    if (twin !== undefined || live.length >= SEATS) throw new Error("No seat was taken");
    return await ctx.db.insert("signups", row);
  },
});
