/** What happens at the desks, line by line: who, an arrow to or from the middle, and a sentence that says the same. */
import { el, personMark } from "../workspace/marks.ts";

/** Where an arrow begins and ends. `desk` is what one does alone, `middle` the file or the store itself. */
export type Way = "alice-in" | "alice-out" | "bob-in" | "bob-out" | "desk" | "middle";
export type Fact = readonly [label: string, value: string];

const STEP_MS = 1_000;

export class DeskTape {
  readonly element = el("div", { class: "desk-tape" });
  readonly #head = el("div", { class: "desk-lanes", "aria-hidden": "true" });
  readonly #lines = el("ol", { class: "desk-lines" });
  readonly #after = el("div", { class: "desk-after" });
  #isLive = true;

  constructor(middle: string, bob: boolean) {
    const alice = el("span", { class: "lane alice" }, personMark("alice", { small: true, silent: true }), "Alice");
    const other = el("span", { class: "lane bob" }, ...(bob ? ["Bob", personMark("bob", { small: true, silent: true })] : []));
    this.#head.append(alice, el("span", { class: "lane" }, middle), other);
    this.element.append(this.#head, el("div", { role: "log", "aria-label": "What happens" }, this.#lines), this.#after);
  }

  /** Nobody waits for this tape any more. */
  stop(): void {
    this.#isLive = false;
  }

  /** Writes the next line, and waits a moment so that it can be read. */
  async say(way: Way, text: string, tone: "" | "bad" | "ok" = ""): Promise<void> {
    if (!this.#isLive) return;
    const arrow = el("span", { class: "desk-arrow", "aria-hidden": "true" });
    this.#lines.append(el("li", { "data-way": way, "data-tone": tone }, arrow, el("span", { class: "desk-say" }, text)));
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) await pause(STEP_MS);
  }

  show(...nodes: Node[]): void {
    this.#after.append(...nodes);
  }

  facts(...facts: readonly Fact[]): void {
    this.show(el("dl", { class: "desk-facts" }, ...facts.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value)))));
  }

  text(label: string, lines: readonly string[], marked: (line: string) => boolean = () => false): void {
    const shown = lines.map((line) => el("span", marked(line) ? { class: "desk-mark" } : {}, `${line}\n`));
    this.show(el("figure", { class: "desk-file" }, el("figcaption", { class: "small muted" }, label), el("pre", { tabindex: 0, role: "group", "aria-label": label }, ...shown)));
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
