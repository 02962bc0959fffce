import { v } from "convex/values";
import { ConvexError } from "convex/values";
import type { Id } from "./_generated/dataModel";
import { mutation, type MutationCtx, query } from "./_generated/server";

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

async function takeOneSeat(ctx: MutationCtx, id: Id<"buses">) {
  const bus = await ctx.db.get(id);
  if (!bus || bus.seatsLeft <= 0) throw new ConvexError({ kind: "full", bus: bus?.name ?? "unknown" });
  await ctx.db.replace(id, { name: bus.name, price: bus.price, seatsLeft: bus.seatsLeft - 1 });
  return bus;
}

/** The list first, then the payment, then the seat: in a transaction the order does not matter to others. */
export const book = mutation({
  args: { booking: v.object({ bus: v.id("buses"), name: v.string() }), note: v.optional(v.string()) },
  returns: v.object({ signup: v.id("signups"), left: v.number() }),
  handler: async (ctx, { booking: { bus, name } }) => {
    const signup = await ctx.db.insert("signups", { bus, name });
    const price = (await ctx.db.get(bus))?.price ?? 0;
    await ctx.db.insert("payments", { bus, name, amount: price });
    const found = await takeOneSeat(ctx, bus);
    return { signup, left: found.seatsLeft - 1 };
  },
});
