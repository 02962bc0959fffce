import assert from "node:assert/strict";
import type { Problem } from "../workspace/messages.ts";
import { RenameWatch } from "../workspace/rename_watch.ts";

const schema = (field: string): Record<string, string> => ({
  "convex/schema.ts": `signups: defineTable({ ownerId: v.string(), ${field}: v.string(),\n  bus: v.optional(v.number()) })`,
});
const red = (file: string, line = 1, source: Problem["source"] = "types"): Problem => ({
  file, line, column: 1, message: "m", source, severity: "error",
});
const BOTH = [red("convex/signups.ts"), red("convex/signups.ts", 9), red("src/App.tsx")];

Deno.test("a field that changed its name and turned two files red is told once", () => {
  const watch = new RenameWatch(schema("name"));
  assert.equal(watch.look(schema("name"), []), undefined);
  assert.deepEqual(watch.look(schema("fullName"), BOTH), { from: "name", to: "fullName", places: 3 });
  assert.equal(watch.look(schema("fullName"), BOTH), undefined);
});

Deno.test("one red file, the server's word and red lines without a rename are none", () => {
  const watch = new RenameWatch(schema("name"));
  assert.equal(watch.look(schema("fullName"), [red("src/App.tsx")]), undefined);
  assert.equal(watch.look(schema("fullName"), [red("src/App.tsx"), red("convex/signups.ts", 1, "server")]), undefined);
  assert.equal(watch.look(schema("name"), BOTH), undefined);
});

Deno.test("a half-typed name on the way is told with its own words, and the whole one too", () => {
  const watch = new RenameWatch(schema("name"));
  assert.equal(watch.look(schema("full"), BOTH)?.to, "full");
  assert.equal(watch.look(schema("fullName"), BOTH)?.to, "fullName");
});

Deno.test("a rename before the first check counts from the files with which the page came", () => {
  assert.equal(new RenameWatch(schema("name")).look(schema("fullName"), BOTH)?.to, "fullName");
  assert.equal(new RenameWatch(schema("fullName")).look(schema("fullName"), BOTH), undefined);
});

Deno.test("a rename counts from when the types agreed last", () => {
  const watch = new RenameWatch(schema("name"));
  watch.look(schema("fullName"), []);
  assert.equal(watch.look(schema("fullName"), BOTH), undefined);
  assert.deepEqual(watch.look(schema("label"), BOTH), { from: "fullName", to: "label", places: 3 });
});
