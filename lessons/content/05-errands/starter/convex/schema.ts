import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  signups: defineTable({
    name: v.string(),
    bus: v.number(),
    status: v.union(v.literal("waiting"), v.literal("paid"), v.literal("failed")),
    receipt: v.optional(v.string()),
  }).index("by_bus", ["bus"]),

  weather: defineTable({
    city: v.string(),
    celsius: v.number(),
  }).index("by_city", ["city"]),
});
