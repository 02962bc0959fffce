import { v } from "convex/values";
import { query } from "./_generated/server";

/** Report 2: the past trips of one school. */
export const ofSchool = query({
  args: { school: v.string() },
  handler: async (ctx, { school }) => {
    return await ctx.db
      .query("pastTrips")
      .withIndex("by_year")
      .filter((q) => q.eq(q.field("school"), school))
      .collect();
  },
});
