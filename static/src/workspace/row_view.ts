/**
 * One row of the Data panel. Redrawn when its document differs; marked when the last commit changed it.
 *
 * Its cells stay the same elements while it is shown: the keyboard may be on one of them.
 */
import type { Column } from "./columns.ts";
import { el, hueOf, isPersona, personMark, pulse, stepMark } from "./marks.ts";
import type { Document } from "./messages.ts";
import { isArchived, type RowChange } from "./row_changes.ts";
import { describeCell } from "./wording.ts";

export class RowView {
  readonly element = el("tr");
  row: Document;
  readonly #columns: readonly Column[];
  readonly #cells: readonly HTMLTableCellElement[];
  #change: RowChange | null = null;
  #writer: string | null = null;

  constructor(row: Document, columns: readonly Column[]) {
    this.row = row;
    this.#columns = columns;
    this.#cells = columns.map(({ name }) => el("td", { tabindex: -1, "data-field": name }));
    this.element.append(...this.#cells);
    this.#draw();
  }

  update(row: Document): void {
    this.row = row;
    this.#draw();
  }

  cell(field: string): HTMLTableCellElement | undefined {
    return this.#cells.find((cell) => cell.dataset.field === field);
  }

  /** Its place among all rows, from 0. */
  set place(place: number) {
    this.element.setAttribute("aria-rowindex", String(place + 2)); // the head is the first
  }

  /** null takes the marks away. The pulse plays when a mark appears, not when it is drawn again. */
  mark(change: RowChange | null, writer: string | null): void {
    const isNew = change !== null && change !== this.#change;
    if (change === this.#change) return;
    this.#change = change;
    this.#writer = writer;
    this.#draw();
    if (isNew) for (const cell of this.element.cells) pulse(cell);
  }

  set inRange(inRange: boolean) {
    this.element.classList.toggle("in-range", inRange);
  }

  #draw(): void {
    const { classList } = this.element;
    const wasInRange = classList.contains("in-range");
    this.element.className = [
      isArchived(this.row) ? "gone" : "",
      this.#change ? `changed ${hueOf(this.#writer)}` : "",
      wasInRange ? "in-range" : "",
    ].join(" ").trim();
    const firstOwn = this.#columns.findIndex(({ kind }) => kind === "text");
    this.#columns.forEach((column, at) => this.#drawCell(column, at, at === Math.max(firstOwn, 0)));
  }

  #drawCell({ name, kind }: Column, at: number, isFirst: boolean): void {
    const shown = describeCell(name, this.row[name]);
    const isChanged = this.#change !== null && !this.#change.isNew && this.#change.fields.has(name);
    const person = isChanged && isPersona(this.#writer) ? personMark(this.#writer, { small: true }) : "";
    const cell = this.#cells[at];
    if (!cell) return;
    cell.className = `c-${kind}${shown.kind === "none" ? " none" : ""}${isChanged ? " flash" : ""}`;
    cell.title = shown.exact;
    cell.replaceChildren(...(this.#change !== null && isFirst ? [stepMark(2)] : []), shown.text, ...(person ? [" ", person] : []));
  }
}
