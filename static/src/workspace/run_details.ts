/** Everything that is known of one run, unfolded below its line: arguments, reads, writes, result, tries, log. */
import { bus } from "./bus.ts";
import { el } from "./marks.ts";
import type { Document, ReadMessage, RunMessage, WriteMessage } from "./messages.ts";
import { changedFields } from "./row_changes.ts";
import { type ResultChange, resultChanges } from "./result_changes.ts";
import { scanAdvice } from "./scan_advice.ts";
import { describeCell, documentName, formatBytes, formatCount, formatMs, functionName, plural, shortId } from "./wording.ts";

const ROWS_SHOWN = 50;
const TEXT_SHOWN = 2_000;

/** `before` is the run of the same query before this one, where the page saw it. */
export function detailsView(run: RunMessage, before: RunMessage | null): HTMLElement {
  return el(
    "dl",
    { class: "run-details" },
    ...part("Called", code(`${run.path}(${argumentsOf(run.args)})`)),
    ...part("Took", `${formatMs(run.total_ms)} ms: ${formatMs(run.store_ms)} in the store, ${formatMs(Math.max(0, run.total_ms - run.store_ms))} in the function`),
    ...(run.conflicts.length > 0 ? part("Tries", list(run.conflicts.map(describeConflict))) : []),
    ...(run.reads.length > 0 ? part("Read", readsTable(run.reads)) : []),
    ...adviceParts(run.reads),
    ...(run.writes.length > 0 ? part("Wrote", list(run.writes.map(writeView), run.writes.length)) : []),
    ...resultParts(run, before),
    ...(run.log_lines.length > 0 ? part("Printed", el("pre", { class: "log" }, run.log_lines.join("\n"))) : []),
  );
}

function part(name: string, ...content: (Node | string)[]): HTMLElement[] {
  return [el("dt", {}, name), el("dd", {}, ...content)];
}

function code(text: string): HTMLElement {
  const isLong = text.length > TEXT_SHOWN;
  return el("code", {}, isLong ? `${text.slice(0, TEXT_SHOWN)}…` : text);
}

/** Clients send a list with one object; an object is what the function sees. */
function argumentsOf(args: string): string {
  return args.startsWith("[") && args.endsWith("]") ? args.slice(1, -1) : args;
}

function list(items: (HTMLElement | string)[], count = items.length): HTMLElement {
  const shown = items.slice(0, ROWS_SHOWN).map((item) => el("li", {}, item));
  if (count > ROWS_SHOWN) shown.push(el("li", { class: "muted" }, `and ${formatCount(count - ROWS_SHOWN)} more`));
  return el("ul", {}, ...shown);
}

export function describeConflict(conflict: RunMessage["conflicts"][number]): string {
  const who = conflict.by?.includes(":") ? functionName(conflict.by) : "another commit";
  const what = conflict.id === null ? `a row of ${conflict.table}` : `row ${shortId(conflict.id)} of ${conflict.table}`;
  return `Meanwhile ${who} changed ${what}, which this run had read. It ran again from the start.`;
}

function readsTable(reads: readonly ReadMessage[]): HTMLElement {
  const head = el("tr", {}, ...["how", "documents", "size", "ms"].map((name, at) => el("th", { scope: "col", class: at > 0 && "r" }, name)));
  const rows = reads.slice(0, ROWS_SHOWN).map((read) =>
    el(
      "tr",
      {},
      el("td", { class: "mono" }, `${read.table}: ${read.index === null ? "full scan" : read.plan}${read.order === "desc" ? ", descending" : ""}`),
      el("td", { class: "r" }, formatCount(read.documents)),
      el("td", { class: "r" }, formatBytes(read.bytes)),
      el("td", { class: "r" }, formatMs(read.store_ms)),
    )
  );
  const rest = reads.length > ROWS_SHOWN ? [el("tr", {}, el("td", { colspan: 4, class: "muted" }, `and ${formatCount(reads.length - ROWS_SHOWN)} more`))] : [];
  return el("table", { class: "sheet" }, el("thead", {}, head), el("tbody", {}, ...rows, ...rest));
}

function adviceParts(reads: readonly ReadMessage[]): HTMLElement[] {
  const scan = reads.find((read) => read.index === null && read.filtered_by.length > 0);
  if (!scan) return [];
  const table = bus.latest("tables")?.find(({ name }) => name === scan.table);
  const { declaration, reading } = scanAdvice(table, scan);
  const lines = [
    declaration !== null && el("li", {}, `In schema.ts, below ${scan.table}: `, el("code", {}, declaration)),
    reading !== null && el("li", {}, "In the query, instead of the filter: ", el("code", {}, reading)),
  ];
  return part("Narrow it", el("ul", {}, ...lines));
}

function writeView(write: WriteMessage): HTMLElement {
  return changeView(write.table, write.before, write.after);
}

function changeView(prefix: string, before: Document | null, after: Document | null): HTMLElement {
  const name = documentName(after ?? before ?? {});
  const where = prefix === "" ? "" : `${prefix}: `;
  if (before === null) return el("span", {}, where, el("b", {}, name), " added");
  if (after === null) return el("span", {}, where, el("b", {}, name), " removed");
  const fields = [...changedFields(before, after)];
  const changes = fields.map((field) => `${field}: ${cellText(field, before)} → ${cellText(field, after)}`);
  return el("span", {}, where, el("b", {}, name), ` ${changes.join(", ")}`);
}

function cellText(field: string, document: Document): string {
  const { text } = describeCell(field, document[field]);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function resultParts(run: RunMessage, before: RunMessage | null): HTMLElement[] {
  if (run.result === null) return [];
  const changes = before === null ? null : resultChanges(before.result, run.result);
  const whole = el("details", {}, el("summary", {}, "the whole result"), el("pre", {}, run.result));
  if (changes === null) return part("Returned", code(run.result));
  if (changes.length === 0) return part("Returned", "the same as before. ", whole);
  return part("Returned", list(changes.map(resultChange), changes.length), whole);
}

function resultChange(change: ResultChange): HTMLElement {
  const [before, after] = [change.before, change.after] as (Document | null)[];
  if (change.kind === "came" && after) return el("span", {}, el("b", {}, documentName(after)), " came");
  if (change.kind === "left" && before) return el("span", {}, el("b", {}, documentName(before)), " left");
  if (isDocument(change.before) && isDocument(change.after)) return changeView("", change.before, change.after);
  return el("span", {}, `${brief(change.before)} → ${brief(change.after)}`);
}

function isDocument(value: unknown): value is Document {
  return typeof value === "object" && value !== null && "_id" in value;
}

function brief(value: unknown): string {
  if (Array.isArray(value)) return plural(value.length, "item");
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
