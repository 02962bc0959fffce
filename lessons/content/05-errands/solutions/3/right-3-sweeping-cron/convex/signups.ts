import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalMutation, internalQuery, mutation, query } from "./_generated/server";

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
    const id = await ctx.db.insert("signups", { name, bus, status: "waiting" });
    const seated = await ctx.db
      .query("signups")
      .withIndex("by_bus", (q) => q.eq("bus", bus))
      .collect();
    if (seated.length > SEATS) throw new Error(`Bus ${bus} is full`);
    await ctx.scheduler.runAfter(0, internal.signups.startPayment, { id });
    return id;
  },
});

export const startPayment = internalMutation({
  args: { id: v.id("signups") },
  handler: async (ctx, args) => {
    await ctx.scheduler.runAfter(0, internal.payments.run, args);
  },
});

export const get = internalQuery({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => await ctx.db.get(id),
});

export const update = internalMutation({
  args: {
    id: v.id("signups"),
    change: v.object({
      status: v.union(v.literal("paid"), v.literal("failed")),
      receipt: v.optional(v.string()),
    }),
  },
  handler: async (ctx, { id, change }) => {
    await ctx.db.patch(id, change);
  },
});

export const sweep = internalMutation({
  args: {},
  handler: async (ctx) => {
    for (const { _id, status } of await ctx.db.query("signups").collect()) {
      if (status !== "paid") await ctx.scheduler.runAfter(0, internal.payments.run, { id: _id });
    }
  },
});
