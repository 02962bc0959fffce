/**
 * <data-panel>: one table of the deployment, live, in the order of one of its indexes. Rows that the last commit changed
 * carry its writer's hue until the next one; a read that is looked at in Runs is tinted here.
 */
import { bus, type BusEvents } from "./bus.ts";
import { DataMenu } from "./data_menu.ts";
import { isGoingLiveFirst } from "./first_deploy.ts";
import { el, icon } from "./marks.ts";
import type { TableInfo, TableMessage } from "./messages.ts";
import { RangeFilter } from "./range_filter.ts";
import { isInRange } from "./read_range.ts";
import { changesOf, type CommitChanges } from "./row_changes.ts";
import { RowEditing } from "./row_editing.ts";
import { RowGrid, type RowsAsked } from "./row_grid.ts";
import { formatCount, plural } from "./wording.ts";

const SEED_COUNT = 10_000;
const SAID_MS = 10_000;
const BUILT_IN = new Set(["by_id", "by_creation_time"]);

export class DataPanel extends HTMLElement {
  #stops: (() => void)[] = [];
  #tables: readonly TableInfo[] = [];
  #table: string | null = null;
  #index: string | null = null;
  #order: "asc" | "desc" = "asc";
  #number = 0;
  #lastTable: TableMessage | null = null;
  #story: CommitChanges | null = null;
  #focus: BusEvents["read-focus"] = null;
  #isSeeding = false;
  #isRangeRefused = false;
  #saidTimer = 0;
  /** A row that somebody wants to see, until its table is there. */
  #wantedRow: string | null = null;
  #askedRow: string | null = null;

  readonly #count = el("span", { class: "muted small num count" });
  readonly #add = el("button", { class: "btn sm", type: "button" }, "Add row");
  readonly #seed = el("button", { class: "btn sm", type: "button" }, `Seed ${formatCount(SEED_COUNT)}`);
  readonly #tableChoice = el("select", { "aria-label": "Table" });
  readonly #indexChoice = el("select", { "aria-label": "Order of rows" });
  readonly #direction = el("button", { class: "btn bare icon", type: "button" });
  readonly #filterButton = el("button", { class: "btn bare sm fold", type: "button", "aria-expanded": "false" }, "Filter");
  readonly #moreButton = el("button", { class: "btn bare sm fold", type: "button", "aria-expanded": "false", "aria-label": "Import and more" }, "More");
  readonly #filter = new RangeFilter(() => this.#begin());
  readonly #rangeName = el("span", { class: "range-name" });
  readonly #said = el("p", { class: "said", role: "status" });
  readonly #refused = el("p", { class: "refused", role: "alert", hidden: true });
  readonly #above = el("div", { class: "above" });
  readonly #empty = el("p", { class: "empty panel-empty", hidden: true });
  readonly #grid = new RowGrid({
    ask: (rows) => this.#watch(rows),
    edit: (row, field, first) => this.#editing.edit(row, field, first),
    remove: (row) => void this.#editing.remove(row),
  });
  readonly #editing = new RowEditing({ grid: this.#grid, above: this.#above, say: (words, isGood) => this.#say(words, isGood) });
  readonly #menu = new DataMenu({
    table: () => (this.#table === null ? null : { name: this.#table, total: this.#lastTable?.total ?? 0 }),
    above: this.#above,
    say: (words, isGood, isProgress) => this.#say(words, isGood, isProgress),
  });

  connectedCallback(): void {
    this.#grid.element.append(this.#empty);
    this.replaceChildren(
      el("div", { class: "strip" }, el("div", { class: "tabs" }, el("h2", { class: "tab" }, "Data")), this.#rangeName, this.#count, this.#add, this.#seed),
      el("div", { class: "axis" }, el("label", {}, "table ", this.#tableChoice), el("label", {}, "order ", this.#indexChoice), this.#direction, this.#filterButton, this.#moreButton),
      this.#menu.element,
      this.#filter.element,
      this.#refused,
      this.#above,
      this.#grid.element,
      this.#said,
    );
    this.#filter.element.hidden = this.#menu.element.hidden = true;
    this.#showDirection();
    this.#listen();
    this.#isLoading(true);
    const tables = bus.latest("tables");
    if (tables) this.#takeTables(tables);
    else for (const button of [this.#seed, this.#add]) button.hidden = true;
  }

  disconnectedCallback(): void {
    for (const stop of this.#stops.splice(0)) stop();
    clearTimeout(this.#saidTimer);
    this.#editing.leave();
    this.#grid.forgetColumns();
    this.#table = null;
  }

  #listen(): void {
    const clicks: [HTMLElement, string, () => void][] = [
      [this.#add, "click", () => this.#editing.add()],
      [this.#filterButton, "click", () => this.#openFilter()],
      [this.#moreButton, "click", () => this.#openMenu()],
      [this.#seed, "click", () => this.#startSeeding()],
      [this.#direction, "click", () => this.#turnAround()],
      [this.#tableChoice, "change", () => this.#chooseTable(this.#tableChoice.value)],
      [this.#indexChoice, "change", () => this.#chooseIndex(this.#indexChoice.value || null)],
    ];
    for (const [element, name, listener] of clicks) element.addEventListener(name, listener);
    this.#stops = [
      () => clicks.forEach(([element, name, listener]) => element.removeEventListener(name, listener)),
      bus.on("tables", (tables) => this.#takeTables(tables)),
      bus.on("status", () => this.#tables.length === 0 && bus.latest("tables") && this.#showEmpty()),
      bus.on("table", (table) => this.#showTable(table)),
      bus.on("table-refused", ({ number, message }) => number === this.#number && this.#refuseRange(message)),
      bus.on("run", (run) => this.#takeStory(this.#table === null ? null : changesOf(run, this.#table))),
      bus.on("show-row", ({ table, id }) => this.#reveal(table, id)),
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
    for (const button of [this.#seed, this.#add]) button.toggleAttribute("hidden", names.length === 0);
    this.#showEmpty();
  }

  #chooseTable(name: string | null): void {
    this.#table = name;
    this.#lastTable = null;
    this.#story = null;
    this.#index = this.#ownIndexes()[0] ?? null;
    this.#tableChoice.value = name ?? "";
    this.#editing.leave();
    this.#menu.follow();
    this.#showIndexes();
    this.#clearFilter();
  }

  #chooseIndex(index: string | null): void {
    this.#index = index;
    this.#clearFilter();
  }

  #turnAround(): void {
    this.#order = this.#order === "asc" ? "desc" : "asc";
    this.#showDirection();
    this.#begin();
  }

  #showDirection(): void {
    const words = this.#order === "asc" ? "ascending" : "descending";
    this.#direction.replaceChildren(icon(this.#order === "asc" ? "down" : "up"));
    this.#direction.setAttribute("aria-label", `Order: ${words}. Turn around`);
    this.#direction.title = words;
  }

  #openMenu(): void {
    this.#moreButton.setAttribute("aria-expanded", String(this.#menu.toggle()));
  }

  #openFilter(): void {
    const { element } = this.#filter;
    element.hidden = !element.hidden;
    this.#filterButton.setAttribute("aria-expanded", String(!element.hidden));
    if (!element.hidden) this.#filter.focus();
    else if (this.#filter.bounds.length > 0) this.#clearFilter();
  }

  /** The fields by which the rows are ordered, in their order. */
  #clearFilter(): void {
    const index = this.#tables.find(({ name }) => name === this.#table)?.indexes.find(({ name }) => name === this.#index);
    this.#filter.reset([...(index?.fields ?? []), "_creationTime"]);
    this.#begin();
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

  /** Other rows than before: from the first on. */
  #begin(): void {
    this.#watch(this.#grid.reset());
  }

  #watch(rows: RowsAsked): void {
    if (this.#table === null) return;
    this.#number += 1;
    bus.emit("send", { type: "watch", number: this.#number, table: this.#table, index: this.#index, range: this.#filter.bounds, order: this.#order, ...rows });
  }

  // ── rows ──

  #showTable(table: TableMessage): void {
    // An answer to an earlier wish: that to the last one is on its way.
    if (table.number !== this.#number) return;
    this.#lastTable = table;
    this.#grid.show(table);
    this.#grid.mark(this.#story);
    this.#editing.follow(table);
    this.#tint(this.#focus);
    this.#showWanted();
    this.#filter.explain(table);
    if (!this.#refused.hidden && this.#isRangeRefused) this.#say("", true);
    this.#isRangeRefused = false;
    this.#count.textContent = table.range.length > 0 ? `${formatCount(table.count)} of ${plural(table.total, "row")}` : plural(table.count, "row");
    this.#showEmpty();
  }

  #refuseRange(message: string): void {
    this.#isRangeRefused = true;
    this.#say(message, false);
  }

  #isLoading(isLoading: boolean): void {
    this.classList.toggle("is-loading", isLoading);
    this.#grid.element.setAttribute("aria-busy", String(isLoading));
  }

  #showEmpty(): void {
    const hasTables = this.#tables.length > 0;
    this.#isLoading(hasTables ? this.#lastTable === null : isGoingLiveFirst());
    const isEmpty = hasTables && this.#lastTable !== null && this.#lastTable.count === 0;
    this.#empty.hidden = hasTables ? !isEmpty : isGoingLiveFirst();
    this.#grid.hidden = !hasTables || this.#lastTable === null || isEmpty;
    if (!hasTables) {
      this.#count.textContent = "";
      this.#empty.replaceChildren(el("b", {}, "No tables yet."), " Declare one in schema.ts.");
    } else if (isEmpty) {
      const isFiltered = (this.#lastTable?.total ?? 0) > 0;
      this.#empty.replaceChildren(
        el("b", {}, isFiltered ? "No rows in this range." : "No rows yet."),
        isFiltered ? " Choose another range, or close the filter." : " Add one here or in a pane, or seed the table.",
      );
    }
  }

  // ── what happened to them ──

  #takeStory(changes: CommitChanges | null): void {
    if (!changes) return;
    this.#story = changes;
    this.#grid.mark(changes);
  }

  #tint(focus: BusEvents["read-focus"]): void {
    this.#focus = focus?.read.table === this.#table ? focus : null;
    let count = 0;
    for (const view of this.#grid.rows) {
      view.inRange = this.#focus !== null && isInRange(view.row, this.#focus.read);
      if (this.#focus && isInRange(view.row, this.#focus.read)) count += 1;
    }
    this.#rangeName.textContent = this.#focus ? `${this.#focus.by}: ${plural(count, "row")}` : "";
  }

  #reveal(table: string, id: string): void {
    this.#wantedRow = id;
    if (table !== this.#table) this.#chooseTable(table);
    else this.#showWanted();
  }

  #showWanted(): void {
    if (this.#wantedRow === null || this.#lastTable === null) return;
    const row = this.#wantedRow;
    const isShown = this.#grid.reveal(row);
    // It is asked for once: what comes then has it, or nothing does.
    if (!isShown && this.#askedRow !== row) {
      this.#askedRow = row;
      return this.#watch(this.#grid.around(row));
    }
    this.#wantedRow = this.#askedRow = null;
    this.#say(isShown ? "" : "This row is not here: it was deleted, or lies outside of the chosen range.", true);
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

  /** Good news goes by itself, a refusal stays. Progress is shown and not read out, line by line. */
  #say(words: string, isGood: boolean, isProgress = false): void {
    clearTimeout(this.#saidTimer);
    this.#said.setAttribute("aria-live", isProgress ? "off" : "polite");
    this.#said.textContent = isGood ? words : "";
    if (isGood && words !== "") this.#saidTimer = setTimeout(() => (this.#said.textContent = ""), SAID_MS);
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
