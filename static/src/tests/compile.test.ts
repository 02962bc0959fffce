import assert from "node:assert/strict";
import { originalPlace } from "../source_map.ts";
import { compileSources } from "../worker/compile.ts";

function compile(text: string, others: Record<string, string> = {}): string {
  const { files, problems } = compileSources({ "src/App.tsx": text, ...others });
  assert.deepEqual(problems, []);
  return files["src/App.js"] ?? assert.fail("nothing compiled");
}

/** Runs a module of ours; it imports nothing. */
async function load(module: string): Promise<Record<string, (...args: unknown[]) => unknown>> {
  return await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(module)}`);
}

function placeOf(module: string, text: string): ReturnType<typeof originalPlace> {
  const before = module.slice(0, module.indexOf(text)).split("\n");
  return originalPlace(module, before.length, (before.at(-1)?.length ?? 0) + 1);
}

Deno.test("only src is compiled", () => {
  const { files } = compileSources({ "convex/schema.ts": "export {}", "src/App.tsx": "", "src/x.d.ts": "", "src/a/b.ts": "" });
  assert.deepEqual(Object.keys(files), ["src/App.js", "src/a/b.js"]);
});

Deno.test("relative imports get what a browser needs, types and package names stay out of it", () => {
  const module = compile(`
    import { useQuery } from "convex/react";
    import { api } from "../convex/_generated/api";
    import type { Doc } from "../convex/_generated/dataModel";
    export * from "./List.tsx";
    export const f = (row: Doc<"x">) => [useQuery, api, row, import("./later")];`, { "src/List.tsx": "", "src/later.ts": "" });
  assert.deepEqual(module.match(/"[^"]+"/g), ['"convex/react"', '"../convex/_generated/api.js"', '"./List.js"', '"./later.js"']);
});

Deno.test("an import that no file answers is told with its place and gives no module: a pane could not load it", () => {
  const texts = { "src/App.tsx": 'import "./parts/Row";', "src/parts/Row.tsx": 'import "../App";\nexport * from "./gone";' };
  const { files, problems } = compileSources(texts);
  assert.deepEqual(Object.keys(files), ["src/App.js"]);
  assert.deepEqual(problems.map(({ file, line, column }) => [file, line, column]), [["src/parts/Row.tsx", 2, 15]]);
  assert.match(problems[0]?.message ?? "", /"\.\/gone"/);
});

Deno.test("JSX becomes calls of the runtime in the import map", () => {
  assert.match(compile("export default () => <p>hi</p>;"), /from "react\/jsx-runtime"/);
});

Deno.test("a syntax error is told with its place and gives no module", () => {
  const { files, problems } = compileSources({ "src/App.tsx": "export default function App() {\n  return <p>;\n}" });
  assert.deepEqual(files, {});
  assert.equal(problems[0]?.file, "src/App.tsx");
  assert.equal(problems[0]?.line, 2);
});

Deno.test("type errors do not stop the compiler", () => {
  compile("export const n: number = 'text';");
});

Deno.test("a place in the module maps back to line and column", () => {
  const module = compile("// comment\nimport type { A } from './a';\n\nexport const f = (x: number) =>\n  x + Número(x);\ndeclare function Número(x: A): number;");
  assert.deepEqual(placeOf(module, "Número"), { file: "src/App.tsx", line: 5, column: 7 });
  assert.equal(originalPlace("no map here", 1, 1), null);
});

Deno.test("endless loops of every kind stop with their line", async () => {
  const module = await load(compile(`
    export const forEver = () => { while (true); };
    export const counting = () => { for (;;) { } };
    export const doing = () => { do 1; while (true) };
    function* numbers() { while (true) yield 1; }
    export const taking = () => { for (const n of numbers()) if (n > 1) break; };`));
  assert.throws(() => module.forEver?.(), /The loop on line 2 of src\/App\.tsx ran for more than a second/);
  assert.throws(() => module.counting?.(), /loop on line 2/); // stays stopped until new code comes
});

Deno.test("a guarded loop does what it did", async () => {
  const module = await load(compile(`export function f(list: number[]) {
    let sum = 0; const later: (() => number)[] = [];
    outer: for (let i = 0; i < list.length; i++) { for (const x of list) { if (x === 3) continue outer; sum += x; } later.push(() => i); }
    for (const key in list) sum += Number(key);
    return [sum, later.map((one) => one())];
  }`));
  assert.deepEqual(module.f?.([1, 2]), [7, [0, 1]]);
  assert.deepEqual(module.f?.([1, 3]), [3, []]);
});

Deno.test("code without loops carries no guard", () => {
  assert.doesNotMatch(compile("export const one = 1;"), /loopGuard/);
});
