/**
 * Compiles the learner's src/** to the ES modules that the panes load by URL.
 *
 * File by file and without types, so it works before the types have arrived and in spite of type errors. Relative
 * imports get the `.js` that a browser needs; the others are named by the pane's import map. The source map lies in
 * the last line of each module: whoever has the module can map an error back to the source.
 */
import ts from "ts6";
import type { Problem } from "../workspace/messages.ts";
import { guardLoops, guardSource } from "./loop_guard.ts";
import { toProblem } from "./problems.ts";
import type { Compiled } from "./protocol.ts";

const SOURCE = /^src\/.+\.(?:tsx?|jsx?)$/;

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  jsx: ts.JsxEmit.ReactJSX,
  isolatedModules: true,
  sourceMap: true,
  inlineSources: true,
};

const outputName = (file: string): string => file.replace(/\.[^.]+$/, ".js");

/** "./List" and "./List.tsx" → "./List.js"; "react" stays. */
export function browserSpecifier(specifier: string): string {
  return /^\.\.?\//.test(specifier) ? `${specifier.replace(/\.(?:tsx?|jsx?)$/, "")}.js` : specifier;
}

/** The module that a relative import of `file` means: "src/parts/List.js". undefined when it lies outside of src/. */
export function importedModule(file: string, specifier: string): string | undefined {
  if (!/^\.\.?\//.test(specifier)) return undefined;
  const path = new URL(browserSpecifier(specifier), `file:///${file}`).pathname.slice(1);
  return path.startsWith("src/") ? path : undefined;
}

type OnImport = (specifier: ts.StringLiteral) => void;

/** An `after` transformer: by then TypeScript has dropped the imports that were only types. `onImport` sees the others. */
const rewriteImports = (onImport: OnImport): ts.TransformerFactory<ts.SourceFile> => (context) => (source) => {
  const { factory } = context;
  const literal = (node: ts.Expression): ts.Expression => {
    if (!ts.isStringLiteral(node)) return node;
    onImport(node);
    return factory.createStringLiteral(browserSpecifier(node.text));
  };
  const visit = (node: ts.Node): ts.Node => {
    if (ts.isImportDeclaration(node)) {
      return factory.updateImportDeclaration(node, node.modifiers, node.importClause, literal(node.moduleSpecifier), node.attributes);
    }
    if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      const { modifiers, isTypeOnly, exportClause, moduleSpecifier, attributes } = node;
      return factory.updateExportDeclaration(node, modifiers, isTypeOnly, exportClause, literal(moduleSpecifier), attributes);
    }
    const inner = ts.visitEachChild(node, visit, context);
    if (ts.isCallExpression(inner) && inner.expression.kind === ts.SyntaxKind.ImportKeyword) {
      return factory.updateCallExpression(inner, inner.expression, inner.typeArguments, inner.arguments.map(literal));
    }
    return inner;
  };
  return ts.visitNode(source, visit, ts.isSourceFile);
};

/** A string of any characters as base64 of its UTF-8 bytes. */
function base64(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}

/** A pane could not load it: the problem is said here, at its place, and the last good revision goes on. */
function missingModule(file: string, text: string, specifier: ts.StringLiteral): Problem {
  const before = text.slice(0, Math.max(0, ts.getOriginalNode(specifier).end - specifier.text.length - 2)).split("\n");
  const message = `There is no file for "${specifier.text}" in this project.`;
  return { file, line: before.length, column: (before.at(-1) ?? "").length + 1, message, source: "syntax", severity: "error" };
}

function compileFile(file: string, text: string, modules: ReadonlySet<string>): { code: string; problems: Problem[] } {
  let hasLoop = false;
  const missing: Problem[] = [];
  const onImport = (specifier: ts.StringLiteral): void => {
    const module = importedModule(file, specifier.text);
    if (module !== undefined && !modules.has(module)) missing.push(missingModule(file, text, specifier));
  };
  const { outputText, sourceMapText, diagnostics } = ts.transpileModule(text, {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: OPTIONS,
    transformers: { before: [guardLoops(() => (hasLoop = true))], after: [rewriteImports(onImport)] },
  });
  const code = outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, "");
  const map = JSON.stringify({ ...JSON.parse(sourceMapText ?? "{}"), sourceRoot: "", sources: [file] });
  return {
    code: `${code}${hasLoop ? guardSource(file) : ""}//# sourceMappingURL=data:application/json;base64,${base64(map)}\n`,
    problems: [...(diagnostics ?? []).map((diagnostic) => toProblem(diagnostic, file, "syntax")), ...missing],
  };
}

export function compileSources(files: Readonly<Record<string, string>>): Compiled {
  const compiled: Compiled = { files: {}, problems: [] };
  const sources = Object.entries(files).filter(([file]) => SOURCE.test(file) && !file.endsWith(".d.ts"));
  const modules = new Set(sources.map(([file]) => outputName(file)));
  for (const [file, text] of sources) {
    const { code, problems } = compileFile(file, text, modules);
    compiled.problems.push(...problems);
    if (problems.length === 0) compiled.files[outputName(file)] = code;
  }
  return compiled;
}
