import assert from "node:assert/strict";
import { makeTypePack } from "../build/type_pack.mjs";
import { generateDeclarations, listModules } from "../worker/codegen.ts";
import { LearnerProject } from "../worker/learner_project.ts";
import type { TextEdit } from "../worker/protocol.ts";
import { applyEdits } from "../workspace/file_actions.ts";

const PACK = JSON.parse(makeTypePack(new URL("..", import.meta.url).pathname)) as Record<string, string>;

const SCHEMA = `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  signups: defineTable({ name: v.string(), bus: v.number() }).index("by_bus", ["bus"]),
});`;
const SIGNUPS = `import { query } from "./_generated/server";
export const list = query({
  args: {},
  handler: async (ctx) => await ctx.db.query("signups").withIndex("by_bus", (q) => q.gt("bus", 1)).collect(),
});`;
const APP = `import { useQuery } from "convex/react";
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { api } from "../convex/_generated/api";
export default function App() {
  const [text, setText] = useState("");
  const rows = useQuery(api.signups.list);
  void createRoot;
  return <input value={text} onChange={(event) => setText(event.target.value + (rows?.[0]?.bus.toFixed() ?? ""))} />;
}`;

function project(): LearnerProject {
  const made = new LearnerProject();
  made.setFile("convex/schema.ts", SCHEMA);
  made.setFile("convex/signups.ts", SIGNUPS);
  made.setFile("src/App.tsx", APP);
  made.loadTypes(PACK);
  return made;
}

const labels = (made: LearnerProject, file: string, text: string, after: string): string[] =>
  made.complete(file, text.indexOf(after) + after.length).entries.map(({ label }) => label);

Deno.test("a project without mistakes has no problems", () => {
  const made = project();
  assert.deepEqual(["convex/schema.ts", "convex/signups.ts", "src/App.tsx"].flatMap((file) => made.check(file)), []);
});

Deno.test("a change of the schema turns the other files red", () => {
  const made = project();
  made.setFile("convex/schema.ts", SCHEMA.replace("bus: v.number()", "seat: v.number()").replace('["bus"]', '["seat"]'));
  assert.match(made.check("convex/signups.ts")[0]?.message ?? "", /"bus"/);
  const [problem] = made.check("src/App.tsx");
  const column = (APP.split("\n")[8]?.indexOf("?.bus") ?? 0) + "?.".length + 1;
  assert.deepEqual([problem?.line, problem?.column, problem?.endColumn, problem?.code], [9, column, column + 3, 2339]);
});

Deno.test("below the first broken sentence only broken sentences are problems", () => {
  const made = project();
  const broken = APP.replace('useState("")', 'useState<number>("")').replace("<input", "<div").replace("void createRoot;", "void createRoot(;");
  made.setFile("src/App.tsx", broken);
  const problems = made.check("src/App.tsx");
  assert.ok(problems.some(({ line, code }) => line === 6 && code === 2345), "a type above it stands");
  assert.deepEqual(problems.filter(({ line, code = 0 }) => line > 6 && code >= 2000), []);
});

Deno.test("completion knows tables, indexes and functions", () => {
  const made = project();
  assert.ok(labels(made, "convex/signups.ts", SIGNUPS, 'query("').includes("signups"));
  assert.deepEqual(labels(made, "convex/signups.ts", SIGNUPS, 'withIndex("').sort(), ["by_bus", "by_creation_time", "by_id"]);
  assert.deepEqual(labels(made, "src/App.tsx", APP, "= useQuery(api."), ["signups"]);
});

Deno.test("the pack lets a project use the DOM that lessons need", () => {
  const made = new LearnerProject();
  made.setFile("src/App.tsx", 'document.querySelector("input")?.addEventListener("keydown", (e) => localStorage.setItem(e.key, String(performance.now())));');
  made.loadTypes(PACK);
  assert.deepEqual(made.check("src/App.tsx"), []);
});

Deno.test("modules are what codegen.md lists, in code unit order", () => {
  const files = ["schema.ts", "b.ts", "a/b-c.ts", "Z.tsx", "auth.config.ts", "_generated/api.ts", "x.test.ts", "notes.md", "a b.ts", "#a.ts"];
  const found = listModules(new Map([...files.map((file) => [`convex/${file}`, "export {}"] as const), ["src/App.tsx", "export {}"]]));
  assert.deepEqual(found, ["Z", "a/b-c", "b"]);
  assert.deepEqual(listModules(new Map([["convex/empty.ts", "// nothing yet"]])), []);
});

Deno.test("names that are taken get an underscore", () => {
  const api = generateDeclarations(new Map([["convex/api.ts", "export {}"], ["convex/a/delete.ts", "export {}"], ["convex/delete.ts", "export {}"]]));
  const text = api["convex/_generated/api.d.ts"] ?? "";
  for (const line of ["import type * as api_ from", "import type * as a_delete from", "import type * as delete_ from"]) assert.ok(text.includes(line));
});

Deno.test("without a schema any table may be named", () => {
  const made = new LearnerProject();
  made.setFile("convex/signups.ts", SIGNUPS.replace('.withIndex("by_bus", (q) => q.gt("bus", 1))', ""));
  made.loadTypes(PACK);
  assert.deepEqual(made.check("convex/signups.ts"), []);
});

Deno.test("the imports of a renamed file follow; the generated files are left alone", () => {
  const made = project();
  made.setFile("src/List.tsx", "export const rows = 1;");
  made.setFile("src/App.tsx", `${APP}\nimport { rows } from "./List";\nvoid rows;`);
  const [change, ...others] = made.renameFile("src/List.tsx", "src/parts/Rows.tsx");
  assert.deepEqual(others, []);
  assert.equal(change?.file, "src/App.tsx");
  assert.deepEqual(change?.edits.map(({ insert }) => insert), ["./parts/Rows"]);
});

Deno.test("calls by api follow a renamed file, also into a folder; what only looks like them stays", () => {
  const made = project();
  const app = 'import { api } from "../convex/_generated/api";\nconst other = { signups: { list: 1 } };\nvoid [api.signups.list, api.signups, other.signups.list];\n';
  made.setFile("src/App.tsx", app);
  const change = made.renameFile("convex/signups.ts", "convex/club/riders.ts").find(({ file }) => file === "src/App.tsx");
  assert.equal(
    applyEdits(app, change?.edits ?? []),
    app.replace("[api.signups.list, api.signups,", "[api.club.riders.list, api.club.riders,"),
  );
  assert.deepEqual(made.renameFile("src/App.tsx", "src/Main.tsx"), []);
});

Deno.test("a folder of the same name keeps its calls", () => {
  const made = project();
  const app = 'import { api } from "../convex/_generated/api";\nvoid [api.signups.list, api.signups.mail.send];\n';
  made.setFile("convex/signups/mail.ts", SIGNUPS.replaceAll("./_generated", "../_generated"));
  made.setFile("src/App.tsx", app);
  const change = made.renameFile("convex/signups.ts", "convex/riders.ts").find(({ file }) => file === "src/App.tsx");
  assert.equal(applyEdits(app, change?.edits ?? []), app.replace("api.signups.list", "api.riders.list"));
});

Deno.test("a removed file is missed by those who import it, and is new when it comes back", () => {
  const made = project();
  made.removeFile("convex/signups.ts");
  assert.match(made.check("src/App.tsx")[0]?.message ?? "", /signups/);
  assert.deepEqual(made.check("convex/signups.ts"), []);
  made.setFile("convex/signups.ts", SIGNUPS.replace("list", "all"));
  assert.match(made.check("src/App.tsx")[0]?.message ?? "", /'list'/);
});

const edited = (text: string, edits: readonly TextEdit[]): string => applyEdits(text, edits);

Deno.test("the formatter and the order of imports are TypeScript's own", () => {
  const made = project();
  const text = 'import { z, a } from "./b"\nexport const n=[z,a]';
  made.setFile("src/b.ts", "export const a = 1, z = 2, unused = 3;");
  made.setFile("src/c.ts", text);
  assert.equal(edited(text, made.tools().format("src/c.ts")), 'import { z, a } from "./b";\nexport const n = [z, a];');
  assert.match(edited(text, made.tools().organizeImports("src/c.ts")), /\{ a, z \}/);
});

Deno.test("a fix for a missing import changes the learner's files only", () => {
  const made = project();
  const text = "export const n = helper;";
  made.setFile("src/b.ts", "export const helper = 1;");
  made.setFile("src/c.ts", text);
  const [problem] = made.check("src/c.ts");
  const [fix] = made.tools().fixes("src/c.ts", 17, 23, [problem?.code ?? 0]);
  assert.match(fix?.title ?? "", /import/i);
  assert.match(edited(text, fix?.changes[0]?.edits ?? []), /import \{ helper \} from "\.\/b";/);
});

Deno.test("a definition leads into the project, the generated files and Convex's types", () => {
  const made = project();
  const at = (words: string): number => SIGNUPS.indexOf(words) + 1;
  const own = made.tools().definition("src/App.tsx", APP.indexOf("signups.list") + "signups.".length + 1);
  assert.deepEqual([own?.file, own?.text], ["convex/signups.ts", undefined]);
  const generated = made.tools().definition("convex/signups.ts", at("query({"));
  assert.match(generated?.file ?? "", /_generated\/server\.d\.ts$/);
  assert.match(generated?.text?.slice(generated.position) ?? "", /^query/);
  const library = made.tools().definition("convex/signups.ts", at("withIndex"));
  assert.match(library?.file ?? "", /node_modules\/convex\//);
  assert.match(made.tools().hover("convex/signups.ts", at("list"))?.text ?? "", /const list/);
  assert.equal(made.tools().definition("convex/signups.ts", SIGNUPS.indexOf("{}") + 1), null);
});
