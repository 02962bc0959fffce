/** The list of all problems above the editor's foot: each leads to its place and offers what TypeScript can fix. */
import { shortMessage } from "./editor_problems.ts";
import { jumpTo } from "./jump.ts";
import { el, icon } from "./marks.ts";
import type { Problem } from "./messages.ts";
import { schemaJump } from "./schema_jump.ts";

const SHOWN_MAX = 200;

export class ProblemRows {
  readonly element = el("ul", { class: "problem-list", "aria-label": "Problems", hidden: true });
  readonly #fix: (problem: Problem) => void;
  #problems: readonly Problem[] = [];

  constructor(fix: (problem: Problem) => void) {
    this.#fix = fix;
  }

  /** Answers whether it is open now. */
  toggle(): boolean {
    this.element.hidden = !this.element.hidden;
    this.#render();
    return !this.element.hidden;
  }

  show(problems: readonly Problem[]): void {
    this.#problems = problems;
    this.#render();
  }

  #render(): void {
    if (this.element.hidden) return;
    const rows = this.#problems.slice(0, SHOWN_MAX).map((problem) => this.#row(problem));
    const more = this.#problems.length - SHOWN_MAX;
    if (more > 0) rows.push(el("li", { class: "muted" }, `and ${more} more`));
    this.element.replaceChildren(...(rows.length > 0 ? rows : [el("li", { class: "muted" }, "No problems.")]));
  }

  #row(problem: Problem): HTMLElement {
    const fix = el("button", { class: "btn sm bare", type: "button" }, "Show fixes");
    fix.addEventListener("click", () => this.#fix(problem));
    const canFix = problem.source === "types" && problem.code !== undefined;
    return el(
      "li",
      { class: problem.severity },
      icon(problem.severity === "error" ? "cross" : "warn"),
      el("p", {}, jumpTo(problem), ` ${shortMessage(problem.message)}`),
      canFix ? fix : schemaJump(problem),
    );
  }
}
