/** The file tabs above the editor: arrow keys move, each carries the count of its errors. */
import { tabNames } from "./file_names.ts";
import { el, icon } from "./marks.ts";

export interface TabFile {
  file: string;
  locked: boolean;
}

/** A path as a part of an id: no two paths have the same. */
const idPart = (file: string): string => file.replace(/[^A-Za-z0-9]/g, (character) => `-${character.charCodeAt(0)}-`);

export class EditorTabs {
  readonly element: HTMLElement;
  readonly #tabs = new Map<string, HTMLButtonElement>();
  readonly #panelId: string;
  readonly #choose: (file: string) => void;

  constructor(files: readonly TabFile[], panelId: string, choose: (file: string) => void) {
    this.#choose = choose;
    this.#panelId = panelId;
    this.element = el("div", { class: "tabs", role: "tablist", "aria-label": "Files" });
    this.setFiles(files);
    this.element.addEventListener("keydown", (event) => this.#moveByKey(event));
  }

  /** Shows exactly these, in this order. What stays keeps its count and the focus. */
  setFiles(files: readonly TabFile[]): void {
    const names = tabNames(files.map(({ file }) => file));
    for (const [file, tab] of this.#tabs) {
      if (files.some((kept) => kept.file === file)) continue;
      tab.remove();
      this.#tabs.delete(file);
    }
    const inOrder = files.map(({ file, locked }) => [file, this.#tabs.get(file) ?? this.#createTab(file, locked)] as const);
    this.#tabs.clear();
    inOrder.forEach(([file, tab], place) => {
      this.#tabs.set(file, tab);
      const name = tab.querySelector(".name");
      if (name) name.textContent = names[place] ?? file;
      if (this.element.children[place] !== tab) this.element.insertBefore(tab, this.element.children[place] ?? null);
    });
  }

  idOf(file: string): string {
    return this.#tabs.get(file)?.id ?? "";
  }

  select(file: string): void {
    for (const [name, tab] of this.#tabs) {
      tab.setAttribute("aria-selected", String(name === file));
      tab.tabIndex = name === file ? 0 : -1;
      if (name === file) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  showCount(file: string, errors: number): void {
    const tab = this.#tabs.get(file);
    tab?.querySelector(".count")?.remove();
    if (errors === 0) return;
    const word = el("span", { class: "vh" }, errors === 1 ? " error" : " errors");
    tab?.append(el("span", { class: "count" }, icon("cross"), String(errors), word));
  }

  #createTab(file: string, locked: boolean): HTMLButtonElement {
    const tab = el(
      "button",
      { class: "tab", role: "tab", type: "button", title: file, id: `tab-${idPart(file)}`, "aria-controls": this.#panelId },
      el("span", { class: "name" }),
      locked && el("span", { class: "muted small" }, "read only"),
    );
    tab.addEventListener("click", () => this.#choose(file));
    return tab;
  }

  #moveByKey(event: KeyboardEvent): void {
    const files = [...this.#tabs.keys()];
    const current = files.findIndex((file) => this.#tabs.get(file) === document.activeElement);
    const targets: Record<string, number> = {
      ArrowRight: current + 1,
      ArrowLeft: current - 1 + files.length,
      Home: 0,
      End: files.length - 1,
    };
    const target = targets[event.key];
    const file = target === undefined ? undefined : files[target % files.length];
    if (current < 0 || file === undefined) return;
    event.preventDefault();
    this.#choose(file);
    this.#tabs.get(file)?.focus();
  }
}
