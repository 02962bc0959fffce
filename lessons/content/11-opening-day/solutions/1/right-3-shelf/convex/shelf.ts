import { paginationOptsValidator } from "convex/server";
import { ConvexError, v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const lend = mutation({
  args: { lender: v.string(), title: v.string(), year: v.optional(v.int64()), tags: v.array(v.string()) },
  handler: async (ctx, book) => {
    const user = await ctx.auth.getUserIdentity();
    if (user?.subject !== book.lender) throw new ConvexError("That is not your shelf.");
    return await ctx.db.insert("books", { ...book, status: "on shelf" });
  },
});

export const page = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }) => {
    const user = await ctx.auth.getUserIdentity();
    return await ctx.db
      .query("books")
      .withIndex("by_lender", (q) => q.eq("lender", user?.subject ?? "").eq("status", "on shelf"))
      .paginate(paginationOpts);
  },
});
