import { v } from "convex/values";
import type { Id } from "./_generated/dataModel";
import { mutation, query } from "./_generated/server";
import { callerOf } from "./caller";

/** Who is calling. The subject is the caller's own id; nobody signed in: null. */
export const whoAmI = query({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    return identity === null ? null : { subject: identity.subject, name: identity.name };
  },
});

/** The active sign-ups of the person who calls; nobody has none. */
export const listMine = query({
  args: { ownerId: v.optional(v.string()) },
  handler: async (ctx) => {
    const me = await callerOf(ctx);
    const mine: { _id: Id<"signups">; name: string; bus: number }[] = [];
    if (me === null) return { count: 0, mine };
    for await (const { _id, ownerId, name, bus, archivedAt } of ctx.db.query("signups")) {
      if (ownerId === me && archivedAt === undefined) mine.push({ _id, name, bus });
    }
    return { count: mine.length, mine };
  },
});

export const create = mutation({
  args: { ownerId: v.optional(v.string()), name: v.string(), bus: v.number() },
  returns: v.union(v.id("signups"), v.null()),
  handler: async (ctx, { name, bus }) => {
    const me = await callerOf(ctx);
    return me === null ? null : await ctx.db.insert("signups", { ownerId: me, name, bus });
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
