import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  // Loose on purpose: this table takes any row, as a sheet does.
  signups: defineTable(v.any()),
});
