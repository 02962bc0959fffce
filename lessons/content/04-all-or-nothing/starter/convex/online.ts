import { v } from "convex/values";
import { api } from "./_generated/api";
import { action, mutation, query } from "./_generated/server";

export const seatsLeft = query({
  args: { bus: v.id("buses") },
  handler: async (ctx, { bus }) => {
    const found = await ctx.db.get(bus);
    return found?.seatsLeft ?? 0;
  },
});

export const setSeats = mutation({
  args: { bus: v.id("buses"), seatsLeft: v.number() },
  handler: async (ctx, { bus, seatsLeft }) => {
    await ctx.db.patch(bus, { seatsLeft });
  },
});

export const record = mutation({
  args: { bus: v.id("buses"), name: v.string() },
  handler: async (ctx, { bus, name }) => {
    const found = await ctx.db.get(bus);
    if (found === null) throw new Error("There is no such bus.");
    await ctx.db.insert("payments", { bus, name, amount: found.price });
    await ctx.db.insert("signups", { bus, name });
  },
});

/** The booking page on the web: it looks first, and then it books. For task 3. */
export const bookOnline = action({
  args: { bus: v.id("buses"), name: v.string() },
  handler: async (ctx, { bus, name }): Promise<void> => {
    const seats: number = await ctx.runQuery(api.online.seatsLeft, { bus });
    if (seats < 1) throw new Error("The bus is full.");
    await ctx.runMutation(api.online.setSeats, { bus, seatsLeft: seats - 1 });
    await ctx.runMutation(api.online.record, { bus, name });
  },
});
