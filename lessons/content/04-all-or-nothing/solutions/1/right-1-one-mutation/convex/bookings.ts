import { v } from "convex/values";
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

/** A whole booking: a seat, a payment and a name on the list, or nothing of it. */
export const book = mutation({
  args: { bus: v.id("buses"), name: v.string() },
  handler: async (ctx, { bus, name }) => {
    const found = await ctx.db.get(bus);
    if (found === null) throw new Error("There is no such bus.");
    if (found.seatsLeft < 1) throw new Error("The bus is full.");
    await ctx.db.patch(bus, { seatsLeft: found.seatsLeft - 1 });
    await ctx.db.insert("payments", { bus, name, amount: found.price });
    await ctx.db.insert("signups", { bus, name });
  },
});
