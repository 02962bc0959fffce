import { v } from "convex/values";
import { mutation, query } from "./_generated/server";
import { deskOf } from "./desk";

const MINUTE = 60_000;

/** Who goes on one bus. */
export const listByBus = query({
  args: { bus: v.number() },
  handler: async (ctx, { bus }) => {
    const signups = await ctx.db.query("signups").collect();
    return signups.filter((signup) => signup.bus === bus);
  },
});

/** The three newest sign-ups of all buses, and how long they have been there. */
export const newest = query({
  args: {},
  handler: async (ctx) => {
    const signups = await ctx.db.query("signups").order("desc").take(3);
    return signups.map((signup) => ({
      _id: signup._id,
      name: signup.name,
      bus: signup.bus,
      minutesAgo: Math.max(0, Math.floor((Date.now() - signup._creationTime) / MINUTE)),
    }));
  },
});

export const add = mutation({
  args: { name: v.string(), bus: v.number() },
  handler: async (ctx, { name, bus }) => {
    return await ctx.db.insert("signups", { ownerId: await deskOf(ctx), name, bus });
  },
});

export const move = mutation({
  args: { id: v.id("signups"), bus: v.number() },
  handler: async (ctx, { id, bus }) => {
    await ctx.db.patch(id, { bus });
  },
});
