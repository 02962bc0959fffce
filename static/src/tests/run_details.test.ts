import assert from "node:assert/strict";
import type { ReadMessage, RunMessage, WriteMessage } from "../workspace/messages.ts";
import { resultChanges } from "../workspace/result_changes.ts";
import { EVERYTHING, filterGroup, matchesRun } from "../workspace/run_filter.ts";
import type { Group } from "../workspace/run_groups.ts";
import { wakeReason } from "../workspace/wake_reason.ts";

const read = (change: Partial<ReadMessage> = {}): ReadMessage => ({
  table: "signups", index: "by_owner", range: [{ type: "Eq", fieldPath: "ownerId", value: "alice" }], order: "asc",
  documents: 3, bytes: 9, store_ms: 0.1, plan: "by_owner · alice", filtered_by: [], ...change,
});
const row = (ownerId: string, name = "Ada") => ({ _id: "k1", ownerId, name });
const write = (before: object | null, after: object | null): WriteMessage =>
  ({ table: "signups", id: "k1", before, after }) as WriteMessage;
const run = (change: Partial<RunMessage> = {}): RunMessage => ({
  id: "r1", path: "signups:listActive", kind: "query", args: '[{"ownerId":"alice"}]', at_ms: 0, cause: { kind: "first", commit_ts: null },
  writer: null, snapshot_ts: "1", commit_ts: null, reads: [read()], writes: [], store_ms: 0, total_ms: 0, log_lines: [], error: null,
  retries: 0, conflicts: [], result: null, unawaited: [], result_changed: true, sent_to: [], ...change,
});

Deno.test("a woken query says which row came into its range, left it or changed inside", () => {
  const tables = new Set(["signups"]);
  const reason = (before: object | null, after: object | null) => wakeReason([read()], tables, [write(before, after)]);
  assert.equal(reason(null, row("alice")), "Ada came into by_owner · alice");
  assert.equal(reason(row("alice"), null), "Ada left by_owner · alice");
  assert.equal(reason(row("alice"), row("bob")), "Ada left by_owner · alice");
  assert.equal(reason(row("alice"), row("alice", "Ida")), "Ida is in by_owner · alice");
  assert.equal(reason(row("bob"), row("carol")), "the row is in its range");
  assert.equal(wakeReason([read()], tables, [write(null, row("alice")), write(null, row("alice"))]), "2 rows are in its range");
});

Deno.test("a result differs by its rows, by their ids", () => {
  const [ada, ida] = [row("alice"), { ...row("alice", "Ida"), _id: "k2" }];
  const changes = (before: unknown, after: unknown) => resultChanges(JSON.stringify(before), JSON.stringify(after));
  assert.deepEqual(changes([ada], [ada]), []);
  assert.deepEqual(changes([ada], [ada, ida]), [{ kind: "came", before: null, after: ida }]);
  assert.deepEqual(changes([ada, ida], [ida]), [{ kind: "left", before: ada, after: null }]);
  assert.deepEqual(changes([ada], [{ ...ada, bus: 2 }])?.map(({ kind }) => kind), ["changed"]);
  assert.deepEqual(changes([ada, ida], [ida, ada])?.map(({ kind }) => kind), ["changed"]);
  assert.deepEqual(changes(1, 2), [{ kind: "changed", before: 1, after: 2 }]);
  assert.equal(resultChanges(null, "1"), null);
  assert.equal(resultChanges('[{"_id":"k1","na', "[]"), null);
});

Deno.test("runs are found by kind and by words", () => {
  assert.ok(matchesRun(run(), EVERYTHING));
  assert.ok(matchesRun(run(), { kind: "all", text: "LISTACTIVE" }));
  assert.ok(matchesRun(run(), { kind: "all", text: "signups" }));
  assert.ok(!matchesRun(run(), { kind: "all", text: "archive" }));
  assert.ok(!matchesRun(run(), { kind: "scans", text: "" }));
  assert.ok(matchesRun(run({ reads: [read({ index: null })] }), { kind: "scans", text: "" }));
  assert.ok(matchesRun(run({ writes: [write(null, row("alice"))] }), { kind: "writes", text: "" }));
  assert.ok(matchesRun(run({ unawaited: ["db.insert"] }), { kind: "failed", text: "" }));
});

Deno.test("a mutation that matches shows all that it woke; else only the runs that match", () => {
  const mutation = run({ id: "m", path: "signups:create", kind: "mutation", writes: [write(null, row("alice"))] });
  const group: Group = { key: "g", head: { kind: "mutation", run: mutation }, atMs: 0, runs: [run({ id: "a" }), run({ id: "b", path: "signups:other" })] };
  assert.deepEqual(filterGroup(group, { kind: "writes", text: "" }), { isShown: true, runs: new Set(["a", "b"]) });
  assert.deepEqual(filterGroup(group, { kind: "all", text: "other" }), { isShown: true, runs: new Set(["b"]) });
  assert.deepEqual(filterGroup(group, { kind: "scans", text: "" }), { isShown: false, runs: new Set() });
});
