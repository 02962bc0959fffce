import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  buses: defineTable({
    number: v.number(),
    seats: v.number(),
    driver: v.optional(v.string()),
  }).index("by_number", ["number"]),
});
