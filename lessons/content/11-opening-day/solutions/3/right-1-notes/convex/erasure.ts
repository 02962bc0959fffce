import { mutation } from "./_generated/server";

/** Deletes every note of whoever is signed in, those in the bin, too. Nothing brings them back. */
export const everythingOfMine = mutation({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (identity === null) throw new Error("Sign in first.");
    const notes = await ctx.db
      .query("notes")
      .withIndex("by_owner", (q) => q.eq("ownerId", identity.subject))
      .collect();
    for (const note of notes) await ctx.db.delete(note._id);
  },
});
