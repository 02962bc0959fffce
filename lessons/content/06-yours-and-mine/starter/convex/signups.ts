import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

/** Who is calling. The subject is the caller's own id; nobody signed in: null. */
export const whoAmI = query({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    return identity === null ? null : { subject: identity.subject, name: identity.name };
  },
});

/** The sign-ups of one desk. Broken on purpose: it believes what it is sent. */
export const listMine = query({
  args: { ownerId: v.string() },
  handler: async (ctx, { ownerId }) => {
    const rows = await ctx.db.query("signups").collect();
    return rows.filter((row) => row.ownerId === ownerId && row.archivedAt === undefined);
  },
});

export const create = mutation({
  args: { ownerId: v.string(), name: v.string(), bus: v.number() },
  handler: async (ctx, { ownerId, name, bus }) => {
    return await ctx.db.insert("signups", { ownerId, name, bus });
  },
});

/** One sign-up by its id. */
export const get = query({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    return await ctx.db.get(id);
  },
});

export const change = mutation({
  args: {
    id: v.id("signups"),
    ownerId: v.optional(v.string()),
    name: v.optional(v.string()),
    bus: v.optional(v.number()),
  },
  handler: async (ctx, { id, ...changes }) => {
    await ctx.db.patch(id, changes);
  },
});

export const archive = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    await ctx.db.patch(id, { archivedAt: Date.now() });
  },
});
