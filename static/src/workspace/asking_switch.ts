/** *Subscribed* or *asked once*: how a pane's queries reach it. Two radio buttons that look like one switch. */
import { el } from "./marks.ts";

export class AskingSwitch {
  readonly element: HTMLElement;
  readonly #once: HTMLInputElement;

  constructor(name: string, choose: (asksOnce: boolean) => void) {
    const group = `asking-${name.toLowerCase()}`;
    const live = el("input", { type: "radio", name: group, checked: true });
    this.#once = el("input", { type: "radio", name: group });
    this.element = el(
      "span",
      { class: "switch", role: "radiogroup", "aria-label": `How ${name}’s queries reach the pane` },
      el("label", {}, live, "Subscribed"),
      el("label", {}, this.#once, "Asked once"),
    );
    for (const input of [live, this.#once]) input.addEventListener("change", () => choose(this.#once.checked));
  }

  get asksOnce(): boolean {
    return this.#once.checked;
  }
}
