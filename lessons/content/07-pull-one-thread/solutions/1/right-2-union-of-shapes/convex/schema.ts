import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

const common = { ownerId: v.string(), bus: v.number(), archivedAt: v.optional(v.number()) };

export default defineSchema({
  signups: defineTable(
    v.union(v.object({ ...common, name: v.string() }), v.object({ ...common, fullName: v.string() })),
  )
    .index("by_owner", ["ownerId"])
    .index("by_bus", ["bus"]),
});
