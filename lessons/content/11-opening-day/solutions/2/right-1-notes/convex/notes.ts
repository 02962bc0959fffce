import { v } from "convex/values";
import type { Id } from "./_generated/dataModel";
import { mutation, query, type MutationCtx, type QueryCtx } from "./_generated/server";

async function signedIn(ctx: QueryCtx | MutationCtx): Promise<string> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) throw new Error("Sign in first.");
  return identity.subject;
}

/** The note, if it belongs to whoever is signed in. */
async function ownNote(ctx: QueryCtx, id: Id<"notes">) {
  const ownerId = await signedIn(ctx);
  const note = await ctx.db.get(id);
  if (note === null || note.ownerId !== ownerId) throw new Error("There is no such note on your list.");
  return note;
}

export const add = mutation({
  args: { text: v.string() },
  handler: async (ctx, { text }) => {
    const ownerId = await signedIn(ctx);
    return await ctx.db.insert("notes", { ownerId, text });
  },
});

async function allOfMine(ctx: QueryCtx) {
  const ownerId = await signedIn(ctx);
  return await ctx.db
    .query("notes")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
    .collect();
}

export const mine = query({
  args: {},
  handler: async (ctx) => {
    const notes = await allOfMine(ctx);
    return notes.filter((note) => note.archivedAt === undefined);
  },
});

export const bin = query({
  args: {},
  handler: async (ctx) => {
    const notes = await allOfMine(ctx);
    return notes.filter((note) => note.archivedAt !== undefined);
  },
});

export const archive = mutation({
  args: { id: v.id("notes") },
  handler: async (ctx, { id }) => {
    const note = await ownNote(ctx, id);
    await ctx.db.patch(note._id, { archivedAt: Date.now() });
  },
});

export const restore = mutation({
  args: { id: v.id("notes") },
  handler: async (ctx, { id }) => {
    const note = await ownNote(ctx, id);
    await ctx.db.patch(note._id, { archivedAt: undefined });
  },
});
