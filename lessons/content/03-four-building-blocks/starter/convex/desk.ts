import type { QueryCtx } from "./_generated/server";

/** The desk that asks: "alice" or "bob". Lesson 6 is about this line. */
export async function deskOf(ctx: Pick<QueryCtx, "auth">): Promise<string> {
  return (await ctx.auth.getUserIdentity())?.subject ?? "nobody";
}
