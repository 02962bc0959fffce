import { v } from "convex/values";
import { internalMutation, mutation, query } from "./_generated/server";

/** Report 6: what the screen in the hall shows. */
export const lines = query({
  args: {},
  handler: async (ctx) => {
    const rows = await ctx.db.query("board").take(200);
    return rows.map((row) => row.line);
  },
});

export const announce = mutation({
  args: { line: v.string() },
  handler: async (ctx, { line }) => {
    return await ctx.db.insert("board", { line });
  },
});

/** So that the screen is never stale. crons.ts calls it every five seconds. */
export const refresh = internalMutation({
  args: {},
  handler: async (ctx) => {
    const first = await ctx.db.query("board").first();
    if (first !== null) await ctx.db.patch(first._id, { refreshedAt: Date.now() });
  },
});
