import { v } from "convex/values";
import { api } from "./_generated/api";
import { action, mutation, type MutationCtx, query } from "./_generated/server";

const NAME = "Lindiwe";
const line = v.union(v.literal("seat"), v.literal("payment"), v.literal("name"));

async function takeSeat(ctx: MutationCtx) {
  const bus = await ctx.db.query("buses").first();
  await ctx.db.patch(bus!._id, { seatsLeft: bus!.seatsLeft - 1 });
}

async function pay(ctx: MutationCtx) {
  const bus = await ctx.db.query("buses").first();
  await ctx.db.insert("payments", { bus: bus!._id, name: NAME, amount: bus!.price });
}

async function addToList(ctx: MutationCtx) {
  const bus = await ctx.db.query("buses").first();
  await ctx.db.insert("signups", { bus: bus!._id, name: NAME });
}

const LINES = { seat: takeSeat, payment: pay, name: addToList };

/** One line as a call of its own. */
export const oneLine = mutation({
  args: { line },
  handler: async (ctx, { line }) => await LINES[line](ctx),
});

/** Three calls in turn, as a client makes them. */
export const inTurn = action({
  args: { order: v.array(line) },
  handler: async (ctx, { order }): Promise<void> => {
    for (const line of order) await ctx.runMutation(api.booking.oneLine, { line });
  },
});

/** The same three lines in one mutation. */
export const inOne = mutation({
  args: { order: v.array(line) },
  handler: async (ctx, { order }) => {
    for (const line of order) await LINES[line](ctx);
  },
});

/** Which lines of the booking the store has. */
export const kept = query({
  args: { seats: v.number() },
  handler: async (ctx, { seats }) => {
    const bus = await ctx.db.query("buses").first();
    const found = [];
    if (bus!.seatsLeft !== seats) found.push("seat");
    if ((await ctx.db.query("payments").first()) !== null) found.push("payment");
    if ((await ctx.db.query("signups").first()) !== null) found.push("name");
    return found;
  },
});
