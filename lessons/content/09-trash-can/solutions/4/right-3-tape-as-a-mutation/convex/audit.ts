import { v } from "convex/values";
import { internalMutation } from "./_generated/server";

export const add = internalMutation({
  args: { action: v.string(), rowId: v.id("signups"), by: v.string() },
  handler: async (ctx, entry) => {
    await ctx.db.insert("audit", { ...entry, at: Date.now() });
  },
});
