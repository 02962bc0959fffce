import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  people: defineTable({ token: v.string() }).index("by_token", ["token"]),
  projects: defineTable({
    owner: v.id("people"),
    title: v.string(),
    hours: v.number(),
    state: v.union(v.literal("open"), v.literal("done")),
    removedAt: v.optional(v.number()),
  }).index("by_owner_and_removal", ["owner", "removedAt"]),
});
