import { v } from "convex/values";
import { api } from "./_generated/api";
import { mutation, query } from "./_generated/server";

/** Every bus, with the names on its list and the names that paid. */
export const overview = query({
  args: {},
  handler: async (ctx) => {
    const buses = await ctx.db.query("buses").collect();
    return await Promise.all(
      buses.map(async (bus) => {
        const signups = await ctx.db
          .query("signups")
          .withIndex("by_bus", (q) => q.eq("bus", bus._id))
          .collect();
        const payments = await ctx.db
          .query("payments")
          .withIndex("by_bus", (q) => q.eq("bus", bus._id))
          .collect();
        return { ...bus, names: signups.map((row) => row.name), paid: payments.map((row) => row.name) };
      }),
    );
  },
});

/** Line 1 of a booking. */
export const takeSeat = mutation({
  args: { bus: v.id("buses") },
  handler: async (ctx, { bus }) => {
    const found = await ctx.db.get(bus);
    if (found === null) throw new Error("There is no such bus.");
    if (found.seatsLeft === 0) throw new Error("No seat is left.");
    await ctx.db.patch(bus, { seatsLeft: found.seatsLeft - 1 });
  },
});

/** Line 2 of a booking. */
export const pay = mutation({
  args: { bus: v.id("buses"), name: v.string() },
  handler: async (ctx, { bus, name }) => {
    const found = await ctx.db.get(bus);
    if (found === null) throw new Error("There is no such bus.");
    await ctx.db.insert("payments", { bus, name, amount: found.price });
  },
});

/** Line 3 of a booking. */
export const addToList = mutation({
  args: { bus: v.id("buses"), name: v.string() },
  handler: async (ctx, { bus, name }) => {
    await ctx.db.insert("signups", { bus, name });
  },
});

export const book = mutation({
  args: { busId: v.id("buses"), passenger: v.string() },
  handler: async (ctx, { busId, passenger }): Promise<string> => {
    await ctx.runMutation(api.bookings.takeSeat, { bus: busId });
    await ctx.runMutation(api.bookings.pay, { bus: busId, name: passenger });
    await ctx.runMutation(api.bookings.addToList, { bus: busId, name: passenger });
    return "booked";
  },
});
