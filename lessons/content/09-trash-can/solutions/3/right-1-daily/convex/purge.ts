import { internalMutation } from "./_generated/server";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Deletes for good what has been in the bin for as long as the rule says. */
export const run = internalMutation({
  args: {},
  handler: async (ctx) => {
    const rules = await ctx.db.query("retention").collect();
    const rule = rules.find((each) => each.table === "signups");
    if (rule === undefined || rule.purgedBy !== "cron") return;
    const limit = Date.now() - rule.days * DAY_MS;
    for (const row of await ctx.db.query("signups").collect()) {
      if (row.archivedAt !== undefined && row.archivedAt <= limit) await ctx.db.delete(row._id);
    }
  },
});
