import type { QueryCtx } from "./_generated/server";

/** The subject of whoever is signed in, or null. */
export async function callerOf(ctx: Pick<QueryCtx, "auth">): Promise<string | null> {
  return (await ctx.auth.getUserIdentity())?.subject ?? null;
}
