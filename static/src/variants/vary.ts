/**
 * Right solutions, written in other ways: what a check must accept just as well. Each variant keeps what the project does
 * and changes how it is written; a project for which a variant would change nothing has none of that kind.
 *
 * Works on TypeScript's syntax tree and changes the text at its places. Only files under convex/ are touched.
 */
import ts from "ts6";
import { applyEdits, type Edit } from "./edits.ts";
import { renamedArguments } from "./rename_arguments.ts";
import { renameLocals } from "./rename_locals.ts";

export type Files = Record<string, string>;
type Change = (file: string, source: ts.SourceFile) => Edit[];

const EXTRA_FIELD = "variantNote: v.optional(v.string()), ";
const EXTRA_INDEX = "by_variant";
const GATHER = "gatherRows";

export const VARIANTS: Record<string, (files: Files, starter: Files) => Files> = {
  "renamed-locals": (files) => mapped(files, isModule, (_file, text) => renameLocals(text)),
  "reordered-helpers": (files) => edited(files, isModule, reorderHelpers),
  "for-await": (files) => edited(files, isModule, forAwait),
  "extracted-functions": (files) => edited(files, isModule, extractHandlers),
  "renamed-arguments": renameArguments,
  "inline-validators": (files) => edited(files, isModule, inlineValidators),
  "extra-index": (files) => edited(files, isSchema, extraIndex),
  "extra-field": (files) => edited(files, isSchema, extraField),
};

/**
 * Every variant of a project that differs from it, by name. `combined` is all of them, one after the other. What the
 * starter declares already is called by its panes: its arguments keep their names.
 */
export function variantsOf(files: Files, starter: Files = {}, without: readonly string[] = []): Record<string, Files> {
  const names = Object.keys(VARIANTS).filter((name) => !without.includes(name));
  const made = names.map((name) => [name, VARIANTS[name]!(files, starter)] as const);
  const combined = names.reduce((before, name) => VARIANTS[name]!(before, starter), files);
  return Object.fromEntries([...made, ["combined", combined] as const].filter(([, other]) => differs(files, other)));
}

const isSchema = (file: string): boolean => file === "convex/schema.ts";
const isModule = (file: string): boolean => /^convex\/.+\.tsx?$/.test(file) && !isSchema(file) && !file.endsWith(".d.ts");

function differs(files: Files, other: Files): boolean {
  return Object.keys(files).some((file) => files[file] !== other[file]);
}

function mapped(files: Files, wanted: (file: string) => boolean, change: (file: string, text: string) => string): Files {
  return Object.fromEntries(Object.entries(files).map(([file, text]) => [file, wanted(file) ? change(file, text) : text]));
}

function edited(files: Files, wanted: (file: string) => boolean, change: Change): Files {
  return mapped(files, wanted, (file, text) => applyEdits(text, change(file, parse(file, text))));
}

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

function each(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => each(child, see));
}

function isExported(statement: ts.Statement): boolean {
  return ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some((one) => one.kind === ts.SyntaxKind.ExportKeyword);
}

/** A call such as `query({…})` or `defineTable({…})`; with `names` only of these functions. */
function callOf(node: ts.Node | undefined, names: RegExp): ts.CallExpression | null {
  return node && ts.isCallExpression(node) && ts.isIdentifier(node.expression) && names.test(node.expression.text) ? node : null;
}

const REGISTERS = /^(internal)?(query|mutation|action)$/i;

function registered(statement: ts.Statement): ts.CallExpression | null {
  if (!ts.isVariableStatement(statement) || !isExported(statement)) return null;
  const [declaration, ...others] = statement.declarationList.declarations;
  return others.length === 0 ? callOf(declaration?.initializer, REGISTERS) : null;
}

/** Function declarations are hoisted, so they may stand anywhere; registered functions come last, in the other order. */
function reorderHelpers(_file: string, source: ts.SourceFile): Edit[] {
  const helpers = source.statements.filter((one) => ts.isFunctionDeclaration(one) && one.body && !isDefault(one));
  const functions = source.statements.filter((one) => registered(one) !== null && !namesAnother(one, source));
  const moved = [...helpers, ...functions];
  if (moved.length < 2) return [];
  const text = [...functions].reverse().concat([...helpers].reverse()).map((one) => one.getFullText(source).trim());
  const cuts = moved.map((one) => ({ start: one.getFullStart(), end: one.end, text: "" }));
  return [...cuts, { start: source.text.length, end: source.text.length, text: `\n\n${text.join("\n\n")}\n` }];
}

function isDefault(statement: ts.FunctionDeclaration): boolean {
  return (ts.getModifiers(statement) ?? []).some((one) => one.kind === ts.SyntaxKind.DefaultKeyword);
}

/** Whether something that is evaluated with the module may need this one before: then it stays where it is. */
function namesAnother(statement: ts.Statement, source: ts.SourceFile): boolean {
  const [declaration] = (statement as ts.VariableStatement).declarationList.declarations;
  const name = declaration && ts.isIdentifier(declaration.name) ? declaration.name.text : "";
  return source.statements.some((other) => other !== statement && !ts.isFunctionDeclaration(other) && mentions(other, name));
}

function mentions(node: ts.Node, name: string): boolean {
  let found = false;
  each(node, (one) => {
    if (ts.isIdentifier(one) && one.text === name && !ts.isPropertyAccessExpression(one.parent)) found = true;
  });
  return found;
}

/** `await rows.collect()` becomes a loop over the same query. */
function forAwait(_file: string, source: ts.SourceFile): Edit[] {
  const edits: Edit[] = [];
  each(source, (node) => {
    if (!ts.isAwaitExpression(node) || !ts.isCallExpression(node.expression)) return;
    const called = node.expression.expression;
    if (!ts.isPropertyAccessExpression(called) || called.name.text !== "collect" || node.expression.arguments.length > 0) return;
    edits.push({ start: node.expression.getStart(source), end: called.expression.getStart(source), text: `${GATHER}(` });
    edits.push({ start: called.expression.end, end: node.expression.end, text: ")" });
  });
  if (edits.length === 0) return [];
  const helper =
    `\nasync function ${GATHER}<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {\n  const found: Row[] = [];\n` +
    "  for await (const row of rows) found.push(row);\n  return found;\n}\n";
  return [...edits, { start: source.text.length, end: source.text.length, text: helper }];
}

/** A handler that stands in its `query({…})` becomes a function of the module. */
function extractHandlers(file: string, source: ts.SourceFile): Edit[] {
  const generated = `${"../".repeat(file.split("/").length - 2) || "./"}_generated/server`;
  const edits: Edit[] = [];
  let made = "";
  let count = 0;
  for (const statement of source.statements) {
    const call = registered(statement);
    const handler = call && handlerOf(call);
    if (!handler || handler.typeParameters || ts.isMethodDeclaration(handler)) continue;
    const name = `handle${++count}`;
    const kind = call.expression.getText(source).replace(/^internal/, "");
    const types = [`import("${generated}").${kind[0]!.toUpperCase()}${kind.slice(1)}Ctx`, "any"];
    const parameters = handler.parameters.map((one, place) => (one.type ? one.getText(source) : `${one.name.getText(source)}: ${types[place]}`));
    const passed = handler.parameters.map((_, place) => `a${place}`).join(", ");
    const result = handler.type ? `: ${handler.type.getText(source)}` : "";
    const body = ts.isBlock(handler.body!) ? handler.body.getText(source) : `{\n  return ${handler.body!.getText(source)};\n}`;
    made += `\nasync function ${name}(${parameters.join(", ")})${result} ${body}\n`;
    edits.push({ start: handler.getStart(source), end: handler.end, text: `async (${passed}) => await ${name}(${passed})` });
  }
  return count === 0 ? [] : [...edits, { start: source.text.length, end: source.text.length, text: made }];
}

/** Public functions that no other function calls: what calls them, a pane or a check, reads their validators. */
function renameArguments(files: Files, starter: Files): Files {
  const all = Object.entries(files).filter(([file]) => file.startsWith("convex/")).map(([, text]) => text).join("\n");
  return edited(files, isModule, (file, source) => {
    const module = file.slice("convex/".length).replace(/\.tsx?$/, "").replaceAll("/", ".");
    return source.statements.flatMap((statement) => {
      const call = registered(statement);
      const handler = call && handlerOf(call);
      if (!call || !handler || /^internal/.test(call.expression.getText(source))) return [];
      const [declaration] = (statement as ts.VariableStatement).declarationList.declarations;
      const name = declaration?.name.getText(source) ?? "";
      const isCalled = all.includes(`.${module}.${name}`) || starter[file]?.includes(`export const ${name} =`);
      return isCalled ? [] : renamedArguments(call, handler, source);
    });
  });
}

function handlerOf(call: ts.CallExpression): ts.ArrowFunction | ts.FunctionExpression | null {
  const [given] = call.arguments;
  const found = given && ts.isObjectLiteralExpression(given)
    ? given.properties.find((one): one is ts.PropertyAssignment => ts.isPropertyAssignment(one) && one.name.getText() === "handler")?.initializer
    : given;
  return found && (ts.isArrowFunction(found) || ts.isFunctionExpression(found)) ? found : null;
}

/** `const bus = v.number()` is written out where it is used. */
function inlineValidators(_file: string, source: ts.SourceFile): Edit[] {
  const edits: Edit[] = [];
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement) || isExported(statement)) continue;
    const [declaration, ...others] = statement.declarationList.declarations;
    if (!declaration?.initializer || others.length > 0 || !ts.isIdentifier(declaration.name) || !isValidator(declaration.initializer)) continue;
    const uses = usesOf(declaration.name.text, source, declaration);
    if (uses === null) continue;
    const text = declaration.initializer.getText(source);
    edits.push({ start: statement.getStart(source), end: statement.end, text: "" });
    for (const use of uses) edits.push({ start: use.getStart(source), end: use.end, text: ts.isShorthandPropertyAssignment(use.parent) ? `${use.text}: ${text}` : text });
  }
  return edits;
}

function isValidator(node: ts.Expression): boolean {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { expression } = node.expression;
  return ts.isIdentifier(expression) && expression.text === "v" && !node.arguments.some((one) => mentionsAny(one));
}

/** Whether it names anything but `v` and property names: then it is not written out. */
function mentionsAny(node: ts.Node): boolean {
  let found = false;
  each(node, (one) => {
    if (ts.isIdentifier(one) && one.text !== "v" && !ts.isPropertyAccessExpression(one.parent) && !ts.isPropertyAssignment(one.parent)) found = true;
  });
  return found;
}

/** Where the constant is read; null where its name means something else as well, or a type is made of it. */
function usesOf(name: string, source: ts.SourceFile, declaration: ts.VariableDeclaration): ts.Identifier[] | null {
  const uses: ts.Identifier[] = [];
  let isClear = true;
  each(source, (node) => {
    if (!ts.isIdentifier(node) || node.text !== name || node === declaration.name) return;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) return;
    if (ts.isPropertyAssignment(parent) && parent.name === node) return;
    const isDeclared = (ts.isParameter(parent) || ts.isBindingElement(parent) || ts.isVariableDeclaration(parent)) && parent.name === node;
    const isRead = !isDeclared && !ts.isTypeQueryNode(parent) && !ts.isExportSpecifier(parent) && !ts.isBindingElement(parent);
    if (isRead) uses.push(node);
    else isClear = false;
  });
  return isClear ? uses : null;
}

function extraIndex(_file: string, source: ts.SourceFile): Edit[] {
  return tablesOf(source).flatMap(({ call, fields }) => {
    const names = fields.properties.filter((one) => ts.isPropertyAssignment(one) && ts.isIdentifier(one.name)).map((one) => one.name!.getText(source));
    const taken = indexesOn(call, source);
    const choices = [...names.map((name) => [name]), ...names.flatMap((one) => names.filter((other) => other !== one).map((other) => [one, other]))];
    const free = choices.find((choice) => !taken.has(choice.join()));
    return free ? [{ start: call.end, end: call.end, text: `.index("${EXTRA_INDEX}", ${JSON.stringify(free)})` }] : [];
  });
}

/** The fields of the indexes that follow a `defineTable({…})`: two of the same fields are refused. */
function indexesOn(call: ts.CallExpression, source: ts.SourceFile): Set<string> {
  const taken = new Set<string>();
  let node: ts.Node = call;
  while (ts.isPropertyAccessExpression(node.parent) && ts.isCallExpression(node.parent.parent)) {
    node = node.parent.parent;
    const fields = (node as ts.CallExpression).arguments[1];
    if (fields && ts.isArrayLiteralExpression(fields)) taken.add(fields.elements.map((one) => (ts.isStringLiteralLike(one) ? one.text : one.getText(source))).join());
  }
  return taken;
}

function extraField(_file: string, source: ts.SourceFile): Edit[] {
  return tablesOf(source).map(({ fields }) => ({ start: fields.getStart(source) + 1, end: fields.getStart(source) + 1, text: ` ${EXTRA_FIELD}` }));
}

/** Tables whose fields stand in their `defineTable({…})`. */
function tablesOf(source: ts.SourceFile): { call: ts.CallExpression; fields: ts.ObjectLiteralExpression }[] {
  const found: { call: ts.CallExpression; fields: ts.ObjectLiteralExpression }[] = [];
  each(source, (node) => {
    const call = callOf(node, /^defineTable$/);
    const [fields] = call?.arguments ?? [];
    if (call && fields && ts.isObjectLiteralExpression(fields)) found.push({ call, fields });
  });
  return found;
}
