import { ConvexError, v } from "convex/values";
import { mutation } from "./_generated/server";

export const closeShelf = mutation({
  args: { confirm: v.boolean(), reason: v.optional(v.string()) },
  handler: async (ctx, { confirm }) => {
    const user = await ctx.auth.getUserIdentity();
    if (!user || !confirm) throw new ConvexError("Confirm that the shelf is to be closed.");
    const read = (status: "on shelf" | "hidden") =>
      ctx.db
        .query("books")
        .withIndex("by_lender", (q) => q.eq("lender", user.subject).eq("status", status))
        .collect();
    const books = [...(await read("on shelf")), ...(await read("hidden"))];
    await Promise.all(books.map((book) => ctx.db.delete(book._id)));
    return books.length;
  },
});
