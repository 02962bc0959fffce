import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  // Reports 1 and 3
  signups: defineTable({
    ownerId: v.string(),
    name: v.string(),
    bus: v.number(),
    archivedAt: v.optional(v.number()),
  }).index("by_bus", ["bus"]),

  // Report 2
  pastTrips: defineTable({
    year: v.number(),
    school: v.string(),
    pupil: v.string(),
  }).index("by_year", ["year"]),

  // Report 4
  letters: defineTable({
    to: v.string(),
    text: v.string(),
    state: v.union(v.literal("waiting"), v.literal("sent")),
  }),

  // Report 5
  contacts: defineTable({
    name: v.optional(v.any()),
    phone: v.optional(v.any()),
  }),

  // Report 6
  board: defineTable({
    line: v.string(),
    refreshedAt: v.optional(v.number()),
  }),
});
