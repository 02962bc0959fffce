import type { Doc } from "./_generated/dataModel";
import type { MutationCtx, QueryCtx } from "./_generated/server";

/** The row of whoever is signed in, or null: for somebody who has never saved anything, too. */
export async function findMe(ctx: QueryCtx): Promise<Doc<"people"> | null> {
  const identity = await ctx.auth.getUserIdentity();
  if (!identity) return null;
  return await ctx.db
    .query("people")
    .withIndex("by_token", (q) => q.eq("token", identity.tokenIdentifier))
    .unique();
}

export async function findOrMakeMe(ctx: MutationCtx) {
  const me = await findMe(ctx);
  if (me) return me._id;
  const identity = await ctx.auth.getUserIdentity();
  if (!identity) throw new Error("Only for people who are signed in.");
  return await ctx.db.insert("people", { token: identity.tokenIdentifier });
}
