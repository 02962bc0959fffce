/** What a call answered: the value as a tree, or the error with its place; log lines; how long it took. */
import { jumpTo } from "../workspace/jump.ts";
import { el, icon } from "../workspace/marks.ts";
import type { Place } from "../workspace/messages.ts";
import { formatClock, formatMs, plural } from "../workspace/wording.ts";
import type { Answer } from "./caller.ts";
import type { FunctionMessage } from "./messages.ts";
import { resultTree, Unfolded } from "./result_tree.ts";

const LOG_LINES_SHOWN = 200;

export class ResultView {
  readonly element = el("div", { class: "result" });
  /** One line beside the button. */
  readonly status = el("span", { class: "badge", role: "status" });
  readonly #value = el("div", {});
  readonly #log = el("div", {});
  #firstMs: number | null = null;
  #unfolded = new Unfolded();

  constructor() {
    this.element.append(this.#value, this.#log);
  }

  clear(): void {
    this.#unfolded = new Unfolded();
    this.status.replaceChildren();
    this.#value.replaceChildren();
    this.#log.replaceChildren();
  }

  wait(kind: FunctionMessage["kind"]): void {
    this.status.className = "badge";
    this.status.replaceChildren(kind === "query" ? "asking" : "running");
  }

  explain(words: string): void {
    this.#value.replaceChildren(el("p", { class: "reason" }, words));
  }

  show(kind: FunctionMessage["kind"], { value, ms, logLines }: Answer): void {
    this.#firstMs = ms ?? this.#firstMs;
    const time = this.#firstMs === null ? "" : `${formatMs(this.#firstMs)} ms`;
    const words = kind === "query" ? `live · ${ms === null ? `again at ${formatClock(Date.now())}` : `first answer after ${time}`}` : `done in ${time}`;
    this.status.className = "badge ok";
    this.status.replaceChildren(icon("tick"), words);
    this.#value.replaceChildren(value === undefined ? "" : resultTree(value, this.#unfolded));
    this.#showLog(logLines);
  }

  showError(message: string, place: Place | null): void {
    this.status.className = "badge bad";
    this.status.replaceChildren(icon("cross"), "failed");
    this.#value.replaceChildren(el("div", { class: "call-error", role: "alert" }, message, " ", place && jumpTo(place)));
  }

  #showLog(lines: readonly string[]): void {
    if (lines.length === 0) return this.#log.replaceChildren();
    const shown = lines.slice(0, LOG_LINES_SHOWN).join("\n");
    const rest = lines.length - LOG_LINES_SHOWN;
    this.#log.replaceChildren(
      el("p", { class: "file" }, plural(lines.length, "log line")),
      el("pre", {}, shown, rest > 0 && `\n… and ${plural(rest, "line")} more`),
    );
  }
}
