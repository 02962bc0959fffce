/**
 * The input over one cell of the Data panel. It lies over the table and not in it, so that a row that moves, changes or
 * leaves takes no half-typed text along. Enter saves, Escape takes back, Tab saves and goes on; a refusal stands below.
 */
import { askData, type Refusal } from "./data_calls.ts";
import { cellText, fieldHint } from "./cell_text.ts";
import { el } from "./marks.ts";
import type { Document, FieldInfo } from "./messages.ts";

export interface EditedCell {
  table: string;
  row: Document;
  /** What a person calls the row. */
  rowName: string;
  field: FieldInfo;
}

/** `step`: where the keyboard goes from the cell; 0 stays. `isSaved` is false when the text was taken back. */
export type EditEnd = (end: { step: -1 | 0 | 1; isSaved: boolean }) => void;

export class CellEditor {
  readonly element = el("div", { class: "cell-editor" });
  readonly cell: EditedCell;
  readonly #input = el("input", { type: "text", spellcheck: "false", autocomplete: "off", "aria-describedby": "cell-refusal cell-hint" });
  readonly #hint = el("p", { class: "hint", id: "cell-hint" });
  readonly #refusal = el("p", { class: "refusal", id: "cell-refusal", role: "alert" });
  readonly #done: EditEnd;
  readonly #before: string;
  #was: unknown;
  #isSending = false;
  #isOver = false;

  constructor(cell: EditedCell, done: EditEnd, first?: string) {
    this.cell = cell;
    this.#done = done;
    this.#was = cell.row[cell.field.name];
    this.#before = cellText(this.#was, cell.field);
    this.#input.value = first ?? this.#before;
    this.#input.setAttribute("aria-label", `${cell.field.name} of ${cell.rowName}`);
    this.#hint.textContent = `${fieldHint(cell.field)} · Enter saves, Escape takes back`;
    this.element.append(this.#input, this.#refusal, this.#hint);
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("blur", () => this.#left());
  }

  get text(): string {
    return this.#input.value;
  }

  focus(): void {
    this.#input.focus();
    if (this.text === this.#before) this.#input.select();
  }

  /** Lies over this cell of the table. */
  placeOver(cell: HTMLElement, host: HTMLElement): void {
    const [at, around] = [cell.getBoundingClientRect(), host.getBoundingClientRect()];
    const width = Math.min(Math.max(at.width, 280), host.clientWidth - 8);
    const left = Math.min(at.left - around.left + host.scrollLeft, host.clientWidth - width - 4 + host.scrollLeft);
    const { style } = this.element;
    [style.left, style.top, style.width] = [`${Math.max(4, left)}px`, `${at.top - around.top + host.scrollTop}px`, `${width}px`];
    this.#input.style.height = `${at.height}px`;
  }

  /** Somebody deleted the row. The text stays until the person lets it go. */
  rowIsGone(): void {
    this.#refuse({ error: "gone", message: "This row was deleted meanwhile. Your text is still here; Escape lets it go." });
  }

  #key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape") this.#end({ step: 0, isSaved: false });
    else if (event.key === "Enter") void this.#save(0);
    else if (event.key === "Tab") void this.#save(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** A click elsewhere: what was changed is saved, and stays open where it is refused. */
  #left(): void {
    if (!this.#isOver && document.hasFocus() && this.#refusal.textContent === "") void this.#save(0);
  }

  async #save(step: -1 | 0 | 1): Promise<void> {
    if (this.#isSending || this.#isOver) return;
    if (this.text === this.#before) return this.#end({ step, isSaved: false });
    this.#isSending = true;
    this.element.classList.add("is-sending");
    const { table, row, field } = this.cell;
    const was = this.#was === undefined ? {} : { was: this.#was };
    const answer = await askData("change", { table, id: row._id, field: field.name, text: this.text, ...was });
    this.#isSending = false;
    this.element.classList.remove("is-sending");
    if (answer.ok) this.#end({ step, isSaved: true });
    else this.#refuse(answer.refusal);
  }

  #refuse(refusal: Refusal): void {
    if (refusal.error === "ChangedMeanwhile") this.#was = refusal.now;
    this.#refusal.textContent = refusal.message;
    this.#input.setAttribute("aria-invalid", "true");
  }

  #end(end: { step: -1 | 0 | 1; isSaved: boolean }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#done(end);
  }
}
