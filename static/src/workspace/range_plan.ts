/** A range of an index as the person builds it, as the server takes it, and as a query would say it. No page in here. */
import type { Bound, Comparison } from "./messages.ts";

export const OPERATIONS = {
  any: "any",
  eq: "is",
  absent: "is absent",
  gte: "from",
  gt: "above",
  lte: "up to",
  lt: "below",
  between: "between",
} as const;

export type Operation = keyof typeof OPERATIONS;

/** What is chosen for one field of the index; `until` is the upper end of "between". */
export interface Choice {
  field: string;
  operation: Operation;
  text: string;
  until: string;
}

const TYPES = { eq: "Eq", gte: "Gte", gt: "Gt", lte: "Lte", lt: "Lt" } as const;

/** The comparisons that are complete. They end with the first field that is not compared by "is": an index goes no further. */
export function boundsOf(choices: readonly Choice[]): Bound[] {
  const bounds: Bound[] = [];
  for (const choice of choices) {
    bounds.push(...boundsOfOne(choice));
    if (!isEqual(choice)) break;
  }
  return bounds;
}

function boundsOfOne({ field, operation, text, until }: Choice): Bound[] {
  switch (operation) {
    case "any":
      return [];
    case "absent":
      return [{ type: "Eq", field, text: "" }];
    case "between":
      return [{ type: "Gte", field, text } as const, { type: "Lte", field, text: until } as const].filter((bound) => bound.text !== "");
    default:
      return text === "" ? [] : [{ type: TYPES[operation], field, text }];
  }
}

/** Whether the next field of the index may be compared, too. */
export function isEqual({ operation, text }: Choice): boolean {
  return operation === "absent" || (operation === "eq" && text !== "");
}

/** The line to write in a query for these rows in this order. */
export function planCode(table: string, index: string | null, range: readonly Comparison[], order: "asc" | "desc"): string {
  const steps = range.map(({ type, fieldPath, value }) => `.${type.toLowerCase()}(${JSON.stringify(fieldPath)}, ${literal(value)})`);
  const name = index ?? (steps.length > 0 ? "by_creation_time" : null);
  const by = name === null ? "" : `.withIndex("${name}"${steps.length > 0 ? `, (q) => q${steps.join("")}` : ""})`;
  return `ctx.db.query(${JSON.stringify(table)})${by}${order === "desc" ? '.order("desc")' : ""}`;
}

const WORDS: Record<Comparison["type"], string> = { Eq: "is", Gt: "above", Gte: "from", Lt: "below", Lte: "up to" };

/** The same in words. `count` of `total` rows lie in the range. */
export function planWords(index: string | null, range: readonly Comparison[], count: number, total: number): string {
  const by = index ?? "by_creation_time";
  if (range.length === 0) return `All ${grouped(total)} rows, in the order of ${by}.`;
  const parts = range.map(({ type, fieldPath, value }) => (isUndefined(value) ? `${fieldPath} is absent` : `${fieldPath} ${WORDS[type]} ${literal(value)}`));
  return `${by} holds these ${grouped(count)} of ${grouped(total)} rows side by side: ${parts.join(", ")}. No other row is read.`;
}

function isUndefined(value: unknown): boolean {
  return typeof value === "object" && value !== null && "$undefined" in value;
}

function literal(value: unknown): string {
  if (isUndefined(value)) return "undefined";
  if (typeof value === "object" && value !== null && "$integer" in value) {
    const bytes = Uint8Array.from(atob(String(value.$integer)), (character) => character.charCodeAt(0));
    return `${new DataView(bytes.buffer).getBigInt64(0, true)}n`;
  }
  return JSON.stringify(value);
}

function grouped(count: number): string {
  return count.toLocaleString("en");
}
