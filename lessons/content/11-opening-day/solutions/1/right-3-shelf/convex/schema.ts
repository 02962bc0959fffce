import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export const status = v.union(v.literal("on shelf"), v.literal("hidden"));

export default defineSchema({
  books: defineTable({
    lender: v.string(),
    title: v.string(),
    year: v.optional(v.int64()),
    tags: v.array(v.string()),
    status,
  })
    .index("by_lender", ["lender", "status"])
    .index("by_title", ["title"]),
});
