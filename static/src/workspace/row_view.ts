/** One row of the Data panel. Redrawn when its document differs; marked when the last commit changed it. */
import type { Column } from "./columns.ts";
import { el, hueOf, isPersona, personMark, pulse, stepMark } from "./marks.ts";
import type { Document } from "./messages.ts";
import { isArchived, type RowChange } from "./row_changes.ts";
import { describeCell } from "./wording.ts";

export class RowView {
  readonly element = el("tr");
  row: Document;
  readonly #columns: readonly Column[];
  #change: RowChange | null = null;
  #writer: string | null = null;

  constructor(row: Document, columns: readonly Column[]) {
    this.row = row;
    this.#columns = columns;
    this.#draw();
  }

  update(row: Document): void {
    this.row = row;
    this.#draw();
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
    this.element.replaceChildren(...this.#columns.map((column, at) => this.#cell(column, at === Math.max(firstOwn, 0))));
  }

  #cell({ name, kind }: Column, isFirst: boolean): HTMLTableCellElement {
    const cell = describeCell(name, this.row[name]);
    const isChanged = this.#change !== null && !this.#change.isNew && this.#change.fields.has(name);
    const person = isChanged && isPersona(this.#writer) ? personMark(this.#writer, { small: true }) : null;
    return el(
      "td",
      { class: `c-${kind}${cell.kind === "none" ? " none" : ""}${isChanged ? " flash" : ""}`, title: cell.exact },
      this.#change !== null && isFirst && stepMark(2),
      cell.text,
      person && " ",
      person,
    );
  }
}
