import assert from "node:assert/strict";
import ts from "ts6";
import { makeTypePack } from "../build/type_pack.mjs";
import learnerConfig from "../learner-tsconfig.json" with { type: "json" };

const PACK = JSON.parse(makeTypePack(new URL("..", import.meta.url).pathname)) as Record<string, string>;
const SEED = "/src/seed.ts";
const OFFERED = ["react", "react/jsx-runtime", "react-dom/client", "convex/react", "convex/server", "convex/values", "convex/browser"];

/** A program over the pack alone that checks the declarations too, which the editor does not. */
function strictProgram(): ts.Program {
  const files: Record<string, string> = { ...PACK, [SEED]: OFFERED.map((name) => `import "${name}";`).join("\n") };
  const { options } = ts.convertCompilerOptionsFromJson({ ...learnerConfig.compilerOptions, skipLibCheck: false }, "/");
  const host: ts.CompilerHost = {
    getSourceFile: (path, target) => (path in files ? ts.createSourceFile(path, files[path] ?? "", target) : undefined),
    fileExists: (path) => path in files,
    readFile: (path) => files[path],
    getDirectories: () => [],
    getCurrentDirectory: () => "/",
    getCanonicalFileName: (path) => path,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    getDefaultLibFileName: () => "/lib.d.ts",
    writeFile: () => assert.fail("nothing is written"),
  };
  return ts.createProgram([SEED], options, host);
}

Deno.test("the trimmed declarations hold together", () => {
  const problems = ts.getPreEmitDiagnostics(strictProgram());
  assert.deepEqual(problems.map(({ file, messageText }) => `${file?.fileName} ${ts.flattenDiagnosticMessageText(messageText, " ")}`), []);
});

Deno.test("no comment is left in the pack, and its references are", () => {
  assert.ok(!Object.values(PACK).some((text) => /^\s*(?:\/\*\*|\* |\/\/ )/m.test(text)));
  assert.match(PACK["/lib.es2023.d.ts"] ?? "", /\/\/\/ <reference lib="es2022"/);
});
