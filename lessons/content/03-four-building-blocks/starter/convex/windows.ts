import { v } from "convex/values";
import { internal } from "./_generated/api";
import type { Doc } from "./_generated/dataModel";
import { action, internalMutation, internalQuery, mutation } from "./_generated/server";

// Three functions that stand at the wrong window, on purpose: task 4.

/** How many seats all buses have together. The panes show the number. */
export const countSeats = mutation({
  args: {},
  handler: async (ctx) => {
    const buses = await ctx.db.query("buses").collect();
    return buses.reduce((seats, bus) => seats + bus.seats, 0);
  },
});

/** Two buses swap their drivers. */
export const swapDrivers = action({
  args: { first: v.id("buses"), second: v.id("buses") },
  handler: async (ctx, { first, second }) => {
    const one: Doc<"buses"> = await ctx.runQuery(internal.windows.busOf, { id: first });
    const two: Doc<"buses"> = await ctx.runQuery(internal.windows.busOf, { id: second });
    await ctx.runMutation(internal.windows.setDriver, { id: first, driver: two.driver });
    await ctx.runMutation(internal.windows.setDriver, { id: second, driver: one.driver });
  },
});

export const busOf = internalQuery({
  args: { id: v.id("buses") },
  handler: async (ctx, { id }) => (await ctx.db.get(id))!,
});

export const setDriver = internalMutation({
  args: { id: v.id("buses"), driver: v.optional(v.string()) },
  handler: async (ctx, { id, driver }) => {
    await ctx.db.patch(id, { driver });
  },
});

/** Asks the weather service about the day of the trip. */
export const askWeather = mutation({
  args: {},
  handler: async () => {
    const answer = await fetch("https://practice.test/weather?city=Lima");
    const { celsius, sky }: { celsius: number; sky: string } = await answer.json();
    return `${celsius} °C, ${sky}`;
  },
});
