/** <problem-dot>: a dot at the bottom bar's Code while something is wrong in the project. */
import { bus, type Problem } from "./bus.ts";
import { el } from "./marks.ts";
import { plural } from "./wording.ts";

export class ProblemDot extends HTMLElement {
  #stop: () => void = () => {};

  connectedCallback(): void {
    this.#stop = bus.on("problems", (problems) => this.#show(problems));
    this.#show(bus.latest("problems") ?? []);
  }

  disconnectedCallback(): void {
    this.#stop();
  }

  #show(problems: readonly Problem[]): void {
    const errors = problems.filter((problem) => problem.severity === "error").length;
    const words = el("span", { class: "vh" }, ` ${plural(errors, "error")}`);
    this.replaceChildren(...(errors > 0 ? [el("span", { class: "dot" }, words)] : []));
  }
}

customElements.define("problem-dot", ProblemDot);
