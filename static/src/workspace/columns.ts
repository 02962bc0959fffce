/** The columns of the Data panel: which, in which order, and how wide. */
import type { Document } from "./messages.ts";
import { describeCell } from "./wording.ts";

export type ColumnKind = "id" | "creation" | "owner" | "time" | "number" | "text";

export interface Column {
  name: string;
  kind: ColumnKind;
}

/** Id first, own fields as declared, creation time last. The kind is that of the first row that has the field. */
export function columnsOf(names: readonly string[], rows: readonly Document[]): Column[] {
  const own = names.filter((name) => !name.startsWith("_"));
  return [
    { name: "_id", kind: "id" },
    ...own.map((name) => ({ name, kind: kindOf(name, rows) })),
    { name: "_creationTime", kind: "creation" },
  ];
}

function kindOf(name: string, rows: readonly Document[]): ColumnKind {
  if (/(At|Time|Date)$/.test(name)) return "time";
  if (/Id$/.test(name)) return "owner";
  const value = rows.find((row) => row[name] !== undefined)?.[name];
  const { kind } = describeCell(name, value);
  return kind === "number" || typeof value === "boolean" ? "number" : "text";
}

export function sameColumns(a: readonly Column[], b: readonly Column[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
