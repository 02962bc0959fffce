/** The form for a new row: one input for each field that the schema declares, or the document as JSON without one. */
import { fieldHint } from "./cell_text.ts";
import { askData, type Refusal } from "./data_calls.ts";
import { el } from "./marks.ts";
import type { FieldInfo } from "./messages.ts";

export class RowForm {
  readonly element = el("form", { class: "row-form", novalidate: true });
  readonly #table: string;
  readonly #inputs = new Map<string, HTMLInputElement>();
  readonly #document = el("textarea", { rows: 3, spellcheck: "false", "aria-label": "The row as a JSON object" });
  readonly #refusal = el("p", { class: "refusal", role: "alert" });
  readonly #close: (addedId: string | null) => void;
  #isSending = false;

  /** `close` hears the id of the new row, or null when nothing was added. */
  constructor(table: string, fields: readonly FieldInfo[], close: (addedId: string | null) => void) {
    this.#table = table;
    this.#close = close;
    this.element.setAttribute("aria-label", `New row in ${table}`);
    this.element.append(...(fields.length > 0 ? fields.map((field) => this.#line(field)) : [this.#document]));
    const cancel = el("button", { class: "btn sm bare", type: "button" }, "Leave it");
    cancel.addEventListener("click", () => close(null));
    this.element.append(this.#refusal, el("div", { class: "buttons" }, el("button", { class: "btn sm", type: "submit" }, "Add row"), cancel));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#add();
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.stopPropagation();
      close(null);
    });
  }

  focus(): void {
    this.element.querySelector<HTMLElement>("input, textarea")?.focus();
  }

  #line(field: FieldInfo): HTMLElement {
    const id = `new-${field.name}`;
    const input = el("input", { type: "text", id, spellcheck: "false", autocomplete: "off", "aria-describedby": `${id}-hint` });
    this.#inputs.set(field.name, input);
    const hint = el("span", { class: "hint", id: `${id}-hint`, title: field.type }, fieldHint(field));
    return el("div", { class: "field" }, el("label", { for: id }, field.name), input, hint);
  }

  async #add(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    const cells = Object.fromEntries([...this.#inputs].map(([name, input]) => [name, input.value]));
    const body = this.#inputs.size > 0 ? { table: this.#table, cells } : { table: this.#table, document: this.#document.value };
    const answer = await askData<{ id: string }>("add", body);
    this.#isSending = false;
    if (answer.ok) this.#close(answer.value.id);
    else this.#refuse(answer.refusal);
  }

  #refuse({ message, field }: Refusal): void {
    for (const input of this.#inputs.values()) input.removeAttribute("aria-invalid");
    this.#refusal.textContent = message;
    const input = field === undefined ? undefined : this.#inputs.get(field);
    input?.setAttribute("aria-invalid", "true");
    input?.parentElement?.after(this.#refusal);
    input?.focus();
  }
}
