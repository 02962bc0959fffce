/** The form of a function: one control for each validator, which writes what is entered into a draft (draft.ts). */
import { el, icon } from "../workspace/marks.ts";
import { type Draft, type FieldError, join, memberDraft, nameOf } from "./draft.ts";
import { idPicker } from "./id_picker.ts";
import type { Field, Validator } from "./messages.ts";

/** Ids are of the whole page: several forms may be on it. */
let lastId = 0;

export class FormView {
  readonly element = el("div", { class: "fields" });
  readonly #changed: () => void;
  readonly #errors = new Map<string, { control: HTMLElement; words: HTMLElement }>();

  /** `changed` is called whenever the draft has another content. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Draws the form of these arguments over what the draft holds. */
  show(validator: Validator, draft: Draft): void {
    this.#errors.clear();
    const isEmpty = validator.type === "object" && Object.keys(validator.value).length === 0;
    this.element.replaceChildren(
      isEmpty ? el("p", { class: "muted small" }, "This function takes no arguments.")
        : validator.type === "object" ? this.#object(validator.value, draft, "")
        : this.#field("arguments", { fieldType: validator, optional: false }, draft, ""),
    );
  }

  /** Puts each error at its field; answers what has no field of its own. Moves no focus. */
  showErrors(errors: readonly FieldError[]): FieldError[] {
    for (const { control, words } of this.#errors.values()) {
      control.removeAttribute("aria-invalid");
      words.replaceChildren();
    }
    return errors.filter(({ path, message }) => {
      const place = this.#errors.get(path) ?? this.#errors.get(path.split(".")[0] ?? "");
      if (!place) return true;
      place.control.setAttribute("aria-invalid", "true");
      place.words.textContent = message;
      return false;
    });
  }

  focusFirstError(): void {
    this.element.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }

  #object(fields: Record<string, Field>, draft: Draft, path: string): HTMLElement {
    draft.fields ??= {};
    const own = draft.fields;
    return el("div", { class: "object" }, ...Object.entries(fields).map(([name, field]) => this.#field(name, field, (own[name] ??= {}), join(path, name))));
  }

  #field(name: string, field: Field, draft: Draft, path: string): HTMLElement {
    const id = `arg-${++lastId}`;
    const words = el("p", { class: "field-error", id: `${id}-error` });
    const body = el("div", { class: "control" });
    const label = el("label", { for: id }, `${name} `, el("span", { class: "type" }, nameOf(field.fieldType)));
    const draw = (): void => {
      const isLeftOut = field.optional && !draft.isGiven;
      const control = isLeftOut ? el("span", { class: "muted small left-out" }, "left out") : this.#control(field.fieldType, draft, path, id, name);
      body.replaceChildren(control);
      const main = control.matches("input, select, textarea") ? control : control.querySelector<HTMLElement>(`#${id}`) ?? control;
      main.setAttribute("aria-describedby", words.id);
      this.#errors.set(path, { control: main, words });
    };
    draw();
    return el("div", { class: "arg" }, label, field.optional ? this.#given(name, draft, draw) : null, el("div", { class: "entry" }, body, words));
  }

  #given(name: string, draft: Draft, draw: () => void): HTMLElement {
    const box = el("input", { type: "checkbox", "aria-label": `Give ${name}` });
    box.checked = draft.isGiven ?? false;
    box.addEventListener("change", () => {
      draft.isGiven = box.checked;
      draw();
      this.#changed();
    });
    return el("span", { class: "given" }, box);
  }

  #control(validator: Validator, draft: Draft, path: string, id: string, name: string): HTMLElement {
    switch (validator.type) {
      case "string":
        return this.#text(draft, id, { rows: 1, spellcheck: "false" });
      case "any":
        return this.#text(draft, id, { rows: 3, spellcheck: "false", placeholder: "JSON" });
      case "number":
        return this.#line(draft, id, { inputmode: "decimal", placeholder: "number" });
      case "bigint":
        return this.#line(draft, id, { inputmode: "numeric", placeholder: "whole number" });
      case "bytes":
        return this.#line(draft, id, { placeholder: "base64" });
      case "boolean":
        return this.#choice(id, [["false", "false"], ["true", "true"]], draft.text ?? "false", (text) => (draft.text = text));
      case "null":
      case "literal":
        return el("output", { id }, nameOf(validator));
      case "id":
        return idPicker(validator.tableName, draft, id, name, this.#changed);
      case "object":
        return this.#group(id, name, this.#object(validator.value, draft, path));
      case "array":
        return this.#items(validator.value, draft, path, id, name, false);
      case "record":
        return this.#items(validator.values.fieldType, draft, path, id, name, true);
      case "union":
        return this.#union(validator.value, draft, path, id, name);
    }
  }

  #text(draft: Draft, id: string, attributes: Record<string, string | number>): HTMLElement {
    const area = el("textarea", { id, ...attributes });
    area.value = draft.text ?? "";
    area.addEventListener("input", () => this.#write(draft, area.value));
    return area;
  }

  #line(draft: Draft, id: string, attributes: Record<string, string>): HTMLElement {
    const input = el("input", { id, type: "text", autocomplete: "off", spellcheck: "false", ...attributes });
    input.value = draft.text ?? "";
    input.addEventListener("input", () => this.#write(draft, input.value));
    return input;
  }

  #write(draft: Draft, text: string): void {
    draft.text = text;
    this.#changed();
  }

  #choice(id: string, options: readonly [string, string][], chosen: string, take: (value: string) => void): HTMLSelectElement {
    const select = el("select", { id }, ...options.map(([value, text]) => el("option", { value }, text)));
    select.value = chosen;
    select.addEventListener("change", () => {
      take(select.value);
      this.#changed();
    });
    return select;
  }

  #group(id: string, name: string, ...children: HTMLElement[]): HTMLElement {
    return el("div", { class: "nested", id, role: "group", "aria-label": name }, ...children);
  }

  /** A choice of the member; below it the member's own control, unless the choice says it all. */
  #union(members: readonly Validator[], draft: Draft, path: string, id: string, name: string): HTMLElement {
    const below = el("div", { class: "member" });
    const draw = (): void => {
      const choice = Math.min(draft.choice ?? 0, members.length - 1);
      const member = members[choice];
      const saysItAll = !member || member.type === "literal" || member.type === "null";
      below.replaceChildren(...(saysItAll ? [] : [this.#control(member, memberDraft(draft, choice), path, `${id}-${choice}`, name)]));
      // The member's own control has no label of its own; the fields of an object have theirs.
      const inner = below.querySelector(`#${id}-${choice}`);
      if (inner?.matches("input, textarea, select")) inner.setAttribute("aria-label", name);
    };
    const options = members.map((member, at): [string, string] => [String(at), nameOf(member)]);
    const select = this.#choice(id, options, String(draft.choice ?? 0), (value) => {
      draft.choice = Number(value);
      draw();
    });
    draw();
    return el("div", { class: "union" }, select, below);
  }

  /** The elements of an array, or the entries of a record with their keys. */
  #items(element: Validator, draft: Draft, path: string, id: string, name: string, hasKeys: boolean): HTMLElement {
    const items = (draft.items ??= []);
    const keys = (draft.keys ??= []);
    const list = el("div", { class: "items" });
    const add = el("button", { class: "btn sm", type: "button" }, hasKeys ? "Add an entry" : "Add an item");
    const redraw = (): void => {
      list.replaceChildren(...items.map((item, at) => this.#item(element, item, join(path, at), `${name} ${at + 1}`, hasKeys ? keyInput(at) : null, () => remove(at))));
      this.#changed();
    };
    const keyInput = (at: number): HTMLElement => {
      const input = el("input", { type: "text", class: "key-input", "aria-label": `Key ${at + 1} of ${name}`, placeholder: "key", spellcheck: "false" });
      input.value = keys[at] ?? "";
      input.addEventListener("input", () => {
        keys[at] = input.value;
        this.#changed();
      });
      return input;
    };
    const remove = (at: number): void => {
      items.splice(at, 1);
      keys.splice(at, 1);
      redraw();
      add.focus();
    };
    add.addEventListener("click", () => {
      items.push({});
      if (hasKeys) keys.push("");
      redraw();
      list.lastElementChild?.querySelector<HTMLElement>("input, textarea, select")?.focus();
    });
    list.replaceChildren(...items.map((item, at) => this.#item(element, item, join(path, at), `${name} ${at + 1}`, hasKeys ? keyInput(at) : null, () => remove(at))));
    return this.#group(id, name, list, add);
  }

  #item(element: Validator, draft: Draft, path: string, name: string, key: HTMLElement | null, remove: () => void): HTMLElement {
    const id = `arg-${++lastId}`;
    const words = el("p", { class: "field-error", id: `${id}-error` });
    const control = this.#control(element, draft, path, id, name);
    const main = control.matches("input, select, textarea") ? control : control.querySelector<HTMLElement>(`#${id}`) ?? control;
    if (!main.hasAttribute("aria-label")) main.setAttribute("aria-label", name);
    main.setAttribute("aria-describedby", words.id);
    this.#errors.set(path, { control: main, words });
    const button = el("button", { class: "btn bare sm icon", type: "button", "aria-label": `Remove ${name}` }, icon("cross"));
    button.addEventListener("click", remove);
    return el("div", { class: "item" }, key, el("div", { class: "entry" }, control, words), button);
  }
}
