import assert from "node:assert/strict";
import { begun, type Call, describeConflict, describeEnd, describeWrite, doneBy, fateOf, fieldsOf, heldAt, isHalfDone, nameOf, pendingRows, told } from "../transactions/story.ts";
import type { StepEvent, StepInfo, WriteMessage } from "../workspace/messages.ts";

const step = (number: number, operation = "db.patch", subject = "trips", attempt = 1): StepInfo => ({
  attempt, number, path: "m:book", operation, subject, arguments: "", file: "convex/m.ts", line: number,
});
const began = (attempt = 1): StepEvent => ({ kind: "began", attempt, snapshot_ts: "1764374832000000000" });
const reached = (at: StepInfo): StepEvent => ({ kind: "reached", step: at });
const done = (at: StepInfo, writes: WriteMessage[] = []): StepEvent => ({ kind: "done", step: at, reads: [], writes, values: [], refused: null });
const ended = (error: string | null, writes: WriteMessage[] = [], crashed = false): StepEvent => ({
  kind: "ended", commit_ts: error === null ? "1764374833000000000" : null, error, crashed, retries: 0, writes,
});
const write = (id: string, before: number | null, after: number | null): WriteMessage => ({
  table: "trips", id, before: before === null ? null : { _id: id, seats: before }, after: after === null ? null : { _id: id, seats: after },
});
const after = (...events: StepEvent[]): Call => events.reduce(told, begun("m:book", "mutation"));
const conflict = { table: "trips", id: "abcdefgh", commit_ts: "1764374833000000000", by: "m:book" };

Deno.test("a call is held before the last step that it reached, until that is done or the call ends", () => {
  assert.equal(heldAt(null), null);
  assert.equal(heldAt(after(began(), reached(step(1))))?.number, 1);
  assert.equal(heldAt(after(began(), reached(step(1)), done(step(1)))), null);
  assert.equal(heldAt(after(began(), reached(step(1)), done(step(1)), reached(step(2))))?.number, 2);
  assert.equal(heldAt(after(began(), reached(step(1)), ended("x", [], true))), null);
});

Deno.test("what was written counts once for each row, in its newest version, and is gone with a crash", () => {
  const events = [began(), reached(step(1)), done(step(1), [write("a", 5, 4)]), reached(step(2)), done(step(2), [write("a", 5, 3), write("b", null, 1)])];
  const call = after(...events);
  assert.deepEqual(pendingRows(call.attempts[0]!).map(({ id, after }) => [id, after?.seats]), [["a", 3], ["b", 1]]);
  assert.equal(fateOf(call), "pending");
  assert.equal(fateOf(after(...events, ended("crashed", [], true))), "gone");
  assert.equal(fateOf(after(...events, ended(null, [write("a", 5, 3)]))), "committed");
  assert.match(describeEnd(after(...events, ended("The run crashed.", [], true))), /2 rows stood in its buffer alone/);
});

Deno.test("a lost attempt keeps its steps, and the next one has its own", () => {
  const read: StepEvent = { ...done(step(1), [write("a", 5, 4)]), values: ['{"_id":"abcdefgh","name":"Bus 2"}'] } as StepEvent;
  const call = after(began(), reached(step(1)), read, reached(step(2, "commit", "")), { kind: "lost", attempt: 1, conflict }, began(2), reached(step(1)));
  assert.deepEqual(call.attempts.map(({ number, moments }) => [number, moments.length]), [[1, 2], [2, 1]]);
  assert.equal(pendingRows(call.attempts[1]!).length, 0);
  assert.equal(describeConflict(call.attempts[1]!), "");
  assert.match(describeConflict(call.attempts[0]!), /^Conflict: book changed row abcd… \(Bus 2\) of trips at .+ Attempt 2 starts from the beginning with fresh reads\.$/);
});

Deno.test("calls in turn are half done when the first has written and the second did not end well", () => {
  const first = after(began(), ended(null, [write("a", 5, 4)]));
  const idle = after(began(), ended(null));
  const failed = after(began(), reached(step(1)), ended("No seat."));
  assert.equal(isHalfDone([first], false), false);
  assert.equal(isHalfDone([first], true), true);
  assert.equal(isHalfDone([idle], true), false);
  assert.equal(isHalfDone([first, failed], false), true);
  assert.equal(isHalfDone([first, first], false), false);
  assert.equal(isHalfDone([failed], false), false);
});

Deno.test("steps and writes are said in words", () => {
  assert.equal(nameOf(step(1, "db.get", "j57d3h1k2m3n4p5q6r7s8t9v")), "db.get j57d…");
  assert.equal(nameOf(step(1, "ctx.runMutation", "m:takeSeat")), "ctx.runMutation takeSeat");
  assert.equal(nameOf(step(4, "commit", "")), "commit");
  assert.equal(describeWrite(write("a", 5, 4)), "trips: seats 5 → 4");
  assert.equal(describeWrite(write("a", null, 4)), "trips: new row, seats 4");
  assert.equal(describeWrite(write("a", 5, null)), "trips: a deleted");
  assert.equal(fieldsOf({ _id: "a", name: "Amina" }), "name Amina");
  const read = { table: "trips", index: null, range: [], order: "asc" as const, documents: 1, bytes: 9, store_ms: 0, plan: "full table scan", filtered_by: [] };
  const call = after(began(), reached(step(1, "db.query")), { kind: "done", step: step(1, "db.query"), reads: [read], writes: [], values: ['{"_id":"a","seats":5}'], refused: null });
  assert.deepEqual(doneBy(call.attempts[0]!.moments[0]!), ["trips: full scan · 1 read", "found seats 5"]);
});
