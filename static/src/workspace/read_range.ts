/** Whether a row lies in what a read covered, judged from the index range as it crosses the wire. */
import type { Document, ReadMessage } from "./messages.ts";

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
