/** Why a commit woke a query: which row of it lies, or lay, in what the query had read. Pure. */
import { isInRange, readsId } from "./read_range.ts";
import type { ReadMessage, WriteMessage } from "./messages.ts";
import { documentName, isFullScan, plural } from "./wording.ts";

/** Without the writes (another process, a seeding) only the tables are known. */
export function wakeReason(reads: readonly ReadMessage[], writtenTables: ReadonlySet<string>, writes: readonly WriteMessage[] = []): string {
  const touched = reads.filter((read) => writtenTables.size === 0 || writtenTables.has(read.table));
  if (touched.some(isFullScan)) return "it reads every row";
  const hits = writes.map((write) => hitOf(write, touched)).filter((hit) => hit !== null);
  if (hits.length === 1 && hits[0]) return hits[0];
  if (hits.length > 1) return `${plural(hits.length, "row")} are in its range`;
  if (touched.length > 0 && touched.every((read) => read.index === "by_id")) return "it reads this row";
  return "the row is in its range";
}

function hitOf(write: WriteMessage, reads: readonly ReadMessage[]): string | null {
  for (const read of reads) {
    if (read.table !== write.table) continue;
    const name = documentName(write.after ?? write.before ?? {});
    if (read.index === "by_id") {
      if (readsId(read, write.id)) return `it reads ${name}`;
      continue;
    }
    const was = write.before !== null && isInRange(write.before, read);
    const is = write.after !== null && isInRange(write.after, read);
    if (was || is) return `${name} ${verb(was, is)} ${read.plan}`;
  }
  return null;
}

function verb(was: boolean, is: boolean): string {
  if (was && is) return "is in";
  return is ? "came into" : "left";
}
