/** One run in Runs: what ran and why, who got the result, what each read cost. Built once; comparisons come later. */
import { readableMessage, serverPlace } from "../frame/error_place.ts";
import { bus, workspaceConfig } from "./bus.ts";
import { comparisonView } from "./comparison_view.ts";
import { jumpTo } from "./jump.ts";
import { laboratoryLink } from "./laboratory_link.ts";
import { el, icon, isPersona, personMark, stepMark } from "./marks.ts";
import type { ComparedMessage, ReadMessage, RunMessage, WriteMessage } from "./messages.ts";
import { detailsView } from "./run_details.ts";
import { scanAdvice } from "./scan_advice.ts";
import { wakeReason } from "./wake_reason.ts";
import { describeRead, describeUnawaited, formatMs, functionName, isFullScan, plural } from "./wording.ts";

const READS_SHOWN = 4;
/** A loop that prints must not push the next run out of sight. */
const LOG_LINES_SHOWN = 5;

export class RunView {
  readonly element: HTMLElement;
  readonly #run: RunMessage;
  readonly #reads = new Map<number, HTMLElement>();

  /** `woke`: what the commit that woke it has changed. `before`: the same query's run before, where it was seen. */
  constructor(run: RunMessage, woke: Woke, before: RunMessage | null) {
    this.#run = run;
    const reads = run.reads.slice(0, READS_SHOWN).map((read, at) => this.#readView(read, at));
    const rest = run.reads.slice(READS_SHOWN);
    const { opener, details } = unfolding(run, () => before);
    this.element = el(
      "li",
      {},
      el(
        "div",
        { class: "woken" },
        el("p", {}, opener, reason(run, woke), ...outcome(run)),
        ...reads,
        rest.length > 0 && el("p", { class: "muted" }, `and ${plural(rest.length, "more read")}`),
        ...remarks(run),
        details,
      ),
      timeView(run),
    );
    this.#tintOnFocus();
  }

  showComparison(compared: ComparedMessage): void {
    const line = this.#reads.get(compared.read);
    const read = this.#run.reads[compared.read];
    if (!line || !read) return;
    this.stopComparing();
    if (line.nextElementSibling?.matches(".comparison")) line.nextElementSibling.remove();
    line.after(comparisonView(compared, read));
  }

  stopComparing(): void {
    for (const button of this.element.querySelectorAll("[data-compare]")) {
      button.removeAttribute("aria-disabled");
      button.textContent = "Compare";
    }
  }

  #readView(read: ReadMessage, at: number): HTMLElement {
    const line = el("p", {}, chip(read), ...(isFullScan(read) ? [] : [this.#compareButton(read, at)]), laboratoryLink(this.#run, read));
    this.#reads.set(at, line);
    return line;
  }

  #compareButton(read: ReadMessage, at: number): HTMLElement {
    const button = el("button", { class: "btn bare sm", type: "button", "data-compare": true, title: "Run this read through its index and as a full scan" }, "Compare");
    button.setAttribute("aria-label", `Compare ${read.plan} with a full scan`);
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      button.textContent = "Comparing";
      bus.emit("send", { type: "compare", run: this.#run.id, read: at });
    });
    return button;
  }

  #tintOnFocus(): void {
    const read = this.#run.reads[0];
    if (!read) return;
    const tint = () => bus.emit("read-focus", { by: functionName(this.#run.path), read });
    const untint = () => bus.emit("read-focus", null);
    this.element.addEventListener("pointerenter", tint);
    this.element.addEventListener("pointerleave", untint);
    this.element.addEventListener("focusin", tint);
    this.element.addEventListener("focusout", untint);
  }
}

export interface Woke {
  tables: ReadonlySet<string>;
  writes: readonly WriteMessage[];
}

/** A function's name that unfolds all that is known of the run. It is put together when it is first asked for. */
export function unfolding(run: RunMessage, before: () => RunMessage | null): { opener: HTMLElement; details: HTMLElement } {
  const details = el("div", { class: "details", hidden: true });
  const opener = el("button", { class: "mono fn unfold", type: "button", "aria-expanded": "false", title: "What it read, wrote and returned" }, icon("chev"), functionName(run.path));
  opener.addEventListener("click", () => {
    const isOpen = details.hidden;
    if (isOpen && !details.hasChildNodes()) details.append(detailsView(run, before()));
    details.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
  });
  return { opener, details };
}

function reason(run: RunMessage, woke: Woke): HTMLElement | null {
  if (run.cause.kind !== "commit") return null;
  return el("span", { class: "muted" }, el("span", { class: "vh" }, "woken because "), wakeReason(run.reads, woke.tables, woke.writes));
}

function outcome(run: RunMessage): (HTMLElement | null)[] {
  if (run.error !== null) return [el("span", { class: "badge bad" }, icon("cross"), "failed"), sentView(run)];
  return [sentView(run)];
}

function sentView(run: RunMessage): HTMLElement | null {
  if (!run.result_changed) return el("span", { class: "sent" }, "same result, nothing sent");
  const people = run.sent_to.filter(isPersona);
  const others = run.sent_to.length - people.length;
  if (run.sent_to.length === 0) return null;
  const step = run.cause.kind === "commit" ? stepMark(3) : null;
  const marks = people.map((person) => personMark(person, { small: true }));
  return el("span", { class: "sent" }, step, "sent to ", ...marks, others > 0 && `+${others}`);
}

function chip(read: ReadMessage): HTMLElement {
  if (!isFullScan(read)) return el("span", { class: "chip" }, describeRead(read));
  const table = bus.latest("tables")?.find(({ name }) => name === read.table);
  return el("span", { class: "chip warn" }, icon("warn"), `${describeRead(read)} · `, adviceView(read, scanAdvice(table, read).words));
}

/** The advice leads to the line where an index of that table is declared. */
function adviceView(read: ReadMessage, advice: string): HTMLElement {
  const file = "convex/schema.ts";
  const text = workspaceConfig().files[file] ?? "";
  const line = text.split("\n").findIndex((source) => new RegExp(`\\b${read.table}\\s*:`).test(source));
  return jumpTo({ file, line: line + 1, column: 1 }, advice);
}

/** What a run has to say besides: repeats, what it did not wait for, its error with the place, its console lines. */
export function remarks(run: RunMessage): HTMLElement[] {
  const lines: HTMLElement[] = [];
  if (run.retries > 0) {
    lines.push(el("p", {}, el("span", { class: "badge warn" }, icon("clock"), `ran ${run.retries + 1} times: another commit changed what it had read`)));
  }
  const unawaited = describeUnawaited(run.unawaited);
  if (unawaited !== null) lines.push(el("p", {}, el("span", { class: "badge warn" }, icon("warn"), unawaited)));
  if (run.error !== null) {
    const place = serverPlace(run.error);
    lines.push(el("div", { class: "run-error" }, `${readableMessage(run.error)} `, place && jumpTo(place)));
  }
  if (run.log_lines.length > 0) lines.push(logsView(run.log_lines));
  return lines;
}

function logsView(lines: readonly string[]): HTMLElement {
  const first = lines.slice(0, LOG_LINES_SHOWN).join("\n");
  const rest = lines.slice(LOG_LINES_SHOWN);
  const more = el("details", {}, el("summary", {}, `and ${plural(rest.length, "more line")}`), el("div", {}, rest.join("\n")));
  return el("div", { class: "logs" }, first, rest.length > 0 && more);
}

export function timeView(run: RunMessage): HTMLElement {
  const bar = el("i", {});
  bar.style.setProperty("--store", String(run.store_ms));
  bar.style.setProperty("--rest", String(Math.max(0, run.total_ms - run.store_ms)));
  const words = `${formatMs(run.total_ms)} ms in total, ${formatMs(run.store_ms)} ms of it in the store`;
  const isWarned = run.reads.some(isFullScan);
  return el(
    "div",
    { class: `ms${isWarned ? " warn" : ""}`, title: words },
    bar,
    el("span", {}, formatMs(run.total_ms), el("span", { class: "vh" }, ` ms, ${formatMs(run.store_ms)} ms of it in the store`)),
  );
}
