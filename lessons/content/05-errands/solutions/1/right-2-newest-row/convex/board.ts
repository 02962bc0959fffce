import { v } from "convex/values";
import { internal } from "./_generated/api";
import { action, internalMutation, query } from "./_generated/server";

export const forecast = query({
  args: { city: v.string() },
  handler: async (ctx, args) => {
    const newest = await ctx.db
      .query("weather")
      .withIndex("by_city", (q) => q.eq("city", args.city))
      .order("desc")
      .first();
    return newest === null ? null : newest.celsius;
  },
});

export const refresh = action({
  args: { city: v.string() },
  handler: async (ctx, args): Promise<number> => {
    const celsius = await askTheService(args.city);
    await ctx.runMutation(internal.board.note, { ...args, celsius });
    return celsius;
  },
});

export const note = internalMutation({
  args: { city: v.string(), celsius: v.number() },
  handler: async (ctx, row) => await ctx.db.insert("weather", row),
});

async function askTheService(city: string): Promise<number> {
  const url = new URL("https://practice.test/weather");
  url.searchParams.set("city", city);
  const answer = await fetch(url.href);
  return (await answer.json()).celsius;
}
