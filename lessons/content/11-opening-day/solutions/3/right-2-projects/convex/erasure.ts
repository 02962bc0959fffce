import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalMutation, mutation } from "./_generated/server";
import { findMe } from "./people";

const BATCH = 50;

export const forgetMe = mutation({
  args: {},
  handler: async (ctx) => {
    const me = await findMe(ctx);
    if (me) await ctx.scheduler.runAfter(0, internal.erasure.batch, { owner: me._id });
  },
});

export const batch = internalMutation({
  args: { owner: v.id("people") },
  handler: async (ctx, { owner }) => {
    const projects = await ctx.db
      .query("projects")
      .withIndex("by_owner_and_removal", (q) => q.eq("owner", owner))
      .take(BATCH);
    for (const project of projects) await ctx.db.delete(project._id);
    if (projects.length === BATCH) await ctx.scheduler.runAfter(0, internal.erasure.batch, { owner });
    else if (await ctx.db.get(owner)) await ctx.db.delete(owner);
  },
});
