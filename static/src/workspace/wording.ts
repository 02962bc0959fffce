/** How figures, documents and reads are said. Pure, so that it can be tested without a page. */
import type { Document, ReadMessage, WriteMessage } from "./messages.ts";

const ID_SHOWN = 4;
const TEXT_SHOWN = 40;
/** Numbers from 2001 to 2286 in milliseconds: read as a time in a field that says it is one. */
const TIME_MIN_MS = 1e12;
const TIME_MAX_MS = 1e13;

export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en");
}

/** 0.034 · 1.2 · 33.4 · 214: three figures at most, the unit stands elsewhere. */
export function formatMs(ms: number): string {
  if (ms >= 100) return formatCount(ms);
  if (ms >= 1) return ms.toFixed(1);
  return ms >= 0.1 ? ms.toFixed(2).replace(/0$/, "") : ms.toFixed(3);
}

/** 812 B · 1.2 kB · 3.4 MB. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A time of day in the reader's own zone, 24 hours. */
export function formatClock(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

export function shortId(id: string): string {
  return id.length > ID_SHOWN + 1 ? `${id.slice(0, ID_SHOWN)}…` : id;
}

/** The function's own name: "listActive" of "signups:listActive"; a default export goes by its module. */
export function functionName(path: string): string {
  const [module = path, name = "default"] = path.split(":");
  return name === "default" ? module : name;
}

/** What a person would call this document: its name, else its first readable text, else its id. */
export function documentName(document: Document): string {
  for (const field of ["name", "title", "fullName", "text", "body", "label"]) {
    const value = document[field];
    if (typeof value === "string" && value.trim()) return shorten(value);
  }
  const text = Object.entries(document).find(
    ([field, value]) => !field.startsWith("_") && !field.endsWith("Id") && typeof value === "string" && value.trim(),
  );
  return text ? shorten(text[1] as string) : shortId(String(document._id ?? "a row"));
}

function shorten(text: string): string {
  return text.length > TEXT_SHOWN ? `${text.slice(0, TEXT_SHOWN - 1)}…` : text;
}

/** What a mutation wrote, in words and, when it is one row, that row's name. */
export function describeWrites(writes: readonly WriteMessage[]): { text: string; name: string | null } {
  if (writes.length === 0) return { text: "nothing changed", name: null };
  const kinds = new Set(writes.map(writeKind));
  const verb = kinds.size === 1 ? [...kinds][0] : "written";
  const only = writes.length === 1 ? (writes[0]?.after ?? writes[0]?.before) : undefined;
  return { text: `${plural(writes.length, "row")} ${verb}`, name: only ? documentName(only) : null };
}

function writeKind(write: WriteMessage): "added" | "removed" | "changed" {
  if (!write.before) return "added";
  return write.after ? "changed" : "removed";
}

/** The classic missing `await`, with the names of what was not waited for, or null. */
export function describeUnawaited(operations: readonly string[]): string | null {
  if (operations.length === 0) return null;
  const counts = new Map<string, number>();
  for (const operation of operations) counts.set(operation, (counts.get(operation) ?? 0) + 1);
  const names = [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${formatCount(count)}`));
  return `await is missing: ${names.join(", ")}`;
}

export function isFullScan(read: ReadMessage): boolean {
  return read.index === null;
}

/** The facts of one read for its chip: how it was found, and how many documents that cost. */
export function describeRead(read: ReadMessage): string {
  const plan = isFullScan(read) ? "full scan" : read.plan;
  return `${plan} · ${formatCount(read.documents)} read`;
}

/** How one cell reads. `exact` is the untruncated value for its tooltip. */
export interface Cell {
  text: string;
  kind: "none" | "id" | "time" | "number" | "text" | "other";
  exact: string;
}

export function describeCell(field: string, value: unknown): Cell {
  if (value === undefined) return { text: "none", kind: "none", exact: "this row has no such field" };
  if (field === "_id") return { text: shortId(String(value)), kind: "id", exact: String(value) };
  if (typeof value === "number") return describeNumber(field, value);
  if (typeof value === "string") return { text: value, kind: "text", exact: value };
  const exact = readableValue(value);
  return { text: exact, kind: "other", exact };
}

function describeNumber(field: string, value: number): Cell {
  const saysTime = field === "_creationTime" || /(At|Time|Date)$/.test(field);
  if (saysTime && value >= TIME_MIN_MS && value <= TIME_MAX_MS) {
    return { text: formatClock(value), kind: "time", exact: `${value} · ${new Date(value).toISOString()}` };
  }
  return { text: String(value), kind: "number", exact: String(value) };
}

/** Convex's JSON has {"$integer": base64} and its like for what JSON lacks; small documents read as JSON. */
function readableValue(value: unknown): string {
  if (value && typeof value === "object" && !Array.isArray(value)) {
    const [key, inner] = Object.entries(value)[0] ?? [];
    if (key === "$integer" && typeof inner === "string") return `${decodeInt64(inner)}n`;
    if (key === "$float" && typeof inner === "string") return String(decodeFloat(inner));
    if (key === "$bytes" && typeof inner === "string") return `bytes(${atob(inner).length})`;
  }
  return JSON.stringify(value);
}

function eightBytes(base64: string): DataView {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new DataView(bytes.buffer);
}

function decodeInt64(base64: string): bigint {
  return eightBytes(base64).getBigInt64(0, true);
}

function decodeFloat(base64: string): number {
  return eightBytes(base64).getFloat64(0, true);
}
