import assert from "node:assert/strict";
import { addressOf, parseMessage, pauseBefore, ROWS_AT_ONCE, Wishes } from "../classroom/wishes.ts";

Deno.test("rows are wished for once, whatever came in between", () => {
  const wishes = new Wishes();
  wishes.row([9, 7]);
  wishes.row([7]);
  assert.deepEqual(wishes.take(), { kind: "rows", rows: [7, 9] });
  assert.equal(wishes.take(), undefined);
});

Deno.test("the whole table makes single rows needless", () => {
  const wishes = new Wishes();
  wishes.row([7]);
  wishes.table();
  assert.deepEqual(wishes.take(), { kind: "table" });
  assert.equal(wishes.take(), undefined);
});

Deno.test("many rows are asked for as a whole table", () => {
  const wishes = new Wishes();
  wishes.row(Array.from({ length: ROWS_AT_ONCE + 1 }, (_, at) => at));
  assert.deepEqual(wishes.take(), { kind: "table" });
});

Deno.test("an address keeps the query that it has", () => {
  assert.equal(addressOf({ kind: "rows", rows: [7, 9] }, "/t/", "/r/?unfolded=8"), "/r/?unfolded=8&row=7&row=9");
  assert.equal(addressOf({ kind: "table" }, "/t/?unfolded=8", "/r/?unfolded=9"), "/t/?unfolded=8");
});

Deno.test("tries to connect come slower and slower, up to a bound", () => {
  assert.equal(pauseBefore(0, 0.5), 1_000);
  assert.equal(pauseBefore(2, 0.5), 4_000);
  assert.equal(pauseBefore(50, 0.5), 15_000);
  assert.ok(pauseBefore(3, 0) < pauseBefore(3, 1));
});

Deno.test("messages are what the socket says, and nothing else", () => {
  assert.deepEqual(parseMessage('{"type":"hello","stamp":"4-a"}'), { type: "hello", stamp: "4-a" });
  assert.deepEqual(parseMessage('{"type":"changed","rows":[7,9]}'), { type: "changed", rows: [7, 9] });
  assert.deepEqual(parseMessage('{"type":"all"}'), { type: "all" });
  for (const other of ['{"type":"changed","rows":["7"]}', '{"type":"hello"}', "[]", "null", '{"type":"more"}']) {
    assert.equal(parseMessage(other), undefined);
  }
});
