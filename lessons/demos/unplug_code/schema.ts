import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  buses: defineTable({ name: v.string(), seatsLeft: v.number(), price: v.number() }),
  payments: defineTable({ bus: v.id("buses"), name: v.string(), amount: v.number() }),
  signups: defineTable({ bus: v.id("buses"), name: v.string() }),
});
