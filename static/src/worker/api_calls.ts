/**
 * What follows when a file of convex/ gets another name: `api.old.list` in all files becomes `api.fresh.list`.
 *
 * TypeScript's own rename follows imports alone: the path of a function is a type made of file names.
 */
import ts from "ts6";
import { API_ROOTS, chainOf } from "./uses.ts";
import type { FileEdits, TextEdit } from "./protocol.ts";

const CONVEX = "convex/";
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** `["jobs", "mail"]` for convex/jobs/mail.ts; null for a file that functions are not reached by. */
function moduleOf(file: string): string[] | null {
  if (!file.startsWith(CONVEX)) return null;
  const parts = file.slice(CONVEX.length).replace(/\.[^./]*$/, "").split("/");
  return parts.every((part) => IDENTIFIER.test(part)) ? parts : null;
}

export function apiCallEdits(program: ts.Program, files: readonly string[], pathOf: (file: string) => string, from: string, to: string): FileEdits[] {
  const [before, after] = [moduleOf(from), moduleOf(to)];
  if (!before || !after) return [];
  // Beside convex/jobs.ts there may be convex/jobs/mail.ts: api.jobs.mail is not of the first.
  const deeper = files.map(moduleOf).filter((module) => module !== null && module.length > before.length);
  const isFolder = (path: readonly string[]): boolean => deeper.some((module) => path.every((part, at) => part === module?.[at]));
  return files.flatMap((file) => {
    const source = program.getSourceFile(pathOf(file));
    const edits = source ? editsIn(source, before, after.join("."), isFolder) : [];
    return edits.length > 0 ? [{ file, edits }] : [];
  });
}

type IsFolder = (path: readonly string[]) => boolean;

function editsIn(source: ts.SourceFile, before: readonly string[], insert: string, isFolder: IsFolder): TextEdit[] {
  const edits: TextEdit[] = [];
  const visit = (node: ts.Node): void => {
    // `api.jobs.mail` alone, also where more follows: each of its places is visited once.
    if (ts.isPropertyAccessExpression(node)) {
      const [root = "", ...path] = chainOf(node) ?? [];
      const isModule = API_ROOTS.has(root) && path.length === before.length && path.every((part, at) => part === before[at]);
      const next = ts.isPropertyAccessExpression(node.parent) && node.parent.expression === node ? node.parent.name.text : "";
      if (isModule && !isFolder([...path, next])) edits.push({ from: firstName(node).getStart(source), to: node.name.getEnd(), insert });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return edits;
}

/** The name after the root. */
function firstName(node: ts.PropertyAccessExpression): ts.MemberName {
  return ts.isPropertyAccessExpression(node.expression) ? firstName(node.expression) : node.name;
}
