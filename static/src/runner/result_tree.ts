/**
 * A Convex value as a tree that unfolds. Children are built when they are asked for, a hundred at a time, and long text
 * is cut with a way to more: a result of ten megabytes costs no more than what is looked at.
 */
import type { Value } from "convex/values";
import { el, icon } from "../workspace/marks.ts";
import { formatCount, plural } from "../workspace/wording.ts";

const CHILDREN_PER_STEP = 100;
const TEXT_SHOWN = 300;
const TEXT_PER_STEP = 20_000;
const SUMMARY_FIELDS = 4;
const SUMMARY_TEXT = 24;

/** What is unfolded and how far, by path: a live result that comes again looks as it was left. */
export class Unfolded {
  readonly open = new Set([""]);
  readonly shown = new Map<string, number>();
}

export function resultTree(value: Value, unfolded = new Unfolded()): HTMLElement {
  return el("div", { class: "tree" }, node(null, value, "", unfolded));
}

function node(name: string | null, value: Value, path: string, unfolded: Unfolded): HTMLElement {
  const label = name === null ? null : el("span", { class: "key" }, `${name}: `);
  const entries = entriesOf(value);
  if (!entries || entries.length === 0) return el("div", { class: "leaf" }, label, leaf(value));
  const list = el("ul");
  const chevron = icon("chev");
  chevron.classList.add("chev");
  const details = el("details", { open: unfolded.open.has(path) }, el("summary", {}, chevron, label, el("span", { class: "muted" }, summaryOf(value))), list);
  const fill = (): void => {
    if (details.open) unfolded.open.add(path);
    else unfolded.open.delete(path);
    if (details.open && list.childElementCount === 0) addChildren(list, entries, 0, path, unfolded);
  };
  details.addEventListener("toggle", fill);
  fill();
  return details;
}

function entriesOf(value: Value): [string, Value][] | null {
  if (Array.isArray(value)) return value.map((item, at) => [String(at), item]);
  if (value === null || typeof value !== "object" || value instanceof ArrayBuffer) return null;
  return Object.entries(value) as [string, Value][];
}

function addChildren(list: HTMLElement, entries: readonly [string, Value][], from: number, path: string, unfolded: Unfolded): void {
  const end = Math.max(from + CHILDREN_PER_STEP, unfolded.shown.get(path) ?? 0);
  const step = entries.slice(from, end);
  list.append(...step.map(([name, value]) => el("li", {}, node(name, value, `${path}.${name}`, unfolded))));
  const rest = entries.length - from - step.length;
  if (rest <= 0) return;
  const more = el("button", { class: "btn sm", type: "button" }, `Show ${formatCount(Math.min(rest, CHILDREN_PER_STEP))} more of ${formatCount(rest)}`);
  const item = el("li", {}, more);
  more.addEventListener("click", () => {
    item.remove();
    unfolded.shown.set(path, end + CHILDREN_PER_STEP);
    addChildren(list, entries, end, path, unfolded);
    (list.children[end]?.querySelector("summary") ?? list.lastElementChild?.querySelector<HTMLElement>("button"))?.focus();
  });
  list.append(item);
}

/** What stands beside a folded node: "[3 items]", "{name: "Ada", bus: 2, …}". */
export function summaryOf(value: Value): string {
  if (Array.isArray(value)) return `[${plural(value.length, "item")}]`;
  if (value === null || typeof value !== "object" || value instanceof ArrayBuffer) return shortText(value);
  const entries = Object.entries(value) as [string, Value][];
  const own = entries.filter(([name]) => !name.startsWith("_"));
  const shown = own.slice(0, SUMMARY_FIELDS).map(([name, inner]) => `${name}: ${shortText(inner)}`);
  return `{${[...shown, ...(shown.length < entries.length ? ["…"] : [])].join(", ")}}`;
}

function shortText(value: Value): string {
  if (Array.isArray(value)) return `[${formatCount(value.length)}]`;
  if (value instanceof ArrayBuffer) return bytesText(value);
  if (value !== null && typeof value === "object") return "{…}";
  const text = scalarText(value);
  return text.length > SUMMARY_TEXT ? `${text.slice(0, SUMMARY_TEXT - 1)}…` : text;
}

/** Each type reads as one writes it in TypeScript: 3n is an int64, -0 and NaN are themselves. */
export function scalarText(value: Exclude<Value, object> | null): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  return Object.is(value, -0) ? "-0" : String(value);
}

function bytesText(value: ArrayBuffer): string {
  const bytes = new Uint8Array(value.slice(0, 16));
  const start = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `bytes(${formatCount(value.byteLength)}) ${start}${value.byteLength > 16 ? " …" : ""}`;
}

function leaf(value: Value): HTMLElement {
  if (value instanceof ArrayBuffer) return el("span", { class: "v-bytes" }, bytesText(value));
  if (Array.isArray(value)) return el("span", { class: "muted" }, "[]");
  if (value !== null && typeof value === "object") return el("span", { class: "muted" }, "{}");
  const kind = value === null ? "null" : typeof value;
  const text = scalarText(value as Exclude<Value, object> | null);
  return text.length > TEXT_SHOWN ? longText(text, kind) : el("span", { class: `v-${kind}` }, text);
}

function longText(text: string, kind: string): HTMLElement {
  let shown = TEXT_SHOWN;
  const words = el("span", { class: `v-${kind}` }, text.slice(0, shown));
  const more = el("button", { class: "btn sm", type: "button" });
  const say = (): void => {
    words.textContent = text.slice(0, shown);
    more.hidden = shown >= text.length;
    more.textContent = `Show more of ${formatCount(text.length)} characters`;
  };
  more.addEventListener("click", () => {
    shown += TEXT_PER_STEP;
    say();
  });
  say();
  return el("span", {}, words, " ", more);
}
