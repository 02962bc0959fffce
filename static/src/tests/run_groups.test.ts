import assert from "node:assert/strict";
import type { CommitMessage, RunMessage } from "../workspace/messages.ts";
import { newestStory, RunGroups, RUNS_KEPT } from "../workspace/run_groups.ts";

let lastId = 0;

function run(change: Partial<RunMessage>): RunMessage {
  return {
    id: `run${++lastId}`, path: "signups:listActive", kind: "query", args: "{}", at_ms: 0,
    cause: { kind: "first", commit_ts: null }, writer: null, snapshot_ts: "1", commit_ts: null, reads: [], writes: [],
    store_ms: 0.1, total_ms: 0.2, log_lines: [], error: null, retries: 0, conflicts: [], result: null, unawaited: [], result_changed: true, sent_to: [], ...change,
  };
}

const mutation = (commitTs: string | null, change: Partial<RunMessage> = {}): RunMessage =>
  run({ path: "signups:create", kind: "mutation", cause: { kind: "call", commit_ts: null }, commit_ts: commitTs, writer: "alice", ...change });
const woken = (commitTs: string, change: Partial<RunMessage> = {}): RunMessage =>
  run({ cause: { kind: "commit", commit_ts: commitTs }, ...change });
const seeding = (commitTs: string, atMs: number): CommitMessage =>
  ({ commit_ts: commitTs, at_ms: atMs, cause: "seed", writer: "data panel", tables: ["signups"], documents: 250 });

const write = { table: "signups", id: "k1", before: null, after: { _id: "k1" } };

Deno.test("a woken query hangs under the commit that woke it, whichever came first", () => {
  for (const order of [[mutation("7"), woken("7")], [woken("7"), mutation("7")]]) {
    const groups = new RunGroups();
    for (const message of order) groups.addRun(message);
    assert.equal(groups.groups.length, 1);
    assert.equal(groups.groups[0]?.head.kind, "mutation");
    assert.equal(groups.groups[0]?.runs.length, 1);
  }
});

Deno.test("two commits are two groups, the newest first", () => {
  const groups = new RunGroups();
  for (const message of [mutation("7"), mutation("8"), woken("7"), woken("8")]) groups.addRun(message);
  assert.deepEqual(groups.groups.map(({ key }) => key), ["commit 8", "commit 7"]);
});

Deno.test("a mutation that failed stands alone", () => {
  const groups = new RunGroups();
  groups.addRun(mutation(null, { error: "no" }));
  groups.addRun(mutation(null, { error: "no" }));
  assert.equal(groups.groups.length, 2);
});

Deno.test("first runs of one moment are one group, later ones another", () => {
  const groups = new RunGroups();
  for (const atMs of [0, 200, 9000]) groups.addRun(run({ at_ms: atMs }));
  assert.deepEqual(groups.groups.map(({ runs }) => runs.length), [1, 2]);
});

Deno.test("the commits of one seeding count as one, and whom they wake hangs there", () => {
  const groups = new RunGroups();
  for (const at of [1, 2, 3]) groups.addCommit(seeding(String(at), at * 100));
  groups.addRun(woken("2"));
  const [group, ...others] = groups.groups;
  assert.equal(others.length, 0);
  assert.equal(group?.head.kind === "commit" && group.head.commit.documents, 750);
  assert.equal(group?.runs.length, 1);
});

Deno.test("a deploy is told once, and learns later when the panes were live", () => {
  const groups = new RunGroups();
  groups.addDeployed({ revision: 4, atMs: 10, liveMs: null });
  groups.addRun(run({ cause: { kind: "deploy", commit_ts: null } }));
  groups.addDeployed({ revision: 4, atMs: 300, liveMs: 212 });
  assert.equal(groups.groups.length, 1);
  const head = groups.groups[0]?.head;
  assert.equal(head?.kind === "deployed" && head.deployed.liveMs, 212);
  assert.equal(groups.groups[0]?.runs.length, 1);
});

Deno.test("only the last runs are kept, whole groups at a time", () => {
  const groups = new RunGroups();
  for (let ts = 0; ts < RUNS_KEPT; ts++) {
    groups.addRun(mutation(String(ts)));
    groups.addRun(woken(String(ts)));
  }
  assert.equal(groups.runs, RUNS_KEPT);
  assert.equal(groups.groups.length, RUNS_KEPT / 2);
  assert.equal(groups.groups[0]?.key, `commit ${RUNS_KEPT - 1}`);
});

Deno.test("the story is the last mutation that changed a row", () => {
  const groups = new RunGroups();
  groups.addRun(mutation("7", { writes: [write] }));
  groups.addRun(mutation("8"));
  groups.addRun(mutation(null, { error: "no" }));
  assert.equal(newestStory(groups.groups)?.key, "commit 7");
});
