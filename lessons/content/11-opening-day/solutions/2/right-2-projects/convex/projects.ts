import { v } from "convex/values";
import type { Id } from "./_generated/dataModel";
import { mutation, query, type MutationCtx } from "./_generated/server";
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

async function mark(ctx: MutationCtx, ids: Id<"projects">[], removedAt: number | undefined) {
  const me = await findMe(ctx);
  for (const id of ids) {
    const project = await ctx.db.get(id);
    if (!me || project?.owner !== me._id) continue;
    const { _id, _creationTime, removedAt: _old, ...kept } = project;
    await ctx.db.replace(id, removedAt === undefined ? kept : { ...kept, removedAt });
  }
}

export const putAway = mutation({
  args: { projects: v.array(v.id("projects")) },
  handler: async (ctx, { projects }) => await mark(ctx, projects, Date.now()),
});

export const takeOut = mutation({
  args: { projects: v.array(v.id("projects")) },
  handler: async (ctx, { projects }) => await mark(ctx, projects, undefined),
});
