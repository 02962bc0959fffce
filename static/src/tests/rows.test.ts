import assert from "node:assert/strict";
import { columnsOf } from "../workspace/columns.ts";
import type { Document, ReadMessage, RunMessage } from "../workspace/messages.ts";
import { isInRange } from "../workspace/read_range.ts";
import { changedFields, changesOf, diffRows, isArchived } from "../workspace/row_changes.ts";
import { clampSize, PANELS, parseSize } from "../workspace/sizes.ts";

const row = (id: string, fields: Document = {}): Document => ({ _id: id, ...fields });
const shown = (...rows: Document[]) => new Map(rows.map((document) => [String(document._id), { row: document }]));

Deno.test("rows that stay keep their element, in the new order", () => {
  const before = shown(row("a"), row("b", { bus: 1 }), row("c"));
  const { rows, removed } = diffRows(before, [row("c"), row("b", { bus: 2 }), row("d")]);
  assert.deepEqual(rows.map(({ id, isSame }) => [id, isSame]), [["c", true], ["b", false], ["d", false]]);
  assert.equal(rows[0]?.kept, before.get("c"));
  assert.equal(rows[2]?.kept, undefined);
  assert.deepEqual(removed, [before.get("a")]);
});

Deno.test("fields that came, went or differ are changed, others are not", () => {
  assert.deepEqual([...changedFields(row("a", { x: 1, y: 1, z: [1] }), row("a", { y: 2, z: [1], w: 0 }))].sort(), ["w", "x", "y"]);
  assert.deepEqual([...changedFields(null, row("a"))], ["_id"]);
});

Deno.test("only a committed mutation of this table marks rows", () => {
  const write = { table: "signups", id: "a", before: row("a"), after: row("a", { archivedAt: 5 }) };
  const run = { kind: "mutation", commit_ts: "7", writer: "bob", writes: [write, { ...write, table: "other" }] } as unknown as RunMessage;
  const changes = changesOf(run, "signups");
  assert.deepEqual([...(changes?.rows.get("a")?.fields ?? [])], ["archivedAt"]);
  assert.equal(changes?.writer, "bob");
  assert.equal(changesOf({ ...run, commit_ts: null }, "signups"), null);
  assert.equal(changesOf({ ...run, writes: [] }, "signups"), null);
});

Deno.test("a removed row has nothing left to mark", () => {
  const run = { kind: "mutation", commit_ts: "7", writer: "bob", writes: [{ table: "t", id: "a", before: row("a"), after: null }] };
  assert.equal(changesOf(run as unknown as RunMessage, "t")?.rows.size, 0);
});

Deno.test("a row with a time of removal is archived", () => {
  assert.equal(isArchived(row("a", { archivedAt: 1 })), true);
  assert.equal(isArchived(row("a", { archivedAt: undefined })), false);
});

Deno.test("columns start with the id and end with the creation time", () => {
  const rows = [row("a", { ownerId: "x", name: "N", bus: 1, archivedAt: 3 })];
  const columns = columnsOf(["_id", "ownerId", "name", "bus", "archivedAt", "_creationTime"], rows);
  assert.deepEqual(columns.map(({ kind }) => kind), ["id", "owner", "text", "number", "time", "creation"]);
});

Deno.test("a row is in a range when every bound holds", () => {
  const read = (...range: unknown[]) => ({ range }) as unknown as ReadMessage;
  const alice = { type: "Eq", fieldPath: "ownerId", value: "alice" };
  assert.equal(isInRange(row("a", { ownerId: "alice" }), read(alice)), true);
  assert.equal(isInRange(row("a", { ownerId: "bob" }), read(alice)), false);
  assert.equal(isInRange(row("a", { ownerId: "alice", bus: 2 }), read(alice, { type: "Gt", fieldPath: "bus", value: 2 })), false);
  assert.equal(isInRange(row("a", { place: { bus: 2 } }), read({ type: "Lte", fieldPath: "place.bus", value: 2 })), true);
  assert.equal(isInRange(row("a"), read({ type: "Eq", fieldPath: "archivedAt", value: { $undefined: null } })), true);
  assert.equal(isInRange(row("a"), read()), true);
});

Deno.test("a remembered size is taken when it is one, within bounds", () => {
  assert.deepEqual(parseSize(PANELS.lesson, null), { px: 368, folded: false });
  assert.deepEqual(parseSize(PANELS.lesson, "400 folded"), { px: 400, folded: true });
  assert.deepEqual(parseSize(PANELS.lesson, "garbage"), { px: 368, folded: false });
  assert.equal(clampSize(PANELS.dock, 1e9), PANELS.dock.maxPx);
  assert.equal(clampSize(PANELS.dock, -5), PANELS.dock.minPx);
});
