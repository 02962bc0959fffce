import assert from "node:assert/strict";
import { applyEdits } from "../variants/edits.ts";
import { renameLocals } from "../variants/rename_locals.ts";
import { VARIANTS, variantsOf } from "../variants/vary.ts";

const SCHEMA = `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ trips: defineTable({ seats: v.number(), day: v.string() }).index("by_seats", ["seats"]).index("by_day", ["day"]) });
`;
const MODULE = `import { v } from "convex/values";
import { mutation, query } from "./_generated/server";
const seats = v.number();
export const list = query({
  args: {},
  handler: async (ctx) => {
    const rows = await ctx.db.query("trips").collect();
    return rows.map(({ seats, _id }) => ({ seats, id: _id }));
  },
});
export const put = mutation({ args: { seats, by: v.string() }, handler: async (ctx, { seats: count }) => save(ctx, count) });
async function save(ctx: any, seats: number) {
  return await ctx.db.insert("trips", { seats });
}
`;
const FILES = { "convex/schema.ts": SCHEMA, "convex/m.ts": MODULE, "src/App.tsx": "const rows = 1;\n" };

const changed = (name: string, file = "convex/m.ts"): string => VARIANTS[name]!(FILES, {})[file as keyof typeof FILES] ?? "";

Deno.test("locals get other names, properties and exports keep theirs", () => {
  const text = renameLocals(MODULE);
  assert.match(text, /rowsRenamed\.map\(\(\{ seats: seatsRenamed, _id: _idRenamed \}\) => \(\{ seats: seatsRenamed, id: _idRenamed \}\)\)/);
  assert.match(text, /async function saveRenamed\(ctxRenamed: any, seatsRenamed: number\)/);
  assert.match(text, /insert\("trips", \{ seats: seatsRenamed \}\)/);
  assert.match(text, /export const list = query/);
  assert.match(text, /args: \{ seats, by: v\.string\(\) \}/);
});

Deno.test("collect becomes a loop", () => {
  assert.match(changed("for-await"), /const rows = await gatherRows\(ctx\.db\.query\("trips"\)\);/);
  assert.match(changed("for-await"), /for await \(const row of rows\)/);
});

Deno.test("handlers become functions of the module", () => {
  const text = changed("extracted-functions");
  assert.match(text, /handler: async \(a0, a1\) => await handle2\(a0, a1\)/);
  assert.match(text, /async function handle2\(ctx: import\("\.\/_generated\/server"\)\.MutationCtx, \{ seats: count \}: any\) \{\n {2}return save\(ctx, count\);\n\}/);
});

Deno.test("functions stand in another order, constants before them", () => {
  const text = changed("reordered-helpers");
  assert.ok(text.indexOf("export const put") < text.indexOf("export const list"));
  assert.ok(text.indexOf("const seats") < text.indexOf("export const put"));
});

Deno.test("arguments get other names where they can be followed", () => {
  const text = changed("renamed-arguments");
  assert.match(text, /args: \{ seatsGiven: seats, byGiven: v\.string\(\) \}, handler: async \(ctx, \{ seatsGiven: count \}\)/);
  const whole = { "convex/m.ts": "export const a = query({ args: { id: v.any() }, handler: async (ctx, args) => [args.id, ctx.args] });\n" };
  assert.match(VARIANTS["renamed-arguments"]!(whole, {})["convex/m.ts"] ?? "", /args: \{ idGiven: v\.any\(\) \}.*\[args\.idGiven, ctx\.args\]/);
  const passedOn = { "convex/m.ts": "export const a = mutation({ args: { id: v.any() }, handler: (ctx, args) => save(ctx, args) });\n" };
  assert.deepEqual(VARIANTS["renamed-arguments"]!(passedOn, {}), passedOn);
});

Deno.test("a validator's name that means something else as well stays", () => {
  assert.equal(changed("inline-validators"), MODULE);
  const clear = { "convex/m.ts": 'const bus = v.number();\nexport const a = query({ args: { bus }, handler: async () => bus });\n' };
  assert.equal(VARIANTS["inline-validators"]!(clear, {})["convex/m.ts"], "\nexport const a = query({ args: { bus: v.number() }, handler: async () => v.number() });\n");
});

Deno.test("the schema may hold more", () => {
  assert.match(changed("extra-index", "convex/schema.ts"), /\.string\(\) \}\)\.index\("by_variant", \["seats","day"\]\)\.index\("by_seats"/);
  assert.match(changed("extra-field", "convex/schema.ts"), /defineTable\(\{ variantNote: v\.optional\(v\.string\(\)\), /);
});

Deno.test("what would change nothing, or is not wanted, is left out", () => {
  const made = variantsOf(FILES, {}, ["extra-index"]);
  assert.deepEqual(Object.keys(made), ["renamed-locals", "reordered-helpers", "for-await", "extracted-functions", "renamed-arguments", "extra-field", "combined"]);
  assert.equal(made.combined?.["src/App.tsx"], FILES["src/App.tsx"]);
  assert.doesNotMatch(made.combined?.["convex/schema.ts"] ?? "", /by_variant/);
  assert.deepEqual(variantsOf({ "src/App.tsx": "" }), {});
});

Deno.test("edits that meet are refused", () => {
  assert.equal(applyEdits("abc", [{ start: 1, end: 2, text: "x" }, { start: 0, end: 0, text: "y" }]), "yaxc");
  assert.throws(() => applyEdits("abc", [{ start: 0, end: 2, text: "" }, { start: 1, end: 3, text: "" }]), /two edits meet/);
});
