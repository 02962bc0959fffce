import { v } from "convex/values";
import { internal } from "./_generated/api";
import { mutation, query } from "./_generated/server";

export const PRICE = 20;
const SEATS = 3;

export const list = query({
  args: {},
  handler: async (ctx) => await ctx.db.query("signups").collect(),
});

/** Takes a seat, and sends for the payment in the same transaction. */
export const book = mutation({
  args: { name: v.string(), bus: v.number() },
  handler: async (ctx, { name, bus }) => {
    const id = await ctx.db.insert("signups", { name, bus, status: "waiting" });
    const seated = await ctx.db
      .query("signups")
      .withIndex("by_bus", (q) => q.eq("bus", bus))
      .collect();
    if (seated.length > SEATS) throw new Error(`Bus ${bus} is full`);
    await ctx.scheduler.runAfter(0, internal.errands.pay, { id });
    return id;
  },
});
