/** The file tabs above the editor: arrow keys move, each carries the count of its errors. */
import { el, icon } from "./marks.ts";

export interface TabFile {
  file: string;
  locked: boolean;
}

const baseName = (file: string): string => file.slice(file.lastIndexOf("/") + 1);

export class EditorTabs {
  readonly element: HTMLElement;
  readonly #tabs = new Map<string, HTMLButtonElement>();
  readonly #choose: (file: string) => void;

  constructor(files: readonly TabFile[], panelId: string, choose: (file: string) => void) {
    this.#choose = choose;
    this.element = el("div", { class: "tabs", role: "tablist", "aria-label": "Files" });
    for (const { file, locked } of files) this.element.append(this.#createTab(file, locked, panelId));
    this.element.addEventListener("keydown", (event) => this.#moveByKey(event));
  }

  idOf(file: string): string {
    return this.#tabs.get(file)?.id ?? "";
  }

  select(file: string): void {
    for (const [name, tab] of this.#tabs) {
      tab.setAttribute("aria-selected", String(name === file));
      tab.tabIndex = name === file ? 0 : -1;
    }
  }

  showCount(file: string, errors: number): void {
    const tab = this.#tabs.get(file);
    tab?.querySelector(".count")?.remove();
    if (errors === 0) return;
    const word = el("span", { class: "vh" }, errors === 1 ? " error" : " errors");
    tab?.append(el("span", { class: "count" }, icon("cross"), String(errors), word));
  }

  #createTab(file: string, locked: boolean, panelId: string): HTMLButtonElement {
    const tab = el(
      "button",
      { class: "tab", role: "tab", type: "button", title: file, id: `tab-${file.replace(/\W/g, "-")}`, "aria-controls": panelId },
      baseName(file),
      locked && el("span", { class: "muted small" }, "read only"),
    );
    tab.addEventListener("click", () => this.#choose(file));
    this.#tabs.set(file, tab);
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
