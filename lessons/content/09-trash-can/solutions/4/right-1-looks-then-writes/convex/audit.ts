import type { Id } from "./_generated/dataModel";
import type { MutationCtx } from "./_generated/server";

/** Writes down that something was done to a row, and nothing of what stands in it. */
export async function note(ctx: MutationCtx, action: string, rowId: Id<"signups">, by?: string) {
  const identity = by === undefined ? await ctx.auth.getUserIdentity() : null;
  await ctx.db.insert("audit", { action, rowId, by: by ?? identity?.subject ?? "nobody", at: Date.now() });
}
