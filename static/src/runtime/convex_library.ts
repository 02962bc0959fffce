/**
 * The `convex` package as the learner's server code sees it, as one script for the JS process.
 *
 * Every realm evaluates this before the learner's modules, whose `require("convex/server")` and
 * `require("convex/values")` answer from it: one instance, because the library compares classes by identity.
 */
import * as server from "convex/server";
import * as values from "convex/values";

declare global {
  var __convexLib: { server: typeof server; values: typeof values };
}

globalThis.__convexLib = { server, values };
