/** The text of a cell while it is edited: what the server reads back as the same value (sandbox/engine/tables). */
import type { FieldInfo } from "./messages.ts";

const ALL_KINDS = ["string", "number", "int64", "boolean", "null", "bytes", "array", "object"];

/** What is known of a field that no schema declares. */
export function anyField(name: string): FieldInfo {
  return { name, kinds: ALL_KINDS, optional: true, type: "v.any()" };
}

export function cellText(value: unknown, field: FieldInfo): string {
  if (value === undefined) return "";
  if (typeof value === "string") return stringText(value, field);
  if (typeof value === "object" && value !== null && "$integer" in value) {
    const digits = int64(String(value.$integer));
    return field.kinds.includes("number") ? `${digits}n` : digits;
  }
  return JSON.stringify(value);
}

function stringText(value: string, field: FieldInfo): string {
  if (value === "") return field.optional || !field.kinds.includes("string") ? '""' : "";
  const isOnlyString = field.kinds.length === 1 && field.kinds[0] === "string";
  if (value.startsWith('"') || (!isOnlyString && readsAsOther(value))) return JSON.stringify(value);
  return value;
}

/** Whether a field of several types would take this text for something that is no string. */
function readsAsOther(text: string): boolean {
  if (/^-?\d+n?$/.test(text) || ["NaN", "Infinity", "-Infinity"].includes(text)) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function int64(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return String(new DataView(bytes.buffer).getBigInt64(0, true));
}

/** What to tell a typist of a field, short: "string", "number or nothing". */
export function fieldHint({ kinds, optional }: FieldInfo): string {
  const named = kinds.length === ALL_KINDS.length ? "any value" : kinds.join(" or ");
  return optional ? `${named}, or nothing` : named;
}
