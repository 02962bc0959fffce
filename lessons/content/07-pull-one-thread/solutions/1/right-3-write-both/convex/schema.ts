import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  signups: defineTable({
    ownerId: v.string(),
    name: v.optional(v.string()),
    fullName: v.optional(v.string()),
    bus: v.number(),
    archivedAt: v.optional(v.number()),
  })
    .index("by_owner", ["ownerId"])
    .index("by_bus", ["bus"]),
});
