/** Other names for everything that a module names for itself: parameters, constants in functions, helpers, destructured fields. */
import ts from "ts6";
import { applyEdits, type Edit } from "./edits.ts";

const FILE = "/module.ts";
const SUFFIX = "Renamed";

export function renameLocals(text: string): string {
  const service = serviceFor(text);
  const source = service.getProgram()?.getSourceFile(FILE);
  if (!source) return text;
  const edits = new Map<number, Edit>();
  for (const name of ownNames(source)) {
    const places = service.findRenameLocations(FILE, name.getStart(source), false, false, { providePrefixAndSuffixTextForRename: true }) ?? [];
    for (const { textSpan, prefixText = "", suffixText = "" } of places) {
      const change = { start: textSpan.start, end: textSpan.start + textSpan.length, text: `${prefixText}${name.text}${SUFFIX}${suffixText}` };
      if (!edits.has(change.start)) edits.set(change.start, change);
    }
  }
  return applyEdits(text, [...edits.values()]);
}

/** What is declared in a function, and helpers of the module that are not exported. */
function ownNames(source: ts.SourceFile): ts.Identifier[] {
  const found: ts.Identifier[] = [];
  const see = (node: ts.Node, isInside: boolean): void => {
    const name = declaredName(node);
    if (name && (isInside || ts.isFunctionDeclaration(node)) && !isExported(node)) found.push(name);
    const inside = isInside || ts.isFunctionLike(node);
    ts.forEachChild(node, (child) => see(child, inside));
  };
  see(source, false);
  return found;
}

function declaredName(node: ts.Node): ts.Identifier | null {
  const isDeclaration = ts.isParameter(node) || ts.isBindingElement(node) || ts.isVariableDeclaration(node) || ts.isFunctionDeclaration(node);
  if (!isDeclaration || !node.name || !ts.isIdentifier(node.name)) return null;
  // A parameter in a function type names nothing.
  return ts.isParameter(node) && ts.isTypeNode(node.parent) ? null : node.name;
}

function isExported(node: ts.Node): boolean {
  return ts.isFunctionDeclaration(node) && (ts.getModifiers(node) ?? []).some((one) => one.kind === ts.SyntaxKind.ExportKeyword);
}

function serviceFor(text: string): ts.LanguageService {
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => ({ noResolve: true, noLib: true, target: ts.ScriptTarget.Latest }),
    getScriptFileNames: () => [FILE],
    getScriptVersion: () => "1",
    getScriptSnapshot: (file) => (file === FILE ? ts.ScriptSnapshot.fromString(text) : undefined),
    getCurrentDirectory: () => "/",
    getDefaultLibFileName: () => "/lib.d.ts",
    fileExists: (file) => file === FILE,
    readFile: (file) => (file === FILE ? text : undefined),
  };
  return ts.createLanguageService(host);
}
