import assert from "node:assert/strict";
import { tapeLine } from "../demos/phone_model.ts";

const screens = (...figures: number[]) => figures.map((celsius, at) => ({ name: `Screen ${at}`, celsius }));

Deno.test("the tape says whose copy it is", () => {
  assert.match(tapeLine({ type: "copy", own: true, revision: 7 }, 0), /your revision 7/);
  assert.match(tapeLine({ type: "copy", own: false, revision: 7 }, 0), /the lesson’s start/);
});

Deno.test("rings are counted since the last line, calls and cents in all", () => {
  const first = tapeLine({ type: "ring", booking: 0, calls: 3, cents: 15, screens: screens(20, 20, 20) }, 0);
  assert.equal(first, "Three screens subscribe: the phone rings 3 times. 3 calls, 15 cents.");
  const once = tapeLine({ type: "ring", booking: 2, calls: 4, cents: 20, screens: screens(20) }, 3);
  assert.equal(once, "Seat 2 is booked: the phone rings once. 4 calls, 20 cents.");
});

Deno.test("screens that disagree about one city are named", () => {
  const line = tapeLine({ type: "ring", booking: 1, calls: 6, cents: 30, screens: screens(20, 21, 20) }, 3);
  assert.match(line, /The screens show 20 °C, 21 °C, 20 °C for one city\.$/);
});

Deno.test("receipts beside seats, and the refusal", () => {
  assert.equal(tapeLine({ type: "paid", payments: 2, runs: 3, receipts: 3 }, 18), "Two payments meet in a mutation that fetches: it ran 3 times. 2 seats, 3 receipts.");
  assert.equal(tapeLine({ type: "refused", message: "no", calls: 0 }, 18), "The real runtime, asked for the same query: 0 calls.");
});
