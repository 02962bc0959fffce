import assert from "node:assert/strict";
import { anyField, cellText, fieldHint } from "../workspace/cell_text.ts";
import { isShort, moved, ROWS_AROUND, scrollTo, seenRows, wantedRows } from "../workspace/row_window.ts";

Deno.test("the rows in view are those whose pixels are", () => {
  assert.deepEqual(seenRows(0, 260, 26, 1000), { first: 0, end: 10 });
  assert.deepEqual(seenRows(13, 260, 26, 1000), { first: 0, end: 11 });
  assert.deepEqual(seenRows(26 * 990, 260, 26, 1000), { first: 990, end: 1000 });
  assert.deepEqual(seenRows(9e9, 260, 26, 3), { first: 2, end: 3 });
  assert.deepEqual(seenRows(0, 260, 26, 0), { first: 0, end: 0 });
});

Deno.test("another window is asked for before its end is seen, and never beyond the table", () => {
  const seen = { first: 500, end: 520 };
  assert.equal(isShort({ first: 470, end: 550 }, seen, 1000), false);
  assert.equal(isShort({ first: 490, end: 570 }, seen, 1000), true);
  assert.equal(isShort({ first: 450, end: 525 }, seen, 1000), true);
  assert.equal(isShort({ first: 0, end: 20 }, { first: 0, end: 20 }, 20), false);
  assert.deepEqual(wantedRows(seen), { offset: 500 - ROWS_AROUND, lead: ROWS_AROUND, limit: 20 + 2 * ROWS_AROUND });
  assert.deepEqual(wantedRows({ first: 3, end: 9 }), { offset: 0, lead: 3, limit: 6 + 2 * ROWS_AROUND });
});

Deno.test("a row is scrolled to no further than needed", () => {
  assert.equal(scrollTo(5, 0, 260, 26), 0);
  assert.equal(scrollTo(10, 0, 260, 26), 26);
  assert.equal(scrollTo(2, 100, 260, 26), 52);
});

Deno.test("keys move within the table", () => {
  const size = { rows: 100, columns: 4, page: 9 };
  const go = (key: string, isFar = false) => moved(key, isFar, { row: 95, column: 0 }, size);
  assert.deepEqual(go("ArrowDown"), { row: 96, column: 0 });
  assert.deepEqual(go("PageDown"), { row: 99, column: 0 });
  assert.deepEqual(go("Home", true), { row: 0, column: 0 });
  assert.deepEqual(go("End"), { row: 95, column: 3 });
  assert.deepEqual(go("ArrowLeft"), { row: 95, column: 0 });
  assert.equal(go("q"), null);
});

Deno.test("the text of a cell says what its field would read", () => {
  const string = { name: "a", kinds: ["string"], optional: false, type: "v.string()" };
  assert.equal(cellText("12", string), "12");
  assert.equal(cellText("12", anyField("a")), '"12"');
  assert.equal(cellText("twelve", anyField("a")), "twelve");
  assert.equal(cellText("", string), "");
  assert.equal(cellText("", { ...string, optional: true }), '""');
  assert.equal(cellText('"a"', string), '"\\"a\\""');
  assert.equal(cellText(undefined, string), "");
  assert.equal(cellText({ $integer: "DAAAAAAAAAA=" }, { ...string, kinds: ["int64"] }), "12");
  assert.equal(cellText({ $integer: "DAAAAAAAAAA=" }, anyField("a")), "12n");
  assert.equal(cellText(1.5, anyField("a")), "1.5");
  assert.equal(fieldHint({ ...string, kinds: ["number"], optional: true }), "number, or nothing");
});
