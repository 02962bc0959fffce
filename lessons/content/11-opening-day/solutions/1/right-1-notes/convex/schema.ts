import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  notes: defineTable({
    ownerId: v.string(),
    text: v.string(),
    archivedAt: v.optional(v.number()),
  }).index("by_owner", ["ownerId"]),
});
