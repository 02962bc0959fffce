/**
 * The rows of the Data panel as a grid: only those near the view are elements, each at its place among all. What is seen
 * stays where it is while rows come and go before it; one cell is the keyboard's.
 */
import { type Column, columnsOf, sameColumns } from "./columns.ts";
import { el } from "./marks.ts";
import type { Document, TableMessage } from "./messages.ts";
import { type CommitChanges, diffRows } from "./row_changes.ts";
import { moved, ROWS_AROUND, ROWS_ASKED_MAX, scrollTo, seenRows, type Span, isShort, wantedRows } from "./row_window.ts";
import { RowView } from "./row_view.ts";

const ROW_HEIGHT = 26;

/** Which rows to send: from a place on, or around a row that stays. */
export interface RowsAsked {
  offset: number;
  anchor: string | null;
  lead: number;
  limit: number;
  /** Instead of the anchor: the id of a row that is not among the loaded ones. */
  row?: string;
}

export interface GridListener {
  /** Other rows are needed. */
  ask(rows: RowsAsked): void;
  /** A key or a click wants to edit; `first` is what was typed already. */
  edit(row: Document, field: string, first?: string): void;
  remove(row: Document): void;
}

export class RowGrid {
  readonly element = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Rows" });
  readonly #listener: GridListener;
  readonly #head = el("thead");
  readonly #above = el("td");
  readonly #below = el("td");
  readonly #body = el("tbody");
  readonly #sheet = el("table", { class: "sheet", role: "grid" });
  #columns: Column[] = [];
  #shown = new Map<string, RowView>();
  #loaded: Span = { first: 0, end: 0 };
  #keys: readonly (string | null)[] = [];
  #count = 0;
  #rowHeight = ROW_HEIGHT;
  /** The row that holds the view still, and where it was. */
  #anchor: { key: string; place: number } | null = null;
  #asked: RowsAsked | null = null;
  #active: { id: string; field: string } | null = null;
  #wanted: { row: number; column: number } | null = null;
  #frame = 0;
  readonly #resized = new ResizeObserver(() => this.#look());

  constructor(listener: GridListener) {
    this.#listener = listener;
    this.#sheet.append(this.#head, spacer(this.#above), this.#body, spacer(this.#below));
    this.element.append(this.#sheet);
    this.element.addEventListener("scroll", () => {
      cancelAnimationFrame(this.#frame);
      this.#frame = requestAnimationFrame(() => this.#look());
    });
    this.#body.addEventListener("keydown", (event) => this.#key(event));
    this.#body.addEventListener("dblclick", ({ target }) => this.#edit(target));
    this.#body.addEventListener("focusin", ({ target }) => this.#activate(cellOf(target)));
    this.#resized.observe(this.element);
  }

  get rows(): Iterable<RowView> {
    return this.#shown.values();
  }

  get columns(): readonly Column[] {
    return this.#columns;
  }

  /** The row of the keyboard's cell, while it is shown. */
  get activeRow(): Document | null {
    return (this.#active && this.#shown.get(this.#active.id)?.row) ?? null;
  }

  set hidden(isHidden: boolean) {
    this.#sheet.hidden = isHidden;
  }

  /** Another table, order or range: from the top. Returns what to ask for. */
  reset(): RowsAsked {
    this.#shown.clear();
    this.#body.replaceChildren();
    this.#keys = [];
    this.#loaded = { first: 0, end: 0 };
    this.#anchor = this.#active = this.#wanted = null;
    this.element.scrollTop = 0;
    this.#asked = { ...wantedRows(this.#seen(Infinity)), anchor: null };
    return this.#asked;
  }

  /** The window around a row that is not loaded: what to ask for. What comes is scrolled to it. */
  around(row: string): RowsAsked {
    this.#anchor = null;
    this.#asked = { offset: 0, anchor: null, lead: ROWS_AROUND, limit: ROWS_ASKED_MAX, row };
    return this.#asked;
  }

  forgetColumns(): void {
    this.#columns = [];
    this.reset();
  }

  show(table: TableMessage): void {
    const focused = this.#body.contains(document.activeElement) ? document.activeElement : null;
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
    this.#loaded = { first: table.offset, end: table.offset + rows.length };
    this.#keys = table.keys;
    this.#count = table.count;
    [...this.#shown.values()].forEach((view, at) => (view.place = table.offset + at));
    this.#place([...this.#shown.values()]);
    // The space of rows that went comes back before anything is measured: at the end of a long table the browser
    // would scroll up meanwhile.
    this.#holdStill(table.anchor);
    this.#measure();
    if (this.#asked?.row !== undefined && table.anchor !== null) this.element.scrollTop = table.anchor * this.#rowHeight - this.#viewHeight / 2;
    this.#sheet.setAttribute("aria-rowcount", String(table.count + 1));
    this.element.setAttribute("aria-label", `Rows of ${table.table}`);
    this.#rove();
    this.#keepFocus(focused);
    this.#look();
  }

  mark(story: CommitChanges | null): void {
    for (const [id, view] of this.#shown) view.mark(story?.rows.get(id) ?? null, story?.writer ?? null);
  }

  cell(id: string, field: string): HTMLElement | undefined {
    return this.#shown.get(id)?.cell(field);
  }

  rowOf(id: string): Document | undefined {
    return this.#shown.get(id)?.row;
  }

  /** Brings the row into view and marks it, the last one that was wanted. Answers whether it is among the loaded ones. */
  reveal(id: string): boolean {
    const view = this.#shown.get(id);
    for (const row of this.#body.rows) row.removeAttribute("aria-current");
    view?.element.setAttribute("aria-current", "true");
    view?.element.scrollIntoView({ block: "center" });
    return view !== undefined;
  }

  /** The keyboard goes to this cell, or `step` cells further in its row. */
  focusCell(id: string, field: string, step = 0): HTMLElement | undefined {
    const at = this.#columns.findIndex(({ name }) => name === field) + step;
    const cell = this.cell(id, this.#columns[Math.min(Math.max(0, at), this.#columns.length - 1)]?.name ?? field);
    if (cell) cell.focus({ preventScroll: true });
    else this.element.focus({ preventScroll: true });
    return cell;
  }

  // ── what is seen, and what must be there ──

  get #viewHeight(): number {
    return Math.max(this.#rowHeight, this.element.clientHeight - this.#head.offsetHeight);
  }

  #seen(count = this.#count): Span {
    return seenRows(this.element.scrollTop, this.#viewHeight, this.#rowHeight, count);
  }

  #look(): void {
    if (this.#count === 0 || this.element.clientHeight === 0) return;
    const seen = this.#seen();
    const anchor = this.#anchorAt(seen.first);
    const isAnchored = (this.#asked?.anchor ?? null) !== null;
    // A window that was asked by its place is asked again by its row, so that it stays while others write.
    const mustHold = anchor !== null && !isAnchored;
    const mustLetGo = seen.first === 0 && isAnchored;
    if (!isShort(this.#loaded, seen, this.#count) && !mustHold && !mustLetGo) return;
    const asked = { ...wantedRows(seen), anchor };
    if (JSON.stringify(asked) === JSON.stringify(this.#asked)) return;
    this.#asked = asked;
    this.#anchor = anchor === null ? null : { key: anchor, place: seen.first };
    this.#listener.ask(asked);
  }

  /** At the top there is none: what comes new is to be seen. */
  #anchorAt(place: number): string | null {
    return place === 0 ? null : (this.#keys[place - this.#loaded.first] ?? null);
  }

  #holdStill(place: number | null): void {
    this.#above.style.height = `${this.#loaded.first * this.#rowHeight}px`;
    this.#below.style.height = `${Math.max(0, this.#count - this.#loaded.end) * this.#rowHeight}px`;
    if (this.#anchor === null || place === null || place === this.#anchor.place) return;
    this.element.scrollTop += (place - this.#anchor.place) * this.#rowHeight;
    this.#anchor.place = place;
  }

  #measure(): void {
    const first = this.#body.firstElementChild;
    const height = first?.getBoundingClientRect().height ?? 0;
    if (height > 0) this.#rowHeight = height;
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
    this.#head.replaceChildren(el("tr", { "aria-rowindex": 1 }, ...columns.map(({ name, kind }) => el("th", { scope: "col", class: `c-${kind}`, title: name }, name))));
    this.#shown.clear();
    this.#body.replaceChildren();
  }

  // ── the keyboard's cell ──

  #activate(cell: HTMLElement | null): void {
    const id = cell && this.#idOf(cell);
    if (!cell || !id) return;
    this.#active = { id, field: cell.dataset.field ?? "" };
    this.#rove();
  }

  #idOf(cell: HTMLElement): string | null {
    for (const [id, view] of this.#shown) if (view.element.contains(cell)) return id;
    return null;
  }

  /** One cell is reached by Tab; where its row is not shown, the first one. */
  #rove(): void {
    for (const cell of this.#body.querySelectorAll('td[tabindex="0"]')) cell.setAttribute("tabindex", "-1");
    const active = this.#active && this.cell(this.#active.id, this.#active.field);
    const cell = active ?? this.#body.querySelector<HTMLElement>("td:not(.c-id)");
    cell?.setAttribute("tabindex", "0");
  }

  /** A row that moved has lost the focus; a row that was waited for gets it. */
  #keepFocus(focused: Element | null): void {
    if (this.#wanted && this.#focusAt(this.#wanted)) return;
    if (!(focused instanceof HTMLElement) || document.activeElement === focused) return;
    if (focused.isConnected) focused.focus({ preventScroll: true });
    else if (document.activeElement === document.body) this.element.focus({ preventScroll: true });
  }

  #key(event: KeyboardEvent): void {
    const cell = cellOf(event.target);
    if (!cell || event.altKey || event.isComposing) return;
    const isFar = event.ctrlKey || event.metaKey;
    const from = { row: Number(cell.parentElement?.getAttribute("aria-rowindex")) - 2, column: (cell as HTMLTableCellElement).cellIndex };
    const page = Math.max(1, Math.floor(this.#viewHeight / this.#rowHeight) - 1);
    const to = moved(event.key, isFar, from, { rows: this.#count, columns: this.#columns.length, page });
    if (to) this.#goTo(to);
    else if (isFar || !this.#act(event.key, cell)) return;
    event.preventDefault();
  }

  #act(key: string, cell: HTMLElement): boolean {
    const row = this.activeRow;
    if (!row) return false;
    if (key === "Delete") this.#listener.remove(row);
    else if (key === "Enter" || key === "F2") this.#edit(cell);
    else if (key.length === 1 && key !== " ") this.#edit(cell, key);
    else return false;
    return true;
  }

  #edit(target: EventTarget | null, first?: string): void {
    const cell = cellOf(target);
    const row = cell && this.#shown.get(this.#idOf(cell) ?? "")?.row;
    if (row) this.#listener.edit(row, cell.dataset.field ?? "", first);
  }

  #goTo(to: { row: number; column: number }): void {
    this.element.scrollTop = scrollTo(to.row, this.element.scrollTop, this.#viewHeight, this.#rowHeight);
    if (!this.#focusAt(to)) this.#wanted = to;
  }

  #focusAt({ row, column }: { row: number; column: number }): boolean {
    const element = this.#body.children[row - this.#loaded.first] as HTMLTableRowElement | undefined;
    const cell = row < this.#loaded.first ? undefined : element?.cells[column];
    if (!cell) return false;
    this.#wanted = null;
    cell.focus({ preventScroll: true });
    return true;
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    this.#resized.disconnect();
  }
}

function cellOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("td[data-field]") : null;
}

function spacer(cell: HTMLElement): HTMLElement {
  return el("tbody", { class: "space", "aria-hidden": "true" }, el("tr", {}, cell));
}
