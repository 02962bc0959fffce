import { v } from "convex/values";
import { internalMutation } from "./_generated/server";

export const purgeTable = internalMutation({
  args: { table: v.literal("signups") },
  handler: async (ctx, { table }) => {
    const rule = await ctx.db
      .query("retention")
      .withIndex("by_table", (q) => q.eq("table", table))
      .unique();
    if (rule?.purgedBy !== "cron") return 0;
    const oldest = Date.now() - rule.days * 86_400_000;
    const due = await ctx.db
      .query(table)
      .withIndex("by_archived", (q) => q.gt("archivedAt", undefined).lte("archivedAt", oldest))
      .take(500);
    await Promise.all(due.map((row) => ctx.db.delete(row._id)));
    return due.length;
  },
});
