/** Beside the tabs when Runs is open: what to show of it, a pause, and a fresh start. */
import { el, icon } from "./marks.ts";
import { EVERYTHING, type RunFilter, type RunKind } from "./run_filter.ts";
import { plural } from "./wording.ts";

const KINDS: [RunKind, string][] = [
  ["all", "all runs"],
  ["writes", "writes"],
  ["scans", "full scans"],
  ["failed", "trouble"],
];

export interface RunsToolsEvents {
  filter(filter: RunFilter): void;
  pause(isPaused: boolean): void;
  clear(): void;
}

export class RunsTools {
  readonly element: HTMLElement;
  #filter = EVERYTHING;
  #isPaused = false;
  readonly #count = el("span", { class: "muted small num count" });
  readonly #text = el("input", { type: "search", class: "find", placeholder: "Filter", "aria-label": "Filter runs by function or table" });
  readonly #kind = el("select", { "aria-label": "Which runs" }, ...KINDS.map(([value, text]) => el("option", { value }, text)));
  readonly #pause = el("button", { class: "btn bare sm", type: "button", "aria-pressed": "false" });
  readonly #clear = el("button", { class: "btn bare sm", type: "button" }, "Clear");

  constructor(events: RunsToolsEvents) {
    this.element = el("div", { class: "tools runs-tools" }, this.#count, this.#text, this.#kind, this.#pause, this.#clear);
    const filter = (): void => {
      this.#filter = { kind: this.#kind.value as RunKind, text: this.#text.value.trim() };
      events.filter(this.#filter);
    };
    this.#text.addEventListener("input", filter);
    this.#kind.addEventListener("change", filter);
    this.#pause.addEventListener("click", () => {
      this.#isPaused = !this.#isPaused;
      events.pause(this.#isPaused);
      this.showWaiting(0);
    });
    this.#clear.addEventListener("click", () => events.clear());
    this.showWaiting(0);
  }

  showCount(runs: number): void {
    this.#count.textContent = plural(runs, "run");
  }

  /** How many came during the pause. */
  showWaiting(runs: number): void {
    this.#pause.setAttribute("aria-pressed", String(this.#isPaused));
    const words = this.#isPaused ? `Go on${runs > 0 ? ` · ${runs} new` : ""}` : "Pause";
    this.#pause.replaceChildren(icon(this.#isPaused ? "play" : "pause"), el("span", { class: "words" }, words));
    this.#pause.setAttribute("aria-label", words);
    this.#pause.title = words;
  }
}
