import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  signups: defineTable({
    name: v.string(),
    bus: v.number(),
    phone: v.number(),
  }).index("by_name", ["name"]),
});
