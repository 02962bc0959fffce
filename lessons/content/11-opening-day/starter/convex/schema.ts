import { defineSchema } from "convex/server";

// Your table goes here. Which one is up to you: notes, projects, books to lend, plants to water.
export default defineSchema({});
