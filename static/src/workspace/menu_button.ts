/** A button that opens a menu: arrow keys move in it, Escape and a click elsewhere close it. */
import { el, icon } from "./marks.ts";

export interface MenuItem {
  label: string;
  /** The keys that do the same, in words. */
  keys?: string;
  /** For a choice that is on or off. */
  checked?: boolean;
  choose(): void;
}

export class MenuButton {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #list: HTMLElement;
  readonly #items: () => readonly MenuItem[];

  /** `items` is asked at each opening. */
  constructor(label: string, iconName: string, items: () => readonly MenuItem[]) {
    this.#items = items;
    this.#button = el(
      "button",
      { class: "btn sm icon bare", type: "button", "aria-label": label, title: label, "aria-haspopup": "menu", "aria-expanded": "false" },
      icon(iconName),
    );
    this.#list = el("div", { class: "menu", role: "menu", "aria-label": label, hidden: true });
    this.element = el("div", { class: "menu-button" }, this.#button, this.#list);
    this.#button.addEventListener("click", () => (this.#list.hidden ? this.#open() : this.#close()));
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node) || !this.element.contains(relatedTarget)) this.#close();
    });
  }

  #open(): void {
    this.#list.replaceChildren(...this.#items().map((item) => this.#itemElement(item)));
    this.#list.hidden = false;
    this.#button.setAttribute("aria-expanded", "true");
    this.#focus(0);
  }

  #close(): void {
    this.#list.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
  }

  #itemElement({ label, keys, checked, choose }: MenuItem): HTMLElement {
    const item = el(
      "button",
      {
        type: "button",
        tabindex: -1,
        role: checked === undefined ? "menuitem" : "menuitemcheckbox",
        "aria-checked": checked === undefined ? undefined : String(checked),
      },
      el("span", { class: "tick" }, checked && icon("tick")),
      label,
      keys && el("kbd", {}, keys),
    );
    item.addEventListener("click", () => {
      this.#button.focus();
      this.#close();
      choose();
    });
    return item;
  }

  #focus(place: number): void {
    const items = [...this.#list.querySelectorAll("button")];
    items.at(place % items.length)?.focus();
  }

  #key(event: KeyboardEvent): void {
    const items = [...this.#list.querySelectorAll("button")];
    const at = items.findIndex((item) => item === document.activeElement);
    if (this.#list.hidden) {
      if (event.key !== "ArrowDown") return;
      this.#open();
    } else if (event.key === "Escape") {
      this.#close();
      this.#button.focus();
    } else {
      const targets: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
      const target = targets[event.key];
      if (target === undefined) return;
      this.#focus(target);
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
