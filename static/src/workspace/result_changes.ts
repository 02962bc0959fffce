/** How a result differs from the one before: rows by their id where it is a list of documents, else the whole. Pure. */
import type { Document } from "./messages.ts";
import { changedFields } from "./row_changes.ts";

export interface ResultChange {
  kind: "came" | "left" | "changed";
  before: unknown;
  after: unknown;
}

/** Null when one of them is not known whole: it failed, or was cut. Empty when both are the same. */
export function resultChanges(before: string | null, after: string | null): ResultChange[] | null {
  const [old, now] = [parsed(before), parsed(after)];
  if (old === undefined || now === undefined) return null;
  if (JSON.stringify(old) === JSON.stringify(now)) return [];
  if (!isDocuments(old) || !isDocuments(now)) return [{ kind: "changed", before: old, after: now }];
  const known = new Map(old.map((row) => [row._id, row]));
  const changes: ResultChange[] = [];
  for (const row of now) {
    const was = known.get(row._id);
    known.delete(row._id);
    if (!was) changes.push({ kind: "came", before: null, after: row });
    else if (changedFields(was, row).size > 0) changes.push({ kind: "changed", before: was, after: row });
  }
  for (const row of known.values()) changes.push({ kind: "left", before: row, after: null });
  // The same rows in another order.
  return changes.length > 0 ? changes : [{ kind: "changed", before: old, after: now }];
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isDocuments(value: unknown): value is Document[] {
  return Array.isArray(value) && value.every((row) => typeof row === "object" && row !== null && "_id" in row);
}
