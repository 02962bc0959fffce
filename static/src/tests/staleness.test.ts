import assert from "node:assert/strict";
import { CALM, describeChaos, isCalm } from "../frame/chaos.ts";
import type { RunMessage } from "../workspace/messages.ts";
import { describeBehind, queryKey, Staleness } from "../workspace/staleness.ts";

const ARGS = '[{"ownerId":"alice"}]';
const KEY = queryKey("signups:listActive", ARGS);
const run = (change: Partial<RunMessage>): RunMessage => ({
  id: "r", path: "signups:listActive", kind: "query", args: ARGS, at_ms: 0, cause: { kind: "first", commit_ts: null }, writer: null,
  snapshot_ts: "1", commit_ts: null, reads: [{
    table: "signups", index: "by_owner", range: [{ type: "Eq", fieldPath: "ownerId", value: "alice" }], order: "asc",
    documents: 1, bytes: 1, store_ms: 0, plan: "by_owner · alice", filtered_by: [],
  }], writes: [], store_ms: 0, total_ms: 0, log_lines: [], error: null, retries: 0, conflicts: [], result: null, unawaited: [],
  result_changed: true, sent_to: [], ...change,
});
const commit = (ts: string, ownerId: string, atMs = 0): RunMessage =>
  run({ path: "signups:create", kind: "mutation", commit_ts: ts, at_ms: atMs, reads: [], writes: [{ table: "signups", id: "k", before: null, after: { _id: "k", ownerId } }] });

Deno.test("a pane that asked once is behind by the commits that touched what it had read", () => {
  const staleness = new Staleness();
  staleness.addRun(run({}));
  staleness.addRun(commit("5", "alice"));
  staleness.asked([KEY], 5n);
  assert.equal(staleness.behind.versions, 0);
  staleness.addRun(commit("6", "bob"));
  assert.equal(staleness.behind.versions, 0);
  staleness.addRun(commit("7", "alice", 1000));
  staleness.addRun(commit("8", "alice", 2000));
  assert.deepEqual(staleness.behind, { versions: 2, sinceMs: 1000 });
  staleness.asked([KEY], 8n);
  assert.equal(staleness.behind.versions, 0);
});

Deno.test("it does not matter whether the run or the answer is heard of first", () => {
  const staleness = new Staleness();
  staleness.asked([KEY], 5n);
  staleness.addRun(commit("6", "alice", 10));
  staleness.addRun(run({}));
  assert.equal(staleness.behind.versions, 1);
});

Deno.test("commits of which only the tables are known count, too", () => {
  const staleness = new Staleness();
  staleness.addRun(run({}));
  staleness.asked([KEY], 5n);
  staleness.addCommit({ commit_ts: "6", at_ms: 3, cause: "seed", writer: null, tables: ["other"], documents: 2 });
  staleness.addCommit({ commit_ts: "7", at_ms: 4, cause: "seed", writer: null, tables: ["signups"], documents: 2 });
  assert.deepEqual(staleness.behind, { versions: 1, sinceMs: 4 });
});

Deno.test("staleness is said as a count and an age", () => {
  assert.equal(describeBehind({ versions: 0, sinceMs: null }, 0), null);
  assert.equal(describeBehind({ versions: 2, sinceMs: 1_000 }, 15_000), "2 behind · 14 s");
  assert.equal(describeBehind({ versions: 1, sinceMs: 0 }, 600_000), "1 behind · 10 min");
});

Deno.test("chaos is said in words", () => {
  assert.ok(isCalm(CALM));
  assert.equal(describeChaos(CALM), "online · no delay · no errors");
  assert.equal(describeChaos({ latencyMs: 1500, isOffline: true, failsNext: true, slowMs: 2000 }), "offline · 1,500 ms delay · the next call fails · slow results");
});
