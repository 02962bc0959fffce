import { v } from "convex/values";
import { internal } from "./_generated/api";
import { action, internalMutation, query } from "./_generated/server";

/** How warm it is in a city, as far as anybody asked. */
export const forecast = query({
  args: { city: v.string() },
  handler: async (ctx, { city }) => {
    const row = await ctx.db
      .query("weather")
      .withIndex("by_city", (q) => q.eq("city", city))
      .unique();
    return row?.celsius ?? null;
  },
});

/** Asks the weather service, and has the answer stored. */
export const refresh = action({
  args: { city: v.string() },
  handler: async (ctx, { city }) => {
    const answer = await fetch(`https://practice.test/weather?city=${encodeURIComponent(city)}`);
    if (!answer.ok) throw new Error(`The weather service answered ${answer.status}`);
    const { celsius }: { celsius: number } = await answer.json();
    await ctx.runMutation(internal.board.store, { city, celsius });
  },
});

export const store = internalMutation({
  args: { city: v.string(), celsius: v.number() },
  handler: async (ctx, { city, celsius }) => {
    const before = await ctx.db
      .query("weather")
      .withIndex("by_city", (q) => q.eq("city", city))
      .unique();
    if (before) await ctx.db.patch(before._id, { celsius });
    else await ctx.db.insert("weather", { city, celsius });
  },
});
