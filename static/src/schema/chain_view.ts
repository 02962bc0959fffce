/** The chain as tables: a line for each field, a line for each function; every use is a jump, every break has its words. */
import { jumpTo } from "../workspace/jump.ts";
import { el, icon } from "../workspace/marks.ts";
import type { Place } from "../workspace/messages.ts";
import { formatCount, plural } from "../workspace/wording.ts";
import type { ChainField, ChainFunction, ChainTable, ChainUse } from "./chain.ts";
import type { Fault } from "./messages.ts";

const USES_SHOWN = 4;
const FAULT_WORDS: Record<Fault, string> = { missing: "without it", extra: "still have it", type: "hold another type" };

export function tableView(table: ChainTable): HTMLElement {
  const { rows, fields } = table;
  const count = rows === null ? "" : rows.checked < rows.total ? `${formatCount(rows.checked)} of ${plural(rows.total, "row")} looked at` : plural(rows.total, "row");
  return section(table.name, count, ["field", "functions", "components", "stored rows"], fields.map((field) => fieldLine(field, rows)));
}

export function functionsView(functions: readonly ChainFunction[]): HTMLElement {
  return section("Functions", "", ["function", "functions that call it", "components that call it"], functions.map(functionLine));
}

function section(name: string, note: string, columns: readonly string[], lines: HTMLElement[]): HTMLElement {
  return el(
    "table",
    { class: "chain" },
    el("caption", {}, el("b", {}, name), note && el("span", { class: "muted" }, ` ${note}`)),
    el("thead", {}, el("tr", {}, ...columns.map((column) => el("th", { scope: "col" }, column)))),
    el("tbody", {}, ...lines),
  );
}

function fieldLine(field: ChainField, rows: ChainTable["rows"]): HTMLElement {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, nameView(field.name, field.place), " ", field.type === null ? breakMark("not in the schema") : el("code", { class: "muted" }, field.type)),
    el("td", { "data-label": "functions" }, usesView(field.functions)),
    el("td", { "data-label": "components" }, usesView(field.components)),
    el("td", { "data-label": "stored rows" }, ...rowsView(field, rows)),
  );
}

function functionLine({ path, kind, place, functions, components }: ChainFunction): HTMLElement {
  const name = path.replaceAll("/", ".").replace(":", ".");
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, nameView(name, place), " ", kind === null ? breakMark("not exported") : el("span", { class: "muted" }, kind)),
    el("td", { "data-label": "functions" }, usesView(functions)),
    el("td", { "data-label": "components" }, usesView(components)),
  );
}

function nameView(name: string, place: Place | null): HTMLElement {
  return place ? jumpTo(place, name) : el("span", {}, name);
}

function breakMark(words: string): HTMLElement {
  return el("span", { class: "break" }, icon("cross"), words);
}

function usesView(uses: readonly ChainUse[]): HTMLElement {
  if (uses.length === 0) return el("span", { class: "muted" }, "none");
  // What is broken comes first: it is what one looks for.
  const ordered = [...uses].sort((a, b) => Number(b.broken !== null) - Number(a.broken !== null));
  const shown = ordered.slice(0, USES_SHOWN).map(useView);
  const rest = ordered.slice(USES_SHOWN);
  const more = rest.length > 0 && el("details", {}, el("summary", {}, `and ${plural(rest.length, "more")}`.replace(/mores$/, "more")), el("ul", {}, ...rest.map(useView)));
  return el("div", {}, el("ul", {}, ...shown), more);
}

function useView(use: ChainUse): HTMLElement {
  const jump = jumpTo(use, `${use.file.replace(/^(?:convex|src)\//, "")}:${use.line}`);
  if (use.broken === null) return el("li", {}, jump);
  return el("li", { class: "break" }, icon("cross"), jump, el("span", { class: "why", title: use.broken }, use.broken));
}

function rowsView(field: ChainField, rows: ChainTable["rows"]): HTMLElement[] {
  if (rows === null) return [el("span", { class: "muted" }, "not counted")];
  if (field.faults.length > 0) {
    return field.faults.map(({ fault, rows: count }) => el("div", {}, breakMark(`${formatCount(count)} ${count === 1 ? singular(fault) : FAULT_WORDS[fault]}`)));
  }
  if (field.type === null) return [el("span", { class: "muted" }, "none has it")];
  return [el("span", { class: "badge ok" }, icon("tick"), rows.total === 0 ? "no rows" : "all match")];
}

function singular(fault: Fault): string {
  return FAULT_WORDS[fault].replace(/^still have/, "still has").replace(/^hold /, "holds ");
}
