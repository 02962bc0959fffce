/** What the last commit changed in a table: which cells to outline, in whose hue, and whether a row left or came. */
import type { Document, RunMessage } from "./messages.ts";

export interface RowChange {
  /** Fields whose value differs; all of them for a new row. */
  fields: ReadonlySet<string>;
  isNew: boolean;
}

export interface CommitChanges {
  commitTs: string;
  writer: string | null;
  /** By document id, for the rows that still exist. */
  rows: ReadonlyMap<string, RowChange>;
}

/** Null for a run that committed no row. */
export function changesOf(run: RunMessage, table: string): CommitChanges | null {
  if (run.kind === "query" || run.commit_ts === null || run.writes.length === 0) return null;
  const rows = new Map<string, RowChange>();
  for (const write of run.writes) {
    if (write.table !== table || !write.after) continue;
    rows.set(write.id, { fields: changedFields(write.before, write.after), isNew: write.before === null });
  }
  return { commitTs: run.commit_ts, writer: run.writer, rows };
}

export function changedFields(before: Document | null, after: Document | null): Set<string> {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  const changed = [...names].filter((name) => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]));
  return new Set(changed);
}

/** A row that its own schema hides: soft deletion writes a time into a field of such a name. */
export function isArchived(row: Document): boolean {
  return ["archivedAt", "deletedAt", "trashedAt"].some((field) => typeof row[field] === "number");
}

export interface RowSteps<Row> {
  /** Rows in their new order. Kept ones carry the element that shows them. */
  rows: { id: string; row: Document; kept: Row | undefined; isSame: boolean }[];
  /** What is shown now and must go. */
  removed: Row[];
}

/** Compares the shown rows with the new ones, so that only what differs is drawn again. */
export function diffRows<Row extends { row: Document }>(
  shown: ReadonlyMap<string, Row>,
  next: readonly Document[],
): RowSteps<Row> {
  const ids = new Set(next.map((row) => String(row._id)));
  return {
    rows: next.map((row) => {
      const id = String(row._id);
      const kept = shown.get(id);
      return { id, row, kept, isSame: kept !== undefined && changedFields(kept.row, row).size === 0 };
    }),
    removed: [...shown].filter(([id]) => !ids.has(id)).map(([, kept]) => kept),
  };
}
