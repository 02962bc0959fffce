import assert from "node:assert/strict";
import { BEFORE_COMMIT, BROKEN_STATES, describePlace, describePull, isBroken, type Line, listed, moved, NOT_PULLED, stateOf } from "../demos/unplug_model.ts";

Deno.test("every state between nothing and all has a piece in the museum", () => {
  const lines: Line[] = ["seat", "payment", "name"];
  const states = [1, 2, 3, 4, 5, 6].map((bits) => lines.filter((_, at) => bits & (1 << at)));
  assert.deepEqual(states.map(stateOf).sort(), Object.keys(BROKEN_STATES).sort());
  assert.ok(states.every(isBroken));
  assert.equal(isBroken([]), false);
  assert.equal(isBroken(lines), false);
});

Deno.test("a state has one name, whatever came first", () => {
  assert.equal(stateOf(["name", "seat"]), "seat+name");
  assert.equal(listed(["name", "seat"]), "a seat taken and a name on the list");
  assert.equal(listed([]), "nothing");
});

Deno.test("a line moves up by one; the first stays", () => {
  assert.deepEqual(moved(["seat", "payment", "name"], 2), ["seat", "name", "payment"]);
  assert.deepEqual(moved(["seat", "payment", "name"], 0), ["seat", "payment", "name"]);
});

Deno.test("what came of a pull is said in a sentence or two", () => {
  const pulled = (kept: Line[], buffered: Line[] = []) => ({ crashed: true, error: null, kept, buffered, ms: 1 });
  assert.equal(describePlace(0, false), "before line 1");
  assert.equal(describePlace(BEFORE_COMMIT, true), "after line 3, before the commit");
  assert.equal(describePull(2, false, pulled(["seat", "payment"])), "Pulled after line 2. The store has a seat taken and a payment. Nobody takes it back.");
  assert.equal(describePull(2, true, pulled([], ["seat", "payment"])), "Pulled after line 2. The store has nothing of the booking. Gone with the run: a seat taken and a payment.");
  assert.match(describePull(NOT_PULLED, true, pulled(["seat", "payment", "name"])), /whole booking, in one commit/);
});
