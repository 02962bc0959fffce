import assert from "node:assert/strict";
import { counted, newsWords, outcomeWords, plannedWords, type PracticeCall, type PracticeState, timeWords } from "../practice/practice_model.ts";

const call = (change: Partial<PracticeCall>): PracticeCall => ({
  id: 1,
  at_ms: 0,
  method: "POST",
  path: "/charges",
  key: "seat-7",
  status: 201,
  outcome: "done",
  function: "errands:pay",
  run_id: "a1b2c3",
  asked: "",
  answered: "",
  ...change,
});

const state = (change: Partial<PracticeState>): PracticeState => ({
  call_count: 0,
  calls: [],
  charge_count: 0,
  charged: 0,
  charges: [],
  mail_count: 0,
  mails: [],
  settings: { fail_percent: 0, latency_ms: 0, fail_next: 0, lose_next: 0 },
  ...change,
});

Deno.test("every outcome has a word and a tone of its own kind", () => {
  assert.deepEqual(outcomeWords(call({})), { words: "201 · done", tone: "ok", icon: "tick" });
  assert.equal(outcomeWords(call({ outcome: "replayed", status: 200 })).words, "200 · known key, nothing new");
  assert.equal(outcomeWords(call({ outcome: "failed", status: 503 })).tone, "bad");
  assert.equal(outcomeWords(call({ outcome: "refused", status: 400 })).words, "400 · refused");
  assert.deepEqual(outcomeWords(call({ outcome: "lost", status: null })), { words: "done, the answer got lost", tone: "warn", icon: "warn" });
});

Deno.test("a screen reader hears the newest call, or how many there were", () => {
  const before = state({ call_count: 1, calls: [call({})], charge_count: 1 });
  assert.equal(newsWords(undefined, before), "");
  assert.equal(newsWords(before, before), "");
  const one = state({ call_count: 2, calls: [call({ outcome: "failed", status: 503 }), call({})], charge_count: 1 });
  assert.equal(newsWords(before, one), "POST /charges: 503 · nothing was done. 1 receipt.");
  assert.equal(newsWords(before, state({ call_count: 5, calls: [call({})], charge_count: 3 })), "4 more calls. 3 receipts.");
  assert.equal(newsWords(before, state({})), "");
});

Deno.test("what is planned for the next calls is said, and nothing else", () => {
  const none = state({}).settings;
  assert.equal(plannedWords(none), "");
  assert.equal(plannedWords({ ...none, lose_next: 1 }), "The next answer gets lost.");
  assert.equal(plannedWords({ ...none, fail_next: 2 }), "The next 2 calls fail before anything is done.");
});

Deno.test("times show milliseconds, numbers their noun", () => {
  assert.equal(timeWords(new Date(2026, 2, 4, 9, 5, 7, 12).getTime()), "09:05:07.012");
  assert.equal(counted(1, "receipt"), "1 receipt");
  assert.equal(counted(0, "receipt"), "0 receipts");
});
