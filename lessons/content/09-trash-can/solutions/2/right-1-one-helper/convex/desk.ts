import { v } from "convex/values";
import { mutation, query, type QueryCtx } from "./_generated/server";

export const SEATS = 3;

/** The rows of a bus that are not in the bin. */
export async function aboard(ctx: QueryCtx, bus: number) {
  const rows = await ctx.db.query("signups").collect();
  return rows.filter((row) => row.bus === bus && row.archivedAt === undefined);
}

export const seatsTaken = query({
  args: { bus: v.number() },
  handler: async (ctx, { bus }) => (await aboard(ctx, bus)).length,
});

export const passengers = query({
  args: { bus: v.number() },
  handler: async (ctx, { bus }) => (await aboard(ctx, bus)).map((row) => row.name),
});

export const book = mutation({
  args: { ownerId: v.string(), name: v.string(), bus: v.number() },
  handler: async (ctx, { ownerId, name, bus }) => {
    const seated = await aboard(ctx, bus);
    if (seated.length >= SEATS) throw new Error(`Bus ${bus} is full`);
    if (seated.some((row) => row.name === name)) throw new Error(`${name} is on bus ${bus} already`);
    return await ctx.db.insert("signups", { ownerId, name, bus });
  },
});
