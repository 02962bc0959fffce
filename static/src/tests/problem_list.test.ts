import assert from "node:assert/strict";
import type { Problem } from "../workspace/messages.ts";
import { joinProblems, resolveFile } from "../workspace/problem_list.ts";

const FILES = ["convex/schema.ts", "src/App.tsx"];
const problem = (file: string, line: number, source: Problem["source"], message = "m"): Problem => ({
  file, line, column: 1, message, source, severity: "error",
});

Deno.test("problems stand in the order of files, then of lines, those without a file last", () => {
  const app = [problem("src/App.tsx", 9, "types"), problem("src/App.tsx", 2, "types")];
  const joined = joinProblems(FILES, new Map([["src/App.tsx", app]]), [problem("", 0, "server"), problem("convex/schema.ts", 4, "server", "x")]);
  assert.deepEqual(joined.map(({ file, line }) => `${file}:${line}`), ["convex/schema.ts:4", "src/App.tsx:2", "src/App.tsx:9", ":0"]);
});

Deno.test("the same words at the same line are told once, and TypeScript's word replaces the compiler's", () => {
  const types = new Map([["src/App.tsx", [problem("src/App.tsx", 2, "types", "same")]]]);
  const deploy = [problem("src/App.tsx", 2, "server", "same"), problem("src/App.tsx", 3, "syntax")];
  assert.deepEqual(joinProblems(FILES, types, deploy).map(({ source }) => source), ["types"]);
  assert.deepEqual(joinProblems(FILES, new Map(), deploy).length, 2);
});

Deno.test("a file is found by its short name and by Convex's", () => {
  for (const name of ["App.tsx", "src/App.tsx", "./src/App.tsx", "/src/App.tsx"]) assert.equal(resolveFile(FILES, name), "src/App.tsx");
  assert.equal(resolveFile(FILES, "../convex/schema.ts"), "convex/schema.ts");
  assert.equal(resolveFile(FILES, "other.ts"), undefined);
});
