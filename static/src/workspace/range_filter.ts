/** The filter of the Data panel: a range on the index that orders the rows, field by field, with the query that it is. */
import { fieldHint, anyField } from "./cell_text.ts";
import { el } from "./marks.ts";
import type { Bound, FieldInfo, TableMessage } from "./messages.ts";
import { boundsOf, type Choice, isEqual, OPERATIONS, type Operation, planCode, planWords } from "./range_plan.ts";

export class RangeFilter {
  readonly element = el("form", { class: "range-filter", "aria-label": "Filter by the index" });
  readonly #lines = el("div", { class: "lines" });
  readonly #words = el("p", { class: "words", role: "status" });
  readonly #code = el("code", { class: "plan-code" });
  readonly #changed: () => void;
  #choices: Choice[] = [];
  #fields: readonly FieldInfo[] = [];

  constructor(changed: () => void) {
    this.#changed = changed;
    this.element.append(this.#lines, this.#words, this.#code);
    this.element.addEventListener("submit", (event) => event.preventDefault());
  }

  get bounds(): Bound[] {
    return boundsOf(this.#choices);
  }

  /** Another index: nothing is chosen. `names` are its fields in their order. */
  reset(names: readonly string[]): void {
    this.#choices = names.map((field) => ({ field, operation: "any", text: "", until: "" }));
    this.#draw();
  }

  explain(table: TableMessage): void {
    if (JSON.stringify(table.fields) !== JSON.stringify(this.#fields)) {
      this.#fields = table.fields;
      if (!this.#lines.contains(document.activeElement)) this.#draw();
    }
    const words = planWords(table.index, table.range, table.count, table.total);
    if (this.#words.textContent !== words) this.#words.textContent = words;
    this.#code.textContent = planCode(table.table, table.index, table.range, table.order);
  }

  focus(): void {
    this.#lines.querySelector<HTMLElement>("select")?.focus();
  }

  /** One line for each field that may be compared now; lines that stay keep their elements. */
  #draw(): void {
    this.#lines.replaceChildren(...this.#choices.map((choice) => this.#line(choice)));
    this.#showLines();
  }

  #showLines(): void {
    let mayCompare = true;
    this.#choices.forEach((choice, at) => {
      this.#lines.children[at]?.toggleAttribute("hidden", !mayCompare);
      mayCompare &&= isEqual(choice);
    });
  }

  #line(choice: Choice): HTMLElement {
    const field = this.#field(choice.field);
    const operations = (Object.keys(OPERATIONS) as Operation[]).filter((one) => one !== "absent" || field.optional);
    const operation = el("select", { "aria-label": `${field.name}: comparison` }, ...operations.map((one) => el("option", { value: one }, OPERATIONS[one])));
    operation.value = choice.operation;
    const text = input(`${field.name}: value`, fieldHint(field), choice.text);
    const until = input(`${field.name}: upper value`, fieldHint(field), choice.until);
    const show = (): void => {
      text.hidden = choice.operation === "any" || choice.operation === "absent";
      until.hidden = choice.operation !== "between";
    };
    const take = (): void => {
      choice.operation = operation.value as Operation;
      [choice.text, choice.until] = [text.value, until.value];
      show();
      this.#showLines();
      this.#changed();
    };
    for (const control of [operation, text, until]) control.addEventListener("input", take);
    show();
    return el("div", { class: "bound" }, el("span", { class: "mono field-name" }, field.name), operation, text, until);
  }

  #field(name: string): FieldInfo {
    const known = this.#fields.find((field) => field.name === name);
    if (known) return known;
    return name === "_creationTime" ? { name, kinds: ["number"], optional: false, type: "v.number()" } : anyField(name);
  }
}

function input(label: string, hint: string, value: string): HTMLInputElement {
  const element = el("input", { type: "text", "aria-label": label, placeholder: hint, spellcheck: "false", autocomplete: "off" });
  element.value = value;
  return element;
}
