import { v } from "convex/values";
import { query } from "./_generated/server";

/** How warm it is in a city. Broken on purpose: a query has no door to the street. */
export const forecast = query({
  args: { city: v.string() },
  handler: async (ctx, { city }) => {
    const answer = await fetch(`https://practice.test/weather?city=${city}`);
    const { celsius }: { celsius: number } = await answer.json();
    return celsius;
  },
});
