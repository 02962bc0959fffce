import assert from "node:assert/strict";
import { type Casting, choicesFor, type Role, stillOpen } from "../demos/roles_model.ts";

const CREATE: Role = { name: "create", kind: "mutation", task: 1 };
const LIST: Role = { name: "list", kind: "query", task: 1 };
const casting = (change: Partial<Casting> = {}): Casting => ({
  roles: [CREATE, LIST],
  functions: [
    { path: "notes:mine", kind: "query", visibility: "public" },
    { path: "notes:hide", kind: "mutation", visibility: "public" },
    { path: "notes:add", kind: "mutation", visibility: "public" },
    { path: "notes:batch", kind: "mutation", visibility: "internal" },
  ],
  chosen: {},
  guessed: {},
  ...change,
});

Deno.test("a role is offered public functions of its kind, in order", () => {
  assert.deepEqual(choicesFor(CREATE, casting()), ["notes:add", "notes:hide"]);
});

Deno.test("a function that plays another role is not offered, its own role keeps it", () => {
  const chosen = { create: "notes:add", archive: "notes:hide" };
  assert.deepEqual(choicesFor(CREATE, casting({ chosen })), ["notes:add"]);
});

Deno.test("what is open is said in a sentence", () => {
  assert.equal(stillOpen(casting()), "Still to be chosen: create and list.");
  assert.equal(stillOpen(casting({ guessed: { create: "notes:add" } })), "Still to be chosen: list.");
  assert.equal(stillOpen(casting({ chosen: { create: "notes:add", list: "notes:mine" } })), "Every role is played.");
  assert.match(stillOpen(casting({ functions: [] })), /No function is live yet/);
});
