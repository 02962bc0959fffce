/** What came of a run of the type checker, in a sentence. Pure. */

export interface Printed {
  revision: number;
  ms: number;
  problems: number;
  files: number;
  lines: { text: string; file: string; line: number; column: number }[];
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

export function summaryOf({ revision, ms, problems, files, lines }: Printed): string {
  const when = `Revision ${revision}, checked in ${ms} ms.`;
  if (problems === 0) {
    return `The type checker printed nothing: the types agree. Rename \`name\` in schema.ts and run it again. ${when}`;
  }
  const cut = lines.length < problems ? ` The first ${lines.length} are shown.` : "";
  return `${counted(problems, "error")} in ${counted(files, "file")}, without running anything.${cut} ${when}`;
}
