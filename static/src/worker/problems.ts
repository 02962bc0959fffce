/** A TypeScript diagnostic as a place in the project with words. */
import ts from "ts6";
import type { Problem, ProblemSource } from "../workspace/messages.ts";

export function toProblem(diagnostic: ts.Diagnostic, file: string, source: ProblemSource): Problem {
  const problem: Problem = {
    file,
    line: 0,
    column: 0,
    message: ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"),
    source,
    severity: diagnostic.category === ts.DiagnosticCategory.Error ? "error" : "warning",
    code: diagnostic.code,
  };
  if (diagnostic.file && diagnostic.start !== undefined) {
    const start = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
    const end = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start + (diagnostic.length ?? 0));
    problem.line = start.line + 1;
    problem.column = start.character + 1;
    problem.endLine = end.line + 1;
    problem.endColumn = end.character + 1;
  }
  return problem;
}
