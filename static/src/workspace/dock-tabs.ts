/**
 * <dock-tabs>: its children share one place, one at a time, behind a row of tabs. The chosen one is remembered.
 *
 * A child names its tab with `data-tab`; a link among them leads to a page of its own. What a panel wants to have beside
 * the tabs it offers as `tools`. The code of a panel that most visits never open comes with its first opening
 * (dock_panels.ts).
 */
import { bus } from "./bus.ts";
import { loadPanel } from "./dock_panels.ts";
import { el } from "./marks.ts";

/** A panel may have buttons or a count of its own at the right of the tabs. */
export interface WithTools extends HTMLElement {
  readonly tools?: HTMLElement;
}

const STORAGE_KEY = "dock.tab";

export class DockTabs extends HTMLElement {
  #stop: (() => void) | undefined;
  readonly #panels = new Map<string, WithTools>();
  readonly #tabs = new Map<string, HTMLButtonElement>();
  readonly #list = el("div", { class: "tabs", role: "tablist" });
  readonly #tools = el("div", { class: "tools push" });
  /** Pages of their own that look like tabs. */
  #links: HTMLElement[] = [];

  connectedCallback(): void {
    this.#list.setAttribute("aria-label", this.dataset.label ?? "Panels");
    for (const panel of this.querySelectorAll<WithTools>(":scope > [data-tab]")) this.#add(panel);
    this.#links = [...this.querySelectorAll<HTMLElement>(":scope > a.tab")];
    this.prepend(el("div", { class: "strip" }, el("div", { class: "tab-row" }, this.#list, ...this.#links), this.#tools));
    const remembered = localStorage.getItem(STORAGE_KEY) ?? "";
    const first = this.#panels.keys().next().value;
    this.#choose(this.#panels.has(remembered) ? remembered : first);
    this.#stop = bus.on("show-tab", ({ tab }) => this.#choose(tab));
  }

  disconnectedCallback(): void {
    this.#stop?.();
    this.append(...this.#links);
    this.#list.closest(".strip")?.remove();
    this.#list.replaceChildren();
    this.#panels.clear();
    this.#tabs.clear();
  }

  #add(panel: WithTools): void {
    const name = panel.dataset.tab ?? "";
    const stem = `dock-${name.toLowerCase().replace(/\W+/g, "-")}`;
    panel.id ||= stem;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `${stem}-tab`);
    const tab = el("button", { class: "tab", type: "button", role: "tab", id: `${stem}-tab`, "aria-controls": panel.id }, name);
    tab.addEventListener("click", () => this.#choose(name));
    tab.addEventListener("keydown", (event) => this.#moveByKey(event, name));
    this.#panels.set(name, panel);
    this.#tabs.set(name, tab);
    this.#list.append(tab);
  }

  #choose(name: string | undefined): void {
    const chosen = name === undefined ? undefined : this.#panels.get(name);
    if (name === undefined || !chosen) return;
    localStorage.setItem(STORAGE_KEY, name);
    for (const [other, panel] of this.#panels) {
      const isChosen = other === name;
      panel.hidden = !isChosen;
      this.#tabs.get(other)?.setAttribute("aria-selected", String(isChosen));
      this.#tabs.get(other)?.setAttribute("tabindex", isChosen ? "0" : "-1");
    }
    this.#tools.replaceChildren();
    void loadPanel(chosen.localName).then(() => this.#showTools(chosen));
  }

  #showTools(panel: WithTools): void {
    if (!panel.hidden && panel.tools) this.#tools.replaceChildren(panel.tools);
  }

  #moveByKey(event: KeyboardEvent, from: string): void {
    const names = [...this.#tabs.keys()];
    const at = names.indexOf(from);
    const targets: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
    const target = targets[event.key];
    const name = target === undefined ? undefined : names.at(target % names.length);
    if (name === undefined) return;
    event.preventDefault();
    this.#choose(name);
    this.#tabs.get(name)?.focus();
  }
}

customElements.define("dock-tabs", DockTabs);
