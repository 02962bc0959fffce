/** What would narrow a full scan: the index that is there, or the line that declares one. Pure. */
import type { IndexInfo, ReadMessage, TableInfo } from "./messages.ts";

export interface ScanAdvice {
  /** What to do, in a few words: "use index by_owner", "add index by_bus". */
  words: string;
  /** The line to add below the table in schema.ts; null where an index is there or the fields are not known. */
  declaration: string | null;
  /** How the query then reads; null where the fields are not known. */
  reading: string | null;
}

const BUILT_IN = new Set(["by_id", "by_creation_time"]);

export function scanAdvice(table: TableInfo | undefined, read: Pick<ReadMessage, "filtered_by">): ScanAdvice {
  const own = (table?.indexes ?? []).filter(({ name }) => !BUILT_IN.has(name));
  const [first] = read.filtered_by;
  if (first === undefined) return adviceWithoutFields(own);
  const known = own.find(({ fields }) => fields[0] === first);
  if (known) return { words: `use index ${known.name}`, declaration: null, reading: withIndex(known.name, first) };
  const name = `by_${first.replaceAll(".", "_")}`;
  return { words: `add index ${name}`, declaration: `.index("${name}", ["${first}"])`, reading: withIndex(name, first) };
}

/** The query filters in JavaScript, or not at all: which fields it means is not known. */
function adviceWithoutFields(own: readonly IndexInfo[]): ScanAdvice {
  const words = own.length === 0 ? "add an index" : own.length === 1 ? `use index ${own[0]?.name}` : "use an index";
  return { words, declaration: null, reading: null };
}

function withIndex(name: string, field: string): string {
  return `.withIndex("${name}", (q) => q.eq("${field}", …))`;
}
