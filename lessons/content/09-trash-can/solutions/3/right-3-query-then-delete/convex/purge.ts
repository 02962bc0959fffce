import { v } from "convex/values";
import { internal } from "./_generated/api";
import type { Id } from "./_generated/dataModel";
import { internalAction, internalMutation, internalQuery, type QueryCtx } from "./_generated/server";

async function limitOf(ctx: QueryCtx): Promise<number | null> {
  const rule = await ctx.db
    .query("retention")
    .filter((q) => q.eq(q.field("table"), "signups"))
    .first();
  if (!rule || rule.purgedBy === "nobody") return null;
  return Date.now() - rule.days * 24 * 3600 * 1000;
}

export const due = internalQuery({
  args: {},
  handler: async (ctx) => {
    const limit = await limitOf(ctx);
    if (limit === null) return [];
    const rows = await ctx.db.query("signups").collect();
    return rows.filter((row) => row.archivedAt && row.archivedAt < limit).map((row) => row._id);
  },
});

export const forget = internalMutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    const [row, limit] = [await ctx.db.get(id), await limitOf(ctx)];
    if (row?.archivedAt && limit !== null && row.archivedAt < limit) await ctx.db.delete(id);
  },
});

export const all = internalAction({
  args: {},
  handler: async (ctx) => {
    const ids: Id<"signups">[] = await ctx.runQuery(internal.purge.due);
    for (const id of ids) await ctx.runMutation(internal.purge.forget, { id });
  },
});
