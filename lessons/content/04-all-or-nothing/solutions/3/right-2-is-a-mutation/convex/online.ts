import { v } from "convex/values";
import { mutation } from "./_generated/server";

export const bookOnline = mutation({
  args: { bus: v.id("buses"), name: v.string() },
  handler: async (ctx, { bus, name }) => {
    const found = await ctx.db.get(bus);
    if (!found || found.seatsLeft < 1) return "full";
    await ctx.db.insert("payments", { bus, name, amount: found.price });
    await ctx.db.insert("signups", { bus, name });
    await ctx.db.patch(bus, { seatsLeft: found.seatsLeft - 1 });
    return "booked";
  },
});
