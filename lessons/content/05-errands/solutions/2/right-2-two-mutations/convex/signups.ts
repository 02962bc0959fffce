import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalMutation, mutation, query } from "./_generated/server";

export const PRICE = 20;
const SEATS = 3;

export const list = query({
  args: {},
  handler: async (ctx) => await ctx.db.query("signups").collect(),
});

/** Takes a seat. Nobody pays yet: that errand is task 2. */
export const book = mutation({
  args: { name: v.string(), bus: v.number() },
  handler: async (ctx, { name, bus }) => {
    const seated = await ctx.db
      .query("signups")
      .withIndex("by_bus", (q) => q.eq("bus", bus))
      .collect();
    if (seated.length >= SEATS) throw new Error(`Bus ${bus} is full`);
    const signup = await ctx.db.insert("signups", { name, bus, status: "waiting" });
    await ctx.scheduler.runAfter(0, internal.bank.charge, { signup, name });
    return { signup, seat: seated.length + 1 };
  },
});

export const settle = internalMutation({
  args: { signup: v.id("signups"), receipt: v.string() },
  handler: async (ctx, { signup, receipt }) => {
    await ctx.db.patch(signup, { status: "paid", receipt });
  },
});

export const giveUp = internalMutation({
  args: { signup: v.id("signups") },
  handler: async (ctx, { signup }) => {
    await ctx.db.patch(signup, { status: "failed" });
  },
});
