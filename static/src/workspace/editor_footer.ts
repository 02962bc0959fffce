/** The line under the editor: how many problems, where the cursor is, how to leave by keyboard. */
import { el, icon } from "./marks.ts";

/** Before TypeScript's first answer there is no count to trust. */
export type CheckState = "checking" | "checked" | "failed";

export class EditorFooter {
  readonly element: HTMLElement;
  readonly #problems: HTMLButtonElement;
  readonly #place = el("span", { class: "place" });
  #shown = "";

  /** `toggleList` answers whether the list of problems is open now. */
  constructor(toggleList: () => boolean, showKeys: () => void) {
    this.#problems = el("button", { type: "button", class: "problems", "aria-expanded": "false" });
    this.#problems.addEventListener("click", () => this.#problems.setAttribute("aria-expanded", String(toggleList())));
    const keys = el("button", { type: "button", class: "keys" }, el("kbd", {}, "?"), "keys");
    keys.addEventListener("click", showKeys);
    const status = el("span", { role: "status" }, this.#problems);
    const leave = el("span", { class: "muted push leave" }, "Esc then Tab leaves the editor");
    this.element = el("div", { class: "foot editor-foot" }, status, this.#place, leave, keys);
    this.showProblems(0, "checking");
  }

  showProblems(count: number, state: CheckState): void {
    const words = { checking: "checking…", failed: "TypeScript did not start; reload the page", checked: "no problems" };
    const text = count > 0 ? `${count} problem${count === 1 ? "" : "s"}` : words[state];
    if (text === this.#shown) return;
    this.#shown = text;
    const isQuiet = count === 0 && state === "checking";
    const isFine = count === 0 && state === "checked";
    this.#problems.className = `problems ${isQuiet ? "muted" : isFine ? "ok" : "bad"}`;
    this.#problems.disabled = count === 0 && this.#problems.getAttribute("aria-expanded") === "false";
    this.#problems.replaceChildren(...(isQuiet ? [] : [icon(isFine ? "tick" : "cross")]), text);
  }

  showPlace(line: number, column: number): void {
    this.#place.textContent = `Line ${line}, column ${column}`;
  }
}
