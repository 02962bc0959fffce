import { paginationOptsValidator } from "convex/server";
import { ConvexError, v } from "convex/values";
import { mutation, query, type MutationCtx } from "./_generated/server";

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

async function own(ctx: MutationCtx, text: string) {
  const user = await ctx.auth.getUserIdentity();
  const id = ctx.db.normalizeId("books", text);
  const book = id && (await ctx.db.get(id));
  if (!user || !book || book.lender !== user.subject) throw new ConvexError("No such book on your shelf.");
  return book;
}

export const hide = mutation({
  args: { bookId: v.string() },
  handler: async (ctx, args) => {
    const book = await own(ctx, args.bookId);
    if (book.status !== "hidden") await ctx.db.patch(book._id, { status: "hidden" });
    return { hidden: book.title };
  },
});

export const show = mutation({
  args: { bookId: v.string() },
  handler: async (ctx, args) => {
    const book = await own(ctx, args.bookId);
    await ctx.db.patch(book._id, { status: "on shelf" });
    return { shown: book.title };
  },
});
