import { v } from "convex/values";
import { internal } from "./_generated/api";
import { action, query } from "./_generated/server";

export const forecast = query({
  args: { city: v.string() },
  returns: v.union(v.number(), v.null()),
  handler: async (ctx, { city }) => {
    const rows = await ctx.db.query("weather").collect();
    const known = rows.find((row) => row.city === city);
    return known ? known.celsius : null;
  },
});

export const refresh = action({
  args: { city: v.string() },
  handler: async (ctx, { city }) => {
    const response = await fetch("https://practice.test/weather?city=" + encodeURIComponent(city));
    const report = (await response.json()) as { city: string; celsius: number };
    const id = await ctx.runQuery(internal.weather.find, { city });
    if (id !== null) await ctx.runMutation(internal.weather.forget, { id });
    await ctx.runMutation(internal.weather.add, { city, celsius: report.celsius });
    return null;
  },
});
