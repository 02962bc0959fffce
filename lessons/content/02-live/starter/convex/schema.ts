import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  signups: defineTable({
    ownerId: v.string(),
    name: v.string(),
    bus: v.number(),
  }),
});
