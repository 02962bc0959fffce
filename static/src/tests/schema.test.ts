import assert from "node:assert/strict";
import { makeTypePack } from "../build/type_pack.mjs";
import { chainOf } from "../schema/chain.ts";
import type { Rehearsal, RehearsedTable } from "../schema/messages.ts";
import { migrationsOf, typeOf } from "../schema/migration.ts";
import { LearnerProject } from "../worker/learner_project.ts";
import type { Problem } from "../workspace/messages.ts";

const PACK = JSON.parse(makeTypePack(new URL("..", import.meta.url).pathname)) as Record<string, string>;
const STARTER = new URL("../../../lessons/content/09-trash-can/starter/", import.meta.url);
const read = (file: string): string => Deno.readTextFileSync(new URL(file, STARTER));

const made = new LearnerProject();
for (const file of ["convex/schema.ts", "convex/signups.ts", "src/App.tsx"]) made.setFile(file, read(file));
made.loadTypes(PACK);

function problems(): Problem[] {
  return ["convex/schema.ts", "convex/signups.ts", "src/App.tsx"].flatMap((file) => made.check(file));
}

const table = (change: Partial<RehearsedTable>): RehearsedTable =>
  ({ name: "signups", rows: 6, checked: 6, mismatched: 0, fields: [{ name: "fullName", type: "v.string()", optional: false }, { name: "bus", type: "v.string()", optional: false }], faults: [], ...change });
const rehearsal = (one: RehearsedTable): Rehearsal => ({ revision: 2, validated: true, cut: false, problems: [], tables: [one], rows: [] });

Deno.test("the chain goes from a field through functions to components", () => {
  const { tables, functions, brokenUses } = chainOf(made.uses(), problems(), null);
  const name = tables[0]?.fields.find((field) => field.name === "name");
  assert.deepEqual([name?.type, name?.functions.map(({ line }) => line), name?.components.map(({ file }) => file)], ["v.string()", [18], ["src/App.tsx"]]);
  assert.deepEqual(functions.map(({ path, kind, components }) => [path, kind, components.length]), [
    ["signups:listActive", "query", 1],
    ["signups:create", "mutation", 1],
    ["signups:remove", "mutation", 1],
  ]);
  assert.equal(brokenUses, 0);
});

Deno.test("a renamed field breaks its uses, and the rows that still have it", () => {
  made.setFile("convex/schema.ts", read("convex/schema.ts").replace("name:", "fullName:"));
  const faults: RehearsedTable["faults"] = [{ field: "fullName", fault: "missing", rows: 6 }, { field: "name", fault: "extra", rows: 6 }];
  const chain = chainOf(made.uses(), problems(), rehearsal(table({ mismatched: 6, faults })));
  const old = chain.tables[0]?.fields.find((field) => field.name === "name");
  assert.equal(old?.type, null);
  assert.ok([...(old?.functions ?? []), ...(old?.components ?? [])].every(({ broken }) => broken !== null));
  assert.deepEqual([chain.brokenUses, chain.brokenRows], [2, 6]);
  made.setFile("convex/schema.ts", read("convex/schema.ts"));
});

Deno.test("code that fits is not broken: system fields, and what a rest pattern gathers", () => {
  const solution = new URL("../../../lessons/content/09-trash-can/solutions/1/right-2-compound-index/", import.meta.url);
  const solved = (file: string): string => Deno.readTextFileSync(new URL(file, solution));
  for (const file of ["convex/schema.ts", "convex/signups.ts", "src/App.tsx"]) made.setFile(file, solved(file));
  const { tables, brokenUses } = chainOf(made.uses(), problems(), null);
  assert.deepEqual(tables.flatMap(({ fields }) => fields.map(({ name }) => name)).filter((name) => name.startsWith("_")), []);
  assert.equal(brokenUses, 0);
  for (const file of ["convex/schema.ts", "convex/signups.ts", "src/App.tsx"]) made.setFile(file, read(file));
});

Deno.test("a function that nobody exports breaks the components that call it", () => {
  made.setFile("convex/signups.ts", read("convex/signups.ts").replace("const remove", "const discard"));
  const { functions } = chainOf(made.uses(), problems(), null);
  const gone = functions.find(({ path }) => path === "signups:remove");
  assert.deepEqual([gone?.kind, gone?.components.length], [null, 1]);
  assert.match(gone?.components[0]?.broken ?? "", /signups\.remove/);
  made.setFile("convex/signups.ts", read("convex/signups.ts"));
});

Deno.test("a field that is missing where another is left over is a rename", () => {
  const faults: RehearsedTable["faults"] = [{ field: "fullName", fault: "missing", rows: 6 }, { field: "name", fault: "extra", rows: 6 }];
  const rows = [{ table: "signups", id: "k1", field: "name", fault: "extra" as const, value: '"Ada"' }];
  const [only, ...others] = migrationsOf(table({ faults }), rows);
  assert.deepEqual([only?.fields, others], [["name", "fullName"], []]);
  assert.deepEqual(only?.steps.map(({ name }) => name), ["Widen", "Back-fill", "Narrow"]);
  assert.equal(only?.steps[0]?.code, "name: v.optional(v.string()),\nfullName: v.optional(v.string()),");
  assert.match(only?.steps[1]?.code ?? "", /\{ fullName: row\.name, name: undefined \}/);
});

Deno.test("another type is accepted beside the old one, then converted", () => {
  const rows = [{ table: "signups", id: "k1", field: "bus", fault: "type" as const, value: "2.0" }];
  const [only] = migrationsOf(table({ faults: [{ field: "bus", fault: "type", rows: 1 }] }), rows);
  assert.equal(only?.steps[0]?.code, "bus: v.union(v.string(), v.number()),");
  assert.match(only?.steps[1]?.code ?? "", /typeof row\.bus === "number"\) await ctx\.db\.patch\(row\._id, \{ bus: String\(row\.bus\) \}\)/);
  assert.equal(only?.title, "1 row of signups holds a `bus` that is not v.string().");
});

Deno.test("the validator of a stored value is read from how it is shown", () => {
  assert.deepEqual(['"a"', "1.0", "3", "true", "null", "{}", null].map(typeOf), ["v.string()", "v.number()", "v.int64()", "v.boolean()", "v.null()", "v.any()", "v.any()"]);
});
