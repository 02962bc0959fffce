import assert from "node:assert/strict";
import { changeWords, differences, type RevisionEntry, stateWords, timeWords } from "../workspace/history_model.ts";

const entry = (change: Partial<RevisionEntry>): RevisionEntry => ({
  number: 7,
  saved_at: "2026-03-04T09:41:07Z",
  is_good: true,
  changed: ["src/App.tsx"],
  same_as: null,
  passed: false,
  ...change,
});

Deno.test("files that came, went and changed are told apart, those that stayed are left out", () => {
  const found = differences({ a: "1", b: "2", c: "3" }, { a: "1", b: "two", d: "4" });
  assert.deepEqual(found.map(({ file, fate }) => [file, fate]), [["b", "changed"], ["c", "removed"], ["d", "added"]]);
  assert.deepEqual(differences({ a: "1" }, { a: "1" }), []);
  assert.equal(differences({}, { a: "" })[0]?.fate, "added");
});

Deno.test("a revision says what it did, or that it is an older one again", () => {
  assert.equal(changeWords(entry({})), "App.tsx");
  assert.equal(changeWords(entry({ changed: ["a/b.ts", "c.ts", "d.ts", "e.ts"] })), "b.ts, c.ts and 2 more");
  assert.equal(changeWords(entry({ same_as: 3 })), "as revision 3");
  assert.equal(changeWords(entry({ same_as: 1 })), "as at the start");
  assert.equal(changeWords(entry({ number: 1 })), "where you began");
});

Deno.test("its state is one word or two", () => {
  const states = [entry({ passed: true }), entry({}), entry({ is_good: false }), entry({ is_good: null })].map(stateWords);
  assert.deepEqual(states, ["passed", "live", "not live", "not tried"]);
});

Deno.test("today's revisions have the time, older ones the day", () => {
  const noon = new Date(2026, 2, 4, 12, 0, 5);
  assert.equal(timeWords(noon.toISOString(), noon), "12:00:05");
  assert.equal(timeWords(noon.toISOString(), new Date(2026, 2, 9)), "4 Mar 12:00");
});
