import assert from "node:assert/strict";
import { aheadWords, binnedWords, type ClockEvent, dateWords, eventWords, plannedWords, tapeLines } from "../demos/clock_model.ts";

const DAY = 86_400_000;
const noon = Date.UTC(2026, 2, 4, 12);
const event = (change: Partial<ClockEvent>): ClockEvent => ({ at_ms: noon, path: "retention:purge", cause: "cron", writes: 0, gone: [], error: null, ...change });

Deno.test("the clock says its date and how far it is ahead", () => {
  assert.equal(dateWords(noon), "Wed, 4 March 2026");
  assert.deepEqual([0, DAY / 3, DAY, 30 * DAY].map(aheadWords), ["the real time", "less than a day ahead", "1 day ahead", "30 days ahead"]);
});

Deno.test("a row in the bin says since when", () => {
  assert.equal(binnedWords({ name: "Ana", since_ms: noon }, noon + 1_000), "Ana · since today");
  assert.equal(binnedWords({ name: "Ana", since_ms: noon }, noon + DAY), "Ana · for a day");
  assert.equal(binnedWords({ name: "Ana", since_ms: noon }, noon + 29.9 * DAY), "Ana · for 29 days");
  assert.equal(binnedWords({ name: "Ana", since_ms: null }, noon), "Ana");
});

Deno.test("the next run is named with its time", () => {
  assert.equal(plannedWords([], noon), "Nothing is planned: there is no cron job.");
  const at = (ms: number) => [{ name: "purge", kind: "cron" as const, at_ms: noon + ms }];
  assert.deepEqual([1, 5 * 3_600_000, 10 * DAY].map((ms) => plannedWords(at(ms), noon)), ["Next: purge, within the hour.", "Next: purge, in 5 h.", "Next: purge, in 10 days."]);
});

Deno.test("what ran is told; idle runs of a month are one line", () => {
  assert.equal(eventWords(event({ writes: 2, gone: ["Ana", "Bo"] })), "Wed, 4 March 2026: retention:purge deleted Ana, Bo.");
  assert.equal(eventWords(event({ writes: 1 })), "Wed, 4 March 2026: retention:purge ran and changed 1 row.");
  assert.match(eventWords(event({ error: "Uncaught Error: no" })), /failed\. Uncaught Error: no$/);
  assert.deepEqual(tapeLines([event({}), event({}), event({ writes: 1, gone: ["Ana"] })]), ["Wed, 4 March 2026: retention:purge deleted Ana.", "2 runs changed nothing."]);
  assert.deepEqual(tapeLines([]), []);
});
