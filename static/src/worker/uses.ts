/**
 * Where a project declares tables, fields and functions, and where its files use them.
 *
 * TypeScript's own references end at Convex's mapped types, so the files are walked: a field is read from a document,
 * known by the table in the type of its `_id`, or written by `ctx.db`, or named in an index range. A function is used
 * where `api.module.name` stands. What is used need not be declared any more: that is a break.
 */
import ts from "ts6";
import type { Declared, FieldUse, Uses } from "../workspace/messages.ts";

const WRITES = new Set(["insert", "patch", "replace"]);
const RANGE = new Set(["eq", "gt", "gte", "lt", "lte", "field"]);
/** What makes a function, also by the name of a builder of the learner's own: "userQuery". */
const BUILDER = /(?:query|mutation|action)$/i;
const SYSTEM_FIELD = /^_/;
export const API_ROOTS = new Set(["api", "internal"]);

/** `files` are the project's own, named as in the project; `pathOf` says how the program names them. */
export function findUses(program: ts.Program, files: readonly string[], pathOf: (file: string) => string): Uses {
  const uses: Uses = { declared: [], exported: [], fields: [], functions: [] };
  const checker = program.getTypeChecker();
  for (const file of files) {
    const source = program.getSourceFile(pathOf(file));
    if (source) new Walk(checker, source, file, uses).run();
  }
  return uses;
}

class Walk {
  readonly #checker: ts.TypeChecker;
  readonly #source: ts.SourceFile;
  readonly #file: string;
  readonly #uses: Uses;

  constructor(checker: ts.TypeChecker, source: ts.SourceFile, file: string, uses: Uses) {
    this.#checker = checker;
    this.#source = source;
    this.#file = file;
    this.#uses = uses;
  }

  run(): void {
    const visit = (node: ts.Node): void => {
      this.#look(node);
      ts.forEachChild(node, visit);
    };
    visit(this.#source);
  }

  #look(node: ts.Node): void {
    if (ts.isPropertyAccessExpression(node)) {
      if (!this.#functionUse(node)) this.#fieldOf(node.expression, node.name);
    } else if (ts.isBindingElement(node) && !node.dotDotDotToken && ts.isObjectBindingPattern(node.parent)) {
      const name = node.propertyName ?? node.name;
      if (ts.isIdentifier(name)) this.#fieldOf(node.parent, name);
    } else if (ts.isCallExpression(node)) {
      this.#call(node);
    } else if (ts.isPropertyAssignment(node)) {
      this.#declaration(node);
    } else if (ts.isVariableStatement(node)) {
      this.#exports(node);
    }
  }

  #at(node: ts.Node): { file: string; line: number; column: number } {
    const { line, character } = this.#source.getLineAndCharacterOfPosition(node.getStart(this.#source));
    return { file: this.#file, line: line + 1, column: character + 1 };
  }

  #addField(table: string | null, name: string, node: ts.Node, how: FieldUse["how"]): void {
    const field = name.split(".")[0] ?? "";
    if (table === null || field === "" || SYSTEM_FIELD.test(field)) return;
    this.#uses.fields.push({ table, field, how, ...this.#at(node) });
  }

  /** `expression.name`, where the expression is a document. Its methods, as of an array, are no fields. */
  #fieldOf(expression: ts.Node, name: ts.MemberName | ts.Identifier): void {
    this.#addField(this.#tableOfDocument(this.#checker.getTypeAtLocation(expression)), name.text, name, "read");
  }

  /** The table in the type of `_id`, or null when this is no document of one table. */
  #tableOfDocument(type: ts.Type): string | null {
    const one = this.#checker.getNonNullableType(type);
    if (one.flags & ts.TypeFlags.Any) return null;
    const id = this.#checker.getPropertyOfType(one, "_id");
    return id ? this.#tableOfId(this.#checker.getTypeOfSymbol(id)) : null;
  }

  #tableOfId(type: ts.Type): string | null {
    const name = this.#checker.getPropertyOfType(this.#checker.getNonNullableType(type), "__tableName");
    const literal = name && this.#checker.getTypeOfSymbol(name);
    return literal?.isStringLiteral() ? literal.value : null;
  }

  // ── calls ──

  #call(node: ts.CallExpression): void {
    if (!ts.isPropertyAccessExpression(node.expression)) return;
    const method = node.expression.name.text;
    const [first] = node.arguments;
    if (WRITES.has(method) && first) this.#write(node, first);
    else if (RANGE.has(method) && first && ts.isStringLiteralLike(first)) {
      this.#addField(this.#tableOfBuilder(node.expression.expression), first.text, first, "range");
    }
  }

  /** db.insert("table", {…}), db.patch(id, {…}), db.patch("table", id, {…}). */
  #write(node: ts.CallExpression, first: ts.Expression): void {
    const object = node.arguments[node.arguments.length - 1];
    if (!object || object === first || !ts.isObjectLiteralExpression(object)) return;
    const table = ts.isStringLiteralLike(first) ? first.text : this.#tableOfId(this.#checker.getTypeAtLocation(first));
    for (const property of object.properties) {
      if (property.name && (ts.isIdentifier(property.name) || ts.isStringLiteralLike(property.name))) {
        this.#addField(table, property.name.text, property.name, "written");
      }
    }
  }

  /** The q of an index range knows the document; the q of a filter knows the table's `document`. */
  #tableOfBuilder(expression: ts.Expression): string | null {
    const type = this.#checker.getTypeAtLocation(expression);
    const given = [...(type.aliasTypeArguments ?? []), ...this.#typeArguments(type)];
    for (const one of given) {
      const inner = this.#checker.getPropertyOfType(one, "document");
      const table = this.#tableOfDocument(inner ? this.#checker.getTypeOfSymbol(inner) : one);
      if (table !== null) return table;
    }
    return null;
  }

  #typeArguments(type: ts.Type): readonly ts.Type[] {
    const isReference = (type.flags & ts.TypeFlags.Object) !== 0 && ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0;
    return isReference ? this.#checker.getTypeArguments(type as ts.TypeReference) : [];
  }

  // ── api.module.name ──

  #functionUse(node: ts.PropertyAccessExpression): boolean {
    const names = chainOf(node);
    if (!names || !API_ROOTS.has(names[0] ?? "")) return false;
    const isLongest = !ts.isPropertyAccessExpression(node.parent) || node.parent.expression !== node;
    if (!isLongest || names.length < 3) return true;
    const name = names[names.length - 1];
    this.#uses.functions.push({ path: `${names.slice(1, -1).join("/")}:${name}`, ...this.#at(node.name) });
    return true;
  }

  /** `export const create = mutation(…)` in a file of convex/. */
  #exports(node: ts.VariableStatement): void {
    const module = /^convex\/(.+)\.[jt]sx?$/.exec(this.#file)?.[1];
    if (!module || !node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return;
    for (const { name, initializer } of node.declarationList.declarations) {
      if (!ts.isIdentifier(name) || !initializer || !ts.isCallExpression(initializer)) continue;
      const kind = initializer.expression.getText(this.#source);
      if (BUILDER.test(kind)) this.#uses.exported.push({ path: `${module}:${name.text}`, kind, ...this.#at(name) });
    }
  }

  // ── declarations in a schema ──

  /** `name: v.…` inside `table: defineTable({…})`. */
  #declaration(node: ts.PropertyAssignment): void {
    const call = node.parent.parent;
    if (!ts.isCallExpression(call) || !ts.isIdentifier(call.expression) || call.expression.text !== "defineTable") return;
    let top: ts.Node = call;
    // defineTable({…}).index(…).index(…)
    while (!ts.isPropertyAssignment(top) && !ts.isSourceFile(top)) top = top.parent;
    const table = ts.isPropertyAssignment(top) ? nameOf(top.name) : null;
    const field = nameOf(node.name);
    if (table === null || field === null) return;
    const declared: Declared = { table, field, type: node.initializer.getText(this.#source), ...this.#at(node.name) };
    this.#uses.declared.push(declared);
  }
}

function nameOf(name: ts.PropertyName): string | null {
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : null;
}

/** The names of `api.a.b.c`; null for anything else. */
export function chainOf(node: ts.Expression): string[] | null {
  if (ts.isIdentifier(node)) return [node.text];
  if (!ts.isPropertyAccessExpression(node)) return null;
  const before = chainOf(node.expression);
  return before && [...before, node.name.text];
}

