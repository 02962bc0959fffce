import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalAction } from "./_generated/server";
import { PRICE } from "./signups";

export const charge = internalAction({
  args: { signup: v.id("signups"), name: v.string() },
  handler: async (ctx, { signup, name }) => {
    const response = await fetch("https://practice.test/charges", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ amount: PRICE, description: `Seat of ${name}` }),
    });
    if (response.status !== 201) {
      await ctx.runMutation(internal.signups.giveUp, { signup });
      return;
    }
    const receipt: { id: string } = await response.json();
    await ctx.runMutation(internal.signups.settle, { signup, receipt: receipt.id });
  },
});
