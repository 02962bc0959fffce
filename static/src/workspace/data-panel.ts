/**
 * <data-panel>: one table of the deployment, live, in the order of one of its indexes. Rows that the last commit changed
 * carry its writer's hue until the next one; a read that is looked at in Runs is tinted here.
 */
import { bus, type BusEvents } from "./bus.ts";
import { type Column, columnsOf, sameColumns } from "./columns.ts";
import { el, icon } from "./marks.ts";
import type { TableInfo, TableMessage } from "./messages.ts";
import { isInRange } from "./read_range.ts";
import { changesOf, type CommitChanges, diffRows } from "./row_changes.ts";
import { RowView } from "./row_view.ts";
import { formatCount, plural } from "./wording.ts";

const ROWS_SHOWN = 100;
const SEED_COUNT = 10_000;
const BUILT_IN = new Set(["by_id", "by_creation_time"]);

export class DataPanel extends HTMLElement {
  #stops: (() => void)[] = [];
  #tables: readonly TableInfo[] = [];
  #table: string | null = null;
  #index: string | null = null;
  #order: "asc" | "desc" = "asc";
  #columns: Column[] = [];
  #shown = new Map<string, RowView>();
  #lastTable: TableMessage | null = null;
  #story: CommitChanges | null = null;
  #focus: BusEvents["read-focus"] = null;
  #isSeeding = false;

  readonly #count = el("span", { class: "muted small num count" });
  readonly #seed = el("button", { class: "btn sm", type: "button" }, `Seed ${formatCount(SEED_COUNT)}`);
  readonly #tableChoice = el("select", { "aria-label": "Table" });
  readonly #indexChoice = el("select", { "aria-label": "Order of rows" });
  readonly #direction = el("button", { class: "btn bare icon", type: "button" });
  readonly #rangeName = el("span", { class: "range-name" });
  readonly #said = el("span", { class: "said push", role: "status" });
  readonly #refused = el("p", { class: "refused", role: "alert", hidden: true });
  readonly #head = el("thead");
  readonly #body = el("tbody");
  readonly #rest = el("p", { class: "rest", hidden: true });
  readonly #empty = el("p", { class: "empty panel-empty", hidden: true });
  readonly #sheet = el("table", { class: "sheet" });
  readonly #scroll = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Rows" });

  connectedCallback(): void {
    this.#sheet.replaceChildren(this.#head, this.#body);
    this.#scroll.replaceChildren(this.#sheet, this.#rest, this.#empty);
    this.replaceChildren(
      el("div", { class: "strip" }, el("div", { class: "tabs" }, el("h2", { class: "tab" }, "Data")), this.#rangeName, this.#count, this.#seed),
      el("div", { class: "axis" }, el("label", {}, "table ", this.#tableChoice), el("label", {}, "order ", this.#indexChoice), this.#direction, this.#said),
      this.#refused,
      this.#scroll,
    );
    this.#showDirection();
    this.#listen();
    this.#takeTables(bus.latest("tables") ?? []);
  }

  disconnectedCallback(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#clearRows();
    this.#table = null;
    this.#columns = [];
  }

  #listen(): void {
    const clicks: [HTMLElement, string, () => void][] = [
      [this.#seed, "click", () => this.#startSeeding()],
      [this.#direction, "click", () => this.#turnAround()],
      [this.#tableChoice, "change", () => this.#chooseTable(this.#tableChoice.value)],
      [this.#indexChoice, "change", () => this.#chooseIndex(this.#indexChoice.value || null)],
    ];
    for (const [element, name, listener] of clicks) element.addEventListener(name, listener);
    this.#stops = [
      () => clicks.forEach(([element, name, listener]) => element.removeEventListener(name, listener)),
      bus.on("tables", (tables) => this.#takeTables(tables)),
      bus.on("table", (table) => this.#showTable(table)),
      bus.on("run", (run) => this.#takeStory(this.#table === null ? null : changesOf(run, this.#table))),
      bus.on("read-focus", (focus) => this.#tint(focus)),
      bus.on("seeded", ({ ms }) => this.#seeded(`added in ${(ms / 1000).toFixed(1)} s`, true)),
      bus.on("server-error", ({ message }) => this.#seeded(message, false)),
      bus.on("connection", ({ state }) => state === "closed" && this.#seeded("", true)),
    ];
  }

  // ── which table, in which order ──

  #takeTables(tables: readonly TableInfo[]): void {
    this.#tables = tables;
    const names = tables.map(({ name }) => name);
    setOptions(this.#tableChoice, names.map((name) => [name, name]), this.#table ?? "");
    const stays = this.#table !== null && names.includes(this.#table);
    if (!stays) this.#chooseTable(names[0] ?? null);
    else this.#showIndexes();
    this.#seed.toggleAttribute("hidden", names.length === 0);
    this.#showEmpty();
  }

  #chooseTable(name: string | null): void {
    this.#table = name;
    this.#lastTable = null;
    this.#story = null;
    this.#index = this.#ownIndexes()[0] ?? null;
    this.#tableChoice.value = name ?? "";
    this.#showIndexes();
    this.#clearRows();
    this.#watch();
  }

  #chooseIndex(index: string | null): void {
    this.#index = index;
    this.#watch();
  }

  #turnAround(): void {
    this.#order = this.#order === "asc" ? "desc" : "asc";
    this.#showDirection();
    this.#watch();
  }

  #showDirection(): void {
    const words = this.#order === "asc" ? "ascending" : "descending";
    this.#direction.replaceChildren(icon(this.#order === "asc" ? "down" : "up"));
    this.#direction.setAttribute("aria-label", `Order: ${words}. Turn around`);
    this.#direction.title = words;
  }

  #ownIndexes(): string[] {
    const table = this.#tables.find(({ name }) => name === this.#table);
    return (table?.indexes ?? []).map(({ name }) => name).filter((name) => !BUILT_IN.has(name));
  }

  #showIndexes(): void {
    const own = this.#ownIndexes();
    if (this.#index !== null && !own.includes(this.#index)) this.#chooseIndex(null);
    const options: [string, string][] = [...own.map((name): [string, string] => [name, name]), ["", "by_creation_time"]];
    setOptions(this.#indexChoice, options, this.#index ?? "");
  }

  #watch(): void {
    if (this.#table === null) return;
    bus.emit("send", { type: "watch", table: this.#table, index: this.#index, order: this.#order, limit: ROWS_SHOWN });
  }

  // ── rows ──

  #showTable(table: TableMessage): void {
    if (table.table !== this.#table) return;
    this.#lastTable = table;
    const columns = columnsOf(table.columns, table.rows);
    if (!sameColumns(columns, this.#columns)) this.#showColumns(columns);
    const { rows, removed } = diffRows(this.#shown, table.rows);
    for (const view of removed) view.element.remove();
    this.#shown = new Map(
      rows.map(({ id, row, kept, isSame }) => {
        const view = kept ?? new RowView(row, this.#columns);
        if (kept && !isSame) kept.update(row);
        return [id, view];
      }),
    );
    this.#place([...this.#shown.values()]);
    this.#mark();
    this.#tint(this.#focus);
    this.#count.textContent = plural(table.count, "row");
    this.#rest.hidden = table.count <= rows.length;
    this.#rest.textContent = `The first ${formatCount(rows.length)} of ${formatCount(table.count)}.`;
    this.#scroll.setAttribute("aria-label", `Rows of ${table.table}`);
    this.#showEmpty();
  }

  /** Moves only what stands in the wrong place, so that focus and selection stay. */
  #place(views: readonly RowView[]): void {
    let next = this.#body.firstElementChild;
    for (const { element } of views) {
      if (element === next) next = next.nextElementSibling;
      else this.#body.insertBefore(element, next);
    }
  }

  #showColumns(columns: Column[]): void {
    this.#columns = columns;
    this.#head.replaceChildren(el("tr", {}, ...columns.map(({ name, kind }) => el("th", { scope: "col", class: `c-${kind}`, title: name }, name))));
    this.#clearRows();
  }

  #clearRows(): void {
    this.#shown.clear();
    this.#body.replaceChildren();
  }

  #showEmpty(): void {
    const hasTables = this.#tables.length > 0;
    const isEmpty = hasTables && this.#lastTable !== null && this.#lastTable.count === 0;
    this.#empty.hidden = hasTables && !isEmpty;
    this.#sheet.hidden = !hasTables || this.#lastTable === null || isEmpty;
    if (!hasTables) {
      this.#count.textContent = "";
      this.#empty.replaceChildren(el("b", {}, "No tables yet."), " Declare one in schema.ts.");
    } else if (isEmpty) {
      this.#empty.replaceChildren(el("b", {}, "No rows yet."), " Add one in a pane, or seed the table.");
    }
  }

  // ── what happened to them ──

  #takeStory(changes: CommitChanges | null): void {
    if (!changes) return;
    this.#story = changes;
    this.#mark();
  }

  #mark(): void {
    for (const [id, view] of this.#shown) view.mark(this.#story?.rows.get(id) ?? null, this.#story?.writer ?? null);
  }

  #tint(focus: BusEvents["read-focus"]): void {
    this.#focus = focus?.read.table === this.#table ? focus : null;
    let count = 0;
    for (const view of this.#shown.values()) {
      view.inRange = this.#focus !== null && isInRange(view.row, this.#focus.read);
      if (this.#focus && isInRange(view.row, this.#focus.read)) count += 1;
    }
    this.#rangeName.textContent = this.#focus ? `${this.#focus.by}: ${plural(count, "row")}` : "";
  }

  #startSeeding(): void {
    if (this.#isSeeding || this.#table === null) return;
    this.#isSeeding = true;
    this.#seed.setAttribute("aria-disabled", "true");
    this.#seed.textContent = "Seeding";
    this.#say("adding rows", true);
    bus.emit("send", { type: "seed", table: this.#table, count: SEED_COUNT });
  }

  #seeded(words: string, isGood: boolean): void {
    if (!this.#isSeeding) return;
    this.#isSeeding = false;
    this.#seed.removeAttribute("aria-disabled");
    this.#seed.textContent = `Seed ${formatCount(SEED_COUNT)}`;
    this.#say(words, isGood);
  }

  #say(words: string, isGood: boolean): void {
    this.#said.textContent = isGood ? words : "";
    this.#refused.hidden = isGood;
    this.#refused.textContent = isGood ? "" : words;
  }
}

function setOptions(select: HTMLSelectElement, options: readonly (readonly [string, string])[], chosen: string): void {
  const shown = [...select.options].map((option) => `${option.value}\0${option.text}`).join();
  if (shown !== options.map(([value, text]) => `${value}\0${text}`).join()) {
    select.replaceChildren(...options.map(([value, text]) => el("option", { value }, text)));
  }
  select.value = chosen;
}

customElements.define("data-panel", DataPanel);
