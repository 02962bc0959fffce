import assert from "node:assert/strict";
import { beginning, depths, move, place, takeOut } from "../lesson/parsons_model.ts";
import { say } from "../lesson/phrases.ts";
import { addressOf, stepOf } from "../lesson/step_state.ts";
import { countWords } from "../lesson/word_count.ts";

Deno.test("every block is in exactly one list, wherever it is moved", () => {
  let order = beginning(5);
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  for (let turn = 0; turn < 500; turn++) {
    const block = random(5);
    const before = order;
    if (turn % 3 === 0) order = place(order, block, random(7) - 1);
    else if (turn % 3 === 1) order = move(order, block, random(2) ? 1 : -1);
    else order = takeOut(order, block);
    assert.deepEqual([...order.ready, ...order.chosen].sort(), [0, 1, 2, 3, 4], JSON.stringify(before));
    assert.deepEqual([...order.ready].sort(), order.ready);
  }
});

Deno.test("a chosen block moves by one and stops at the ends", () => {
  let order = beginning(3);
  for (const block of [0, 1, 2]) order = place(order, block, order.chosen.length);
  assert.deepEqual(move(order, 2, -1).chosen, [0, 2, 1]);
  assert.deepEqual(move(order, 0, -1).chosen, [0, 1, 2]);
  assert.deepEqual(move(order, 2, 1).chosen, [0, 1, 2]);
  assert.deepEqual(place(order, 2, 0).chosen, [2, 0, 1]);
});

Deno.test("lines are indented by the brackets that are open before them", () => {
  const lines = [
    "export const list = query({", "args: { ownerId: v.string() },", "handler: async (ctx, { ownerId }) => {", "const rows = await ctx.db",
    '.query("{[(")', ".collect();", "return rows;", "},", "});", "done();",
  ];
  assert.deepEqual(depths(lines), [0, 1, 1, 2, 3, 3, 2, 1, 0, 0]);
  assert.deepEqual(depths(["});", "}", ")"]), [0, 0, 0], "never left of the edge");
});

Deno.test("words are counted as the server counts them", () => {
  assert.equal(countWords("  One row,\ntwo – three…  "), 4);
  assert.equal(countWords("– … !"), 0);
  assert.equal(countWords("Nguyễn Minh Anh’s row"), 4);
});

Deno.test("the step of an address is one of the lesson, or none is asked for", () => {
  assert.equal(stepOf("?step=3", 5), 3);
  assert.equal(stepOf("?step=9", 5), 5);
  assert.equal(stepOf("?step=0", 5), 1);
  assert.equal(stepOf("?step=x", 5), null);
  assert.equal(stepOf("", 5), null);
  assert.equal(addressOf("http://site/learn/live/?step=1#editor", 2), "http://site/learn/live/?step=2#editor");
});

Deno.test("a phrase fills its gaps and keeps those without a value", () => {
  assert.equal(say("stepOf", { step: 3, count: 5 }), "step 3 of 5");
  assert.equal(say("stepOf", { step: 3 }), "step 3 of {count}");
});
