import assert from "node:assert/strict";
import { sumUp } from "../workspace/comparison_view.ts";
import type { ReadMessage } from "../workspace/messages.ts";
import { scanAdvice } from "../workspace/scan_advice.ts";
import { wakeReason } from "../workspace/wake_reason.ts";
import { timeAxis } from "../workspace/time_axis.ts";
import { describeCell, describeRead, describeUnawaited, describeWrites, documentName, formatMs, functionName, shortId } from "../workspace/wording.ts";

function read(change: Partial<ReadMessage> = {}): ReadMessage {
  return { table: "signups", index: "by_owner", range: [], order: "asc", documents: 3, bytes: 9, store_ms: 0.1, plan: "by_owner · alice", filtered_by: [], ...change };
}

const write = (before: object | null, after: object | null) =>
  ({ table: "signups", id: "k1", before: before as Record<string, unknown> | null, after: after as Record<string, unknown> | null });

Deno.test("times keep three figures at most", () => {
  assert.deepEqual([0.034, 0.25, 0.5, 1.24, 33.44, 214.4, 1234.5].map(formatMs), ["0.034", "0.25", "0.5", "1.2", "33.4", "214", "1,235"]);
});

Deno.test("a read is said as its plan and its cost", () => {
  assert.equal(describeRead(read()), "by_owner · alice · 3 read");
  assert.equal(describeRead(read({ index: null, plan: "full table scan", documents: 10431 })), "full scan · 10,431 read");
});

Deno.test("what was not awaited is named once, with its count", () => {
  assert.equal(describeUnawaited([]), null);
  assert.equal(describeUnawaited(["db.insert", "db.patch", "db.insert"]), "await is missing: db.insert ×2, db.patch");
});

Deno.test("advice names an index that is there, or the line that declares one", () => {
  const table = { name: "signups", count: 1, indexes: [{ name: "by_creation_time", fields: [] }, { name: "by_owner", fields: ["ownerId", "_creationTime"] }] };
  const words = (filteredBy: string[], of: typeof table | undefined = table) => scanAdvice(of, { filtered_by: filteredBy }).words;
  assert.equal(words([]), "use index by_owner");
  assert.equal(words(["ownerId", "bus"]), "use index by_owner");
  assert.equal(words(["bus"]), "add index by_bus");
  assert.equal(words([], { ...table, indexes: [] }), "add an index");
  assert.equal(words(["a.b"], undefined), "add index by_a_b");
  assert.deepEqual(scanAdvice(table, { filtered_by: ["bus"] }), {
    words: "add index by_bus", declaration: '.index("by_bus", ["bus"])', reading: '.withIndex("by_bus", (q) => q.eq("bus", …))',
  });
});

Deno.test("a woken query says what of it the commit reached", () => {
  const tables = new Set(["signups"]);
  assert.equal(wakeReason([read()], tables), "the row is in its range");
  assert.equal(wakeReason([read(), read({ index: null })], tables), "it reads every row");
  assert.equal(wakeReason([read({ index: "by_id" })], tables), "it reads this row");
  assert.equal(wakeReason([read({ index: null, table: "other" }), read()], tables), "the row is in its range");
});

Deno.test("writes are counted by what they did, one row goes by its name", () => {
  const ada = { _id: "k1", name: "Ada" };
  assert.deepEqual(describeWrites([write(null, ada)]), { text: "1 row added", name: "Ada" });
  assert.deepEqual(describeWrites([write(ada, null)]), { text: "1 row removed", name: "Ada" });
  assert.deepEqual(describeWrites([write(ada, { ...ada, bus: 2 }), write(ada, ada)]), { text: "2 rows changed", name: null });
  assert.deepEqual(describeWrites([write(null, ada), write(ada, null)]), { text: "2 rows written", name: null });
  assert.deepEqual(describeWrites([]), { text: "nothing changed", name: null });
});

Deno.test("a document goes by its name, its first text, or its id", () => {
  assert.equal(documentName({ _id: "k57q1234", ownerId: "alice", name: "Minh Anh" }), "Minh Anh");
  assert.equal(documentName({ _id: "k57q1234", ownerId: "alice", city: "Oslo" }), "Oslo");
  assert.equal(documentName({ _id: "k57q1234", ownerId: "alice" }), "k57q…");
});

Deno.test("cells read as people read them", () => {
  assert.equal(describeCell("archivedAt", undefined).text, "none");
  assert.equal(describeCell("_id", "k57q1234").text, "k57q…");
  assert.equal(describeCell("bus", 1).text, "1");
  assert.equal(describeCell("archivedAt", 1_700_000_000_000).kind, "time");
  assert.equal(describeCell("seats", 1_700_000_000_000).kind, "number");
  assert.equal(describeCell("big", { $integer: "AQAAAAAAAAA=" }).text, "1n");
  assert.equal(describeCell("tags", ["a"]).text, '["a"]');
});

Deno.test("names are short", () => {
  assert.equal(functionName("signups:listActive"), "listActive");
  assert.equal(functionName("signups:default"), "signups");
  assert.equal(shortId("k57"), "k57");
});

Deno.test("the axis is the smallest round scale that holds the longest run", () => {
  assert.deepEqual(timeAxis(0), { endMs: 4, ticksMs: [0, 1, 2, 3, 4] });
  assert.equal(timeAxis(33.4).endMs, 40);
  assert.equal(timeAxis(41).endMs, 80);
  assert.deepEqual(timeAxis(1234).ticksMs, [0, 1000, 2000], "wide numbers need room");
  for (const longest of [0.1, 4, 4.1, 99, 1234, 65_000]) assert.ok(timeAxis(longest).endMs >= longest);
});

Deno.test("a comparison is summed up by who was faster, and by how much", () => {
  const compared = { run: "r", read: 0, index_ms: 0.1, scan_ms: 30, index_documents: 3, scan_documents: 10_000, rows: 3, same: true };
  assert.match(sumUp(compared), /same result both ways, 3 rows\. The index was 300 times as fast/);
  assert.match(sumUp({ ...compared, scan_ms: 0.11 }), /about as long/);
  assert.match(sumUp({ ...compared, scan_ms: 0.01 }), /scan is faster/);
  assert.match(sumUp({ ...compared, same: false }), /differ/);
});
