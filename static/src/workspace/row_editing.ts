/** Editing, adding and deleting rows in the Data panel: which editor or question is open, and where the keyboard goes after. */
import { askFirst } from "./ask_first.ts";
import { CellEditor } from "./cell_editor.ts";
import { anyField } from "./cell_text.ts";
import { askData } from "./data_calls.ts";
import { RowForm } from "./row_form.ts";
import type { Document, FieldInfo, TableMessage } from "./messages.ts";
import type { RowGrid } from "./row_grid.ts";
import { documentName } from "./wording.ts";

/** Where editors, forms and questions are put, and what is said to the person. */
export interface EditingPlaces {
  grid: RowGrid;
  /** Takes the form and the questions. */
  above: HTMLElement;
  say(words: string, isGood: boolean): void;
}

export class RowEditing {
  readonly #places: EditingPlaces;
  #table: TableMessage | null = null;
  #editor: CellEditor | null = null;

  constructor(places: EditingPlaces) {
    this.#places = places;
  }

  /** Rows were drawn anew: the editor follows its cell. */
  follow(table: TableMessage): void {
    this.#table = table;
    const { grid } = this.#places;
    if (!this.#editor) return;
    const { row, field, table: name } = this.#editor.cell;
    const cell = name === table.table ? grid.cell(String(row._id), field.name) : undefined;
    if (cell) this.#editor.placeOver(cell, grid.element);
  }

  /** Another table: what is open there closes. */
  leave(): void {
    this.#table = null;
    this.#close();
    this.#places.above.replaceChildren();
  }

  edit(row: Document, name: string, first?: string): void {
    const { grid, say } = this.#places;
    const id = String(row._id);
    const cell = grid.cell(id, name);
    if (!this.#table || !cell || this.#editor) return;
    if (name.startsWith("_")) return say(`${name} is set by the store and stays as it is.`, false);
    if (this.#table.cut.includes(id)) return say("This row is too large to be edited here. Change it with a mutation.", false);
    say("", true);
    const edited = { table: this.#table.table, row, rowName: documentName(row), field: this.#field(name) };
    this.#editor = new CellEditor(edited, ({ step }) => this.#ended(id, name, step), first);
    grid.element.append(this.#editor.element);
    this.#editor.placeOver(cell, grid.element);
    this.#editor.focus();
  }

  add(): void {
    if (!this.#table) return;
    const { above, grid, say } = this.#places;
    const before = document.activeElement as HTMLElement | null;
    const form = new RowForm(this.#table.table, this.#table.fields, (addedId) => {
      form.element.remove();
      if (addedId !== null) say("Row added.", true);
      (before?.isConnected ? before : grid.element).focus();
    });
    above.replaceChildren(form.element);
    form.focus();
  }

  async remove(row: Document): Promise<void> {
    const table = this.#table?.table;
    const { above, say } = this.#places;
    if (table === undefined || !(await askFirst(above, `Delete the row ${documentName(row)}?`, "Delete row"))) return;
    const answer = await askData("delete", { table, ids: [row._id] });
    if (answer.ok) say("Row deleted.", true);
    else say(answer.refusal.message, false);
  }

  #field(name: string): FieldInfo {
    return this.#table?.fields.find((field) => field.name === name) ?? anyField(name);
  }

  #ended(id: string, name: string, step: -1 | 0 | 1): void {
    this.#close();
    const { grid } = this.#places;
    const cell = grid.focusCell(id, name, step);
    const row = grid.rowOf(id);
    if (step !== 0 && cell && row && cell.dataset.field !== name && !cell.dataset.field?.startsWith("_")) this.edit(row, cell.dataset.field ?? "");
  }

  #close(): void {
    this.#editor?.element.remove();
    this.#editor = null;
  }
}
