import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

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
    return id;
  },
});
