import { ConvexError, v } from "convex/values";
import { mutation, query } from "./_generated/server";
import { deskOf } from "./desk";

const SEATS = 20;

/** Everybody who has a seat, the newest first. */
export const list = query({
  args: {},
  handler: async (ctx) => {
    return await ctx.db.query("signups").order("desc").collect();
  },
});

/** Sells a seat. `taken` is the number that the desk sees on its screen. */
export const book = mutation({
  args: { name: v.string(), bus: v.number(), phone: v.number(), taken: v.number() },
  handler: async (ctx, { name, bus, phone, taken }) => {
    if (taken >= SEATS) throw new ConvexError("The trip is full.");
    const ownerId = await deskOf(ctx);
    await ctx.db.insert("signups", { ownerId, name, bus, phone });
  },
});

/** Gives a seat back. */
export const cancel = mutation({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    await ctx.db.delete(id);
  },
});

/** The pupils with exactly this name. */
export const find = query({
  args: { name: v.string() },
  handler: async (ctx, { name }) => {
    const signups = await ctx.db.query("signups").collect();
    return signups.filter((signup) => signup.name === name);
  },
});
