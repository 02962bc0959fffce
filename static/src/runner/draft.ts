/**
 * What a learner has entered into the form of a function, and the Convex value that it means. Pure.
 *
 * A draft is kept loosely: it holds whatever was entered under a name, also what the present validator has no use for.
 * So an entered value survives another validator, another choice of a union, and a switch that is turned off and on.
 */
import { jsonToConvex, type Value } from "convex/values";
import type { Field, Validator } from "./messages.ts";

export interface Draft {
  text?: string;
  /** Whether an optional field is given. */
  isGiven?: boolean;
  /** Which member of a union. */
  choice?: number;
  fields?: Record<string, Draft>;
  items?: Draft[];
  keys?: string[];
}

/** `path` is "tags.0"; "" for the arguments as a whole. */
export interface FieldError {
  path: string;
  message: string;
}

export interface Entered {
  value: Value | undefined;
  errors: FieldError[];
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const SPECIAL_NUMBERS: Record<string, number> = { NaN, Infinity, "+Infinity": Infinity, "-Infinity": -Infinity };

export function join(path: string, name: string | number): string {
  return path === "" ? String(name) : `${path}.${name}`;
}

const fine = (value: Value): Entered => ({ value, errors: [] });
const wrong = (path: string, message: string): Entered => ({ value: undefined, errors: [{ path, message }] });

/** The value that the draft means, or what is wrong with it and where. */
export function enteredValue(validator: Validator, draft: Draft, path = ""): Entered {
  const text = draft.text ?? "";
  switch (validator.type) {
    case "string":
      return fine(text);
    case "number":
      return numberOf(text, path);
    case "bigint":
      return int64Of(text, path);
    case "boolean":
      return fine(text === "true");
    case "null":
      return fine(null);
    case "bytes":
      return bytesOf(text, path);
    case "literal":
      return fine(jsonToConvex(validator.value as never));
    case "id":
      return text.trim() === "" ? wrong(path, `Choose a row of ${validator.tableName}, or enter an id.`) : fine(text.trim());
    case "any":
      return jsonOf(text, path);
    case "array":
      return arrayOf(validator.value, draft, path);
    case "record":
      return recordOf(validator.values.fieldType, draft, path);
    case "object":
      return objectOf(validator.value, draft, path);
    case "union":
      return unionOf(validator.value, draft, path);
  }
}

function numberOf(text: string, path: string): Entered {
  const trimmed = text.trim();
  const special = SPECIAL_NUMBERS[trimmed];
  if (special !== undefined) return fine(special);
  if (trimmed === "") return wrong(path, "Enter a number.");
  const number = Number(trimmed);
  if (Number.isNaN(number)) return wrong(path, `“${cut(trimmed)}” is not a number. NaN and Infinity are numbers, too.`);
  return Number.isFinite(number) ? fine(number) : wrong(path, "This number is too large; enter Infinity if that is what you mean.");
}

function int64Of(text: string, path: string): Entered {
  const digits = text.trim().replace(/n$/, "");
  if (!/^[+-]?\d{1,20}$/.test(digits)) return wrong(path, "Enter a whole number, like 42 or 42n.");
  const number = BigInt(digits.replace(/^\+/, ""));
  return number >= INT64_MIN && number <= INT64_MAX ? fine(number) : wrong(path, "An int64 lies between −2⁶³ and 2⁶³ − 1.");
}

function bytesOf(text: string, path: string): Entered {
  try {
    return fine(Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0)).buffer);
  } catch {
    return wrong(path, "This is not base64: letters, digits, + and /, filled up with = to a multiple of four.");
  }
}

function jsonOf(text: string, path: string): Entered {
  if (text.trim() === "") return wrong(path, "Enter a value as JSON, for example {\"name\": \"Ada\"} or 3.");
  try {
    return fine(jsonToConvex(JSON.parse(text)));
  } catch (error) {
    return wrong(path, `This is not JSON of a Convex value: ${(error as Error).message}.`.replace(/\.\.$/, "."));
  }
}

function arrayOf(element: Validator, draft: Draft, path: string): Entered {
  const items = (draft.items ?? []).map((item, at) => enteredValue(element, item, join(path, at)));
  const errors = items.flatMap((item) => item.errors);
  return { value: errors.length > 0 ? undefined : items.map(({ value }) => value as Value), errors };
}

function recordOf(values: Validator, draft: Draft, path: string): Entered {
  const keys = draft.keys ?? [];
  const errors: FieldError[] = [];
  const entries: [string, Value][] = [];
  keys.forEach((key, at) => {
    const { value, errors: wrongs } = enteredValue(values, draft.items?.[at] ?? {}, join(path, at));
    errors.push(...wrongs);
    if (keys.indexOf(key) !== at) errors.push({ path: join(path, at), message: `The key “${cut(key)}” is there twice.` });
    if (!/^[ -~]+$/.test(key) || /^[$_]/.test(key)) {
      errors.push({ path: join(path, at), message: "A key is made of ASCII characters and begins with neither $ nor _." });
    }
    if (value !== undefined) entries.push([key, value]);
  });
  return { value: errors.length > 0 ? undefined : Object.fromEntries(entries), errors };
}

function objectOf(fields: Record<string, Field>, draft: Draft, path: string): Entered {
  const errors: FieldError[] = [];
  const entries: [string, Value][] = [];
  for (const [name, { fieldType, optional }] of Object.entries(fields)) {
    const own = draft.fields?.[name] ?? {};
    if (optional && !own.isGiven) continue;
    const { value, errors: wrongs } = enteredValue(fieldType, own, join(path, name));
    errors.push(...wrongs);
    if (value !== undefined) entries.push([name, value]);
  }
  return { value: errors.length > 0 ? undefined : Object.fromEntries(entries), errors };
}

/** A member's own draft lies under its number, so that each choice keeps what was entered for it. */
export function memberDraft(draft: Draft, choice: number): Draft {
  draft.fields ??= {};
  return (draft.fields[`#${choice}`] ??= {});
}

function unionOf(members: readonly Validator[], draft: Draft, path: string): Entered {
  const choice = Math.min(draft.choice ?? 0, members.length - 1);
  const member = members[choice];
  if (!member) return wrong(path, "No value fits v.union() without members.");
  return enteredValue(member, draft.fields?.[`#${choice}`] ?? {}, path);
}

const cut = (text: string): string => (text.length > 30 ? `${text.slice(0, 29)}…` : text);

/** A validator in a word or two, as a choice of a union or beside a field reads it. */
export function nameOf(validator: Validator): string {
  switch (validator.type) {
    case "bigint":
      return "int64";
    case "literal":
      return JSON.stringify(literalText(validator.value));
    case "id":
      return `id of ${validator.tableName}`;
    case "array":
      return `array of ${nameOf(validator.value)}`;
    case "record":
      return `record of ${nameOf(validator.values.fieldType)}`;
    case "object":
      return `object {${Object.keys(validator.value).join(", ")}}`;
    case "union":
      return validator.value.map(nameOf).join(" or ");
    case "any":
      return "any, as JSON";
    default:
      return validator.type;
  }
}

function literalText(value: unknown): unknown {
  const converted = jsonToConvex(value as never);
  return typeof converted === "bigint" ? `${converted}n` : converted;
}

/** Where Convex says an argument is wrong: "Path: .address.city" → "address.city"; null when it does not say. */
export function pathInMessage(message: string): string | null {
  const missing = /Object is missing the required field `([^`]+)`/.exec(message)?.[1];
  const path = /^Path: (\S+)$/m.exec(message)?.[1]?.replace(/^\./, "").replace(/\[(\w+)\]/g, ".$1");
  if (missing) return path ? join(path, missing) : missing;
  return path ?? null;
}
