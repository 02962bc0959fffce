import { v } from "convex/values";
import { mutation, query, type MutationCtx, type QueryCtx } from "./_generated/server";

async function signedIn(ctx: QueryCtx | MutationCtx): Promise<string> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) throw new Error("Sign in first.");
  return identity.subject;
}

export const add = mutation({
  args: { text: v.string() },
  handler: async (ctx, { text }) => {
    const ownerId = await signedIn(ctx);
    return await ctx.db.insert("notes", { ownerId, text });
  },
});

export const mine = query({
  args: {},
  handler: async (ctx) => {
    const ownerId = await signedIn(ctx);
    return await ctx.db
      .query("notes")
      .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
      .collect();
  },
});
