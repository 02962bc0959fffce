import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalAction } from "./_generated/server";
import { PRICE } from "./signups";

export const charge = internalAction({
  args: { signup: v.id("signups"), name: v.string(), attempt: v.optional(v.number()) },
  handler: async (ctx, { signup, name, attempt = 1 }) => {
    const receipt = await ask(signup, name);
    if (receipt !== null) await ctx.runMutation(internal.signups.settle, { signup, receipt });
    else await ctx.runMutation(internal.signups.tryLater, { signup, name, attempt });
  },
});

async function ask(signup: string, name: string): Promise<string | null> {
  try {
    const response = await fetch("https://practice.test/charges", {
      method: "POST",
      headers: { "Content-Type": "application/json", "idempotency-key": `seat-${signup}` },
      body: JSON.stringify({ amount: PRICE, description: `Seat of ${name}` }),
    });
    if (!response.ok) return null;
    const receipt: { id: string } = await response.json();
    return receipt.id;
  } catch {
    return null;
  }
}
