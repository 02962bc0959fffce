/** Whether a row lies in what a read covered, judged from the index range as it crosses the wire. */
import type { Document, ReadMessage, WriteMessage } from "./messages.ts";

interface Bound {
  type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte";
  fieldPath: string;
  value: unknown;
}

function fieldAt(row: Document, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (value as Document | null | undefined)?.[name], row);
}

const isUndefined = (value: unknown): boolean =>
  value === undefined || (typeof value === "object" && value !== null && "$undefined" in value);

/** Values of one type only: across types the order is the server's, and a tint is no place to repeat it. */
function compare(a: unknown, b: unknown): number | null {
  if (isUndefined(a) || isUndefined(b)) return isUndefined(a) && isUndefined(b) ? 0 : null;
  if (typeof a !== typeof b || (typeof a !== "number" && typeof a !== "string")) return JSON.stringify(a) === JSON.stringify(b) ? 0 : null;
  return a < (b as typeof a) ? -1 : a > (b as typeof a) ? 1 : 0;
}

function holds(row: Document, bound: Bound): boolean {
  const order = compare(fieldAt(row, bound.fieldPath), bound.value);
  if (order === null) return false;
  return { Eq: order === 0, Gt: order > 0, Gte: order >= 0, Lt: order < 0, Lte: order <= 0 }[bound.type];
}

export function isInRange(row: Document, read: ReadMessage): boolean {
  return (read.range as Bound[]).every((bound) => holds(row, bound));
}

/** Whether the read looked this very document up by its id. */
export function readsId(read: ReadMessage, id: string): boolean {
  return read.index === "by_id" && (read.range as Bound[]).some(({ value }) => value === id);
}

/** Whether a write concerns a read: the document was or is in what the read covered. */
export function concerns(write: WriteMessage, read: ReadMessage): boolean {
  if (write.table !== read.table) return false;
  if (read.index === "by_id") return readsId(read, write.id);
  return [write.before, write.after].some((version) => version !== null && isInRange(version, read));
}
