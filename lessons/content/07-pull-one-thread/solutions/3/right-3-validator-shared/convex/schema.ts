import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

const fullName = v.string();

export const signup = v.object({ ownerId: v.string(), fullName, bus: v.number(), archivedAt: v.optional(v.number()) });

export default defineSchema({
  signups: defineTable(signup).index("by_owner", ["ownerId"]).index("by_bus", ["bus"]).index("by_name", ["fullName"]),
});
