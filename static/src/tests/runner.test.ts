import assert from "node:assert/strict";
import { type Draft, enteredValue, nameOf, pathInMessage } from "../runner/draft.ts";
import { pathAt } from "../runner/function_list.ts";
import type { FunctionMessage, Validator } from "../runner/messages.ts";
import { scalarText, summaryOf } from "../runner/result_tree.ts";

const object = (fields: Record<string, Validator>, optional: string[] = []): Validator => ({
  type: "object",
  value: Object.fromEntries(Object.entries(fields).map(([name, fieldType]) => [name, { fieldType, optional: optional.includes(name) }])),
});
const value = (validator: Validator, draft: Draft) => {
  const entered = enteredValue(validator, draft);
  assert.deepEqual(entered.errors, []);
  return entered.value;
};
const complaint = (validator: Validator, text: string) => enteredValue(validator, { text }, "field").errors.map(({ path }) => path);

Deno.test("numbers are what Convex takes, with NaN and the infinities", () => {
  const number: Validator = { type: "number" };
  assert.deepEqual(["3", " -0.5 ", "1e3", "Infinity", "-Infinity"].map((text) => value(number, { text })), [3, -0.5, 1000, Infinity, -Infinity]);
  assert.ok(Number.isNaN(value(number, { text: "NaN" })));
  assert.ok(Object.is(value(number, { text: "-0" }), -0));
  for (const text of ["", "three", "1,5", "1e999"]) assert.deepEqual(complaint(number, text), ["field"], text);
});

Deno.test("an int64 is whole and within its bounds", () => {
  const int64: Validator = { type: "bigint" };
  assert.equal(value(int64, { text: "9223372036854775807n" }), 2n ** 63n - 1n);
  assert.equal(value(int64, { text: "-9223372036854775808" }), -(2n ** 63n));
  for (const text of ["", "1.5", "9223372036854775808"]) assert.deepEqual(complaint(int64, text), ["field"], text);
});

Deno.test("bytes are base64, anything is JSON of a Convex value", () => {
  assert.deepEqual(new Uint8Array(value({ type: "bytes" }, { text: "AQID" }) as ArrayBuffer), new Uint8Array([1, 2, 3]));
  assert.deepEqual(complaint({ type: "bytes" }, "%"), ["field"]);
  assert.deepEqual(value({ type: "any" }, { text: '{"n": {"$integer": "AQAAAAAAAAA="}}' }), { n: 1n });
  for (const text of ["", "{", '{"$bad": 1}']) assert.deepEqual(complaint({ type: "any" }, text), ["field"], text);
});

Deno.test("optional fields are given by a switch, and each mistake is named by its path", () => {
  const validator = object({ name: { type: "string" }, bus: { type: "number" }, home: object({ floor: { type: "number" } }) }, ["bus"]);
  const draft: Draft = { fields: { name: { text: "Ada" }, bus: { text: "7" }, home: { fields: { floor: { text: "2" } } } } };
  assert.deepEqual(value(validator, draft), { name: "Ada", home: { floor: 2 } });
  draft.fields!.bus!.isGiven = true;
  assert.deepEqual(value(validator, draft), { name: "Ada", bus: 7, home: { floor: 2 } });
  draft.fields!.home!.fields!.floor!.text = "high";
  assert.deepEqual(enteredValue(validator, draft).errors.map(({ path }) => path), ["home.floor"]);
});

Deno.test("a union takes the member that was chosen; each keeps its own entry", () => {
  const union: Validator = { type: "union", value: [{ type: "literal", value: "open" }, { type: "number" }, { type: "null" }] };
  const draft: Draft = { fields: { "#1": { text: "4" } } };
  assert.deepEqual([0, 1, 2].map((choice) => value(union, { ...draft, choice })), ["open", 4, null]);
  assert.equal(nameOf(union), '"open" or number or null');
});

Deno.test("arrays and records are read in order; a key that is there twice is a mistake", () => {
  const strings: Validator = { type: "array", value: { type: "string" } };
  assert.deepEqual(value(strings, { items: [{ text: "a" }, { text: "b" }] }), ["a", "b"]);
  const record: Validator = { type: "record", keys: { type: "string" }, values: { fieldType: { type: "number" }, optional: false } };
  const items = [{ text: "1" }, { text: "2" }];
  assert.deepEqual(value(record, { keys: ["x", "y"], items }), { x: 1, y: 2 });
  assert.deepEqual(enteredValue(record, { keys: ["x", "x"], items }, "marks").errors.map(({ path }) => path), ["marks.1"]);
});

Deno.test("what was entered under a name outlives another validator", () => {
  const draft: Draft = { fields: { bus: { text: "12" } } };
  assert.deepEqual(value(object({ bus: { type: "string" } }), draft), { bus: "12" });
  assert.deepEqual(value(object({ name: { type: "string" } }), draft), { name: "" });
  assert.deepEqual(value(object({ bus: { type: "number" } }), draft), { bus: 12 });
});

Deno.test("Convex's own words say which argument is wrong", () => {
  assert.equal(pathInMessage("ArgumentValidationError: Value does not match validator.\nPath: .home.floor\nValue: 1"), "home.floor");
  assert.equal(pathInMessage("ArgumentValidationError: Object is missing the required field `name`. Consider …"), "name");
  assert.equal(pathInMessage("ArgumentValidationError: Value does not match validator."), null);
});

Deno.test("a place in the editor is a function by its file and its export", () => {
  const one = (path: string, file: string): FunctionMessage => ({ path, file, kind: "query", visibility: "public", args: null, returns: null, line: 1 });
  const functions = [one("a/b:list", "convex/a/b.ts"), one("c:default", "convex/c.ts")];
  assert.equal(pathAt(functions, { file: "convex/a/b.ts", name: "list" }), "a/b:list");
  assert.equal(pathAt(functions, { file: "convex/c.ts", name: "default" }), "c:default");
  assert.equal(pathAt(functions, { file: "convex/c.ts", name: "gone" }), null);
});

Deno.test("every type of Convex reads as it is written in TypeScript", () => {
  assert.deepEqual(["a\"b", 3n, -0, NaN, true, null].map(scalarText), ['"a\\"b"', "3n", "-0", "NaN", "true", "null"]);
  assert.equal(summaryOf([1, 2]), "[2 items]");
  assert.equal(summaryOf({ _id: "k", name: "Ada", tags: ["x"] }), '{name: "Ada", tags: [1], …}');
  assert.equal(summaryOf(new Uint8Array([1, 255]).buffer), "bytes(2) 01 ff");
});
