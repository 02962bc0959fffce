/** All problems of the project: TypeScript's by file, joined with those of the last deploy. Pure. */
import type { Problem } from "./messages.ts";

const sameText = (problem: Problem) => (other: Problem): boolean =>
  other.file === problem.file && other.line === problem.line && other.message === problem.message;

/**
 * In the order of `files`, then by place. TypeScript finds again what the pane compiler found, only sooner, so its
 * word replaces the compiler's for that file.
 */
export function joinProblems(
  files: readonly string[],
  types: ReadonlyMap<string, readonly Problem[]>,
  deploy: readonly Problem[],
): Problem[] {
  const found = files.flatMap((file) => types.get(file) ?? []);
  const others = deploy.filter(
    (problem) =>
      !found.some(sameText(problem)) &&
      !(problem.source === "syntax" && found.some((other) => other.file === problem.file && other.severity === "error")),
  );
  const rank = (problem: Problem): number => (files.includes(problem.file) ? files.indexOf(problem.file) : files.length);
  return [...found, ...others].sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}

/** The project's file that is meant: "signups.ts" and "../convex/signups.ts" are "convex/signups.ts". */
export function resolveFile(files: readonly string[], name: string): string | undefined {
  const plain = name.replace(/^(?:\.{0,2}\/)+/, "");
  return files.find((file) => file === plain) ?? files.find((file) => file.endsWith(`/${plain}`));
}
