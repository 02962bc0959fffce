import { v } from "convex/values";
import { internal } from "./_generated/api";
import type { Doc } from "./_generated/dataModel";
import { internalAction } from "./_generated/server";

export const run = internalAction({
  args: { id: v.id("signups") },
  handler: async (ctx, { id }) => {
    const signup: Doc<"signups"> | null = await ctx.runQuery(internal.signups.get, { id });
    if (signup === null || signup.status !== "waiting") return;
    const answer = await fetch("https://practice.test/charges", {
      method: "POST",
      body: JSON.stringify({ amount: 20, description: `${signup.name}, bus ${signup.bus}` }),
    });
    const change = answer.ok
      ? { status: "paid" as const, receipt: ((await answer.json()) as { id: string }).id }
      : { status: "failed" as const };
    await ctx.runMutation(internal.signups.update, { id, change });
  },
});
