import { v } from "convex/values";
import { mutation, query } from "./_generated/server";
import { findMe, findOrMakeMe } from "./people";

export const start = mutation({
  args: { project: v.object({ title: v.string(), hours: v.number() }) },
  handler: async (ctx, { project }) => {
    const owner = await findOrMakeMe(ctx);
    await ctx.db.insert("projects", { owner, ...project, state: "open" });
  },
});

export const overview = query({
  args: {},
  handler: async (ctx) => {
    const me = await findMe(ctx);
    if (!me) return { open: [], total: 0 };
    const open = await ctx.db
      .query("projects")
      .withIndex("by_owner_and_removal", (q) => q.eq("owner", me._id).eq("removedAt", undefined))
      .order("desc")
      .collect();
    return { open: open.map((project) => ({ id: project._id, label: project.title })), total: open.length };
  },
});
