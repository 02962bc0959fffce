import { v } from "convex/values";
import { api, internal } from "./_generated/api";
import { action, internalMutation, query } from "./_generated/server";

export const seatsLeft = query({
  args: { bus: v.id("buses") },
  handler: async (ctx, { bus }) => (await ctx.db.get(bus))?.seatsLeft ?? 0,
});

export const bookIfFree = internalMutation({
  args: { bus: v.id("buses"), name: v.string() },
  handler: async (ctx, { bus, name }) => {
    const found = await ctx.db.get(bus);
    if (!found || found.seatsLeft < 1) return false;
    await ctx.db.patch(bus, { seatsLeft: found.seatsLeft - 1 });
    await ctx.db.insert("payments", { bus, name, amount: found.price });
    await ctx.db.insert("signups", { bus, name });
    return true;
  },
});

export const bookOnline = action({
  args: { id: v.id("buses"), passenger: v.string() },
  handler: async (ctx, { id, passenger }): Promise<string> => {
    if ((await ctx.runQuery(api.online.seatsLeft, { bus: id })) === 0) return "full";
    const isBooked: boolean = await ctx.runMutation(internal.online.bookIfFree, { bus: id, name: passenger });
    return isBooked ? "booked" : "somebody was faster";
  },
});
