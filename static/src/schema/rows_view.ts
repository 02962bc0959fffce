/** The rows that do not match, and for each field the three steps that bring rows and schema together. */
import { bus } from "../workspace/bus.ts";
import { jumpTo } from "../workspace/jump.ts";
import { el } from "../workspace/marks.ts";
import { formatCount, plural, shortId } from "../workspace/wording.ts";
import type { Fault, Rehearsal, RehearsedTable, RowFault } from "./messages.ts";
import { type Migration, migrationsOf } from "./migration.ts";

const WHAT: Record<Fault, string> = { missing: "missing", extra: "not in the schema", type: "another type" };
const COPIED_MS = 2_000;
const SCHEMA = { file: "convex/schema.ts", line: 1, column: 1 };

export function mismatchView(table: RehearsedTable, rehearsal: Rehearsal): HTMLElement {
  const rows = rehearsal.rows.filter((row) => row.table === table.name);
  const all = table.faults.reduce((sum, { rows: count }) => sum + count, 0);
  return el(
    "section",
    { class: "mismatch", "aria-label": `Rows of ${table.name} that do not match` },
    el("h2", {}, `${plural(table.mismatched, "row")} of ${table.name} ${table.mismatched === 1 ? "does" : "do"} not match the schema`),
    ...migrationsOf(table, rows).map(guide),
    el(
      "details",
      { class: "rows" },
      el("summary", {}, all > rows.length ? `The first ${formatCount(rows.length)} of ${formatCount(all)} mismatches` : plural(all, "mismatch", "mismatches")),
      rowsTable(rows),
    ),
  );
}

/** The code does nothing by itself: it is to be read, taken over and understood. */
function guide({ title, steps }: Migration): HTMLElement {
  return el(
    "div",
    { class: "guide" },
    el("p", { class: "guide-title" }, ...withCode(title)),
    el(
      "ol",
      {},
      ...steps.map(({ name, words, code }) =>
        el(
          "li",
          {},
          el("p", {}, el("b", {}, name), ". ", ...withCode(words), " ", name === "Back-fill" ? null : jumpTo(SCHEMA, "Open schema.ts")),
          el("div", { class: "code-copy" }, el("pre", { tabindex: 0, "aria-label": `Code of the step: ${name}`, role: "region" }, code), copyButton(name, code)),
        )
      ),
    ),
  );
}

function copyButton(step: string, code: string): HTMLElement {
  const button = el("button", { class: "btn sm", type: "button", "aria-label": `Copy the code of the step: ${step}` }, "Copy");
  const say = (words: string): void => {
    button.textContent = words;
    setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
  };
  button.addEventListener("click", () => {
    // A page that is not reached over https, as in a classroom, has no clipboard: the code is marked for Ctrl C.
    if (navigator.clipboard) navigator.clipboard.writeText(code).then(() => say("Copied"), () => say(markCode(button)));
    else say(markCode(button));
  });
  return button;
}

function markCode(button: HTMLElement): string {
  const pre = button.parentElement?.querySelector("pre");
  if (pre) getSelection()?.selectAllChildren(pre);
  return "Marked: Ctrl C copies";
}

function withCode(words: string): (Node | string)[] {
  return words.split("`").map((part, at) => (at % 2 === 0 ? part : el("code", {}, part)));
}

function rowsTable(rows: readonly RowFault[]): HTMLElement {
  return el(
    "table",
    { class: "sheet" },
    el("thead", {}, el("tr", {}, ...["row", "field", "what", "value"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, el("td", {}, rowJump(row)), el("td", {}, row.field || "the whole row"), el("td", {}, WHAT[row.fault]), el("td", { class: "mono", title: row.value ?? "" }, row.value ?? "none")))),
  );
}

function rowJump({ table, id }: RowFault): HTMLElement {
  const button = el("button", { class: "jump", type: "button", title: id, "aria-label": `${shortId(id)}: show this row in Data` }, shortId(id));
  button.addEventListener("click", () => bus.emit("show-row", { table, id }));
  return button;
}
