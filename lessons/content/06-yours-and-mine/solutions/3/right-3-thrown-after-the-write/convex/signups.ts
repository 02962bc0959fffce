import { ConvexError, v } from "convex/values";
import { mutation, query, type QueryCtx } from "./_generated/server";

/** Who is calling. The subject is the caller's own id; nobody signed in: null. */
export const whoAmI = query({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    return identity === null ? null : { subject: identity.subject, name: identity.name };
  },
});

/** The active sign-ups of the person who calls. */
export const listMine = query({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (identity === null) {
      throw new Error("Sign in first.");
    }
    const rows = await ctx.db
      .query("signups")
      .withIndex("by_owner", (q) => q.eq("ownerId", identity.subject))
      .collect();
    return rows.filter((row) => row.archivedAt === undefined);
  },
});

export const create = mutation({
  args: { name: v.string(), bus: v.number() },
  handler: async (ctx, { name, bus }) => {
    const identity = await ctx.auth.getUserIdentity();
    if (identity === null) {
      throw new Error("Sign in first.");
    }
    return await ctx.db.insert("signups", { ownerId: identity.subject, name, bus });
  },
});

/** One of the caller's sign-ups by its id. */
export const get = query({
  args: { signup: v.id("signups") },
  handler: async (ctx, { signup }) => {
    const me = await caller(ctx);
    const mine = await ctx.db
      .query("signups")
      .withIndex("by_owner", (q) => q.eq("ownerId", me))
      .collect();
    return mine.find((row) => row._id === signup) ?? null;
  },
});

export const change = mutation({
  args: { id: v.id("signups"), changes: v.object({ name: v.optional(v.string()), bus: v.optional(v.number()) }) },
  handler: async (ctx, { id, changes }) => {
    // Checked after the write: the error undoes it.
    await ctx.db.patch(id, changes).catch(() => null);
    const row = await ctx.db.get(id);
    if (row?.ownerId !== (await caller(ctx))) throw new ConvexError({ code: "NOT_FOUND" });
  },
});

export const archive = mutation({
  args: { ids: v.array(v.id("signups")) },
  handler: async (ctx, { ids }) => {
    const me = await caller(ctx);
    for (const id of ids) {
      const row = await ctx.db.get(id);
      if (row === null || row.ownerId !== me) throw new ConvexError({ code: "NOT_FOUND" });
      await ctx.db.replace(id, { ownerId: me, name: row.name, bus: row.bus, archivedAt: Date.now() });
    }
  },
});

async function caller(ctx: QueryCtx): Promise<string> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) throw new ConvexError({ code: "SIGN_IN" });
  return identity.subject;
}
