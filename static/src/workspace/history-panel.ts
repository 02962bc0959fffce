/**
 * `<history-panel>`: every saved revision as a timeline; what differs between one of them and now; and the ways back.
 * Restoring puts old files into the editor as an edit, so the next save makes a new revision and nothing is lost.
 */
import { bus, postJson, workspaceConfig } from "./bus.ts";
import { diffView } from "./history_diff.ts";
import { changeWords, type Chosen, differences, nameOf, type RevisionEntry, stateWords, type Timeline, timeWords } from "./history_model.ts";
import { el, icon } from "./marks.ts";
import type { Files } from "./messages.ts";
import { editsAreSaved } from "./saved_first.ts";

type Against = "now" | "before" | "starter";
const TYPING_MS = 400;

async function fetchJson<T>(url: string, post = false): Promise<T> {
  const response = await (post ? postJson(url, {}) : fetch(url));
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as T;
}

class HistoryPanel extends HTMLElement {
  readonly tools = el("label", { class: "row history-whole" });
  #revisions: RevisionEntry[] = [];
  #hasMore = false;
  #solutionIsOpen = false;
  #chosen: Chosen = { kind: "starter" };
  #against: Against = "now";
  /** Files never change once they are saved. */
  readonly #known = new Map<string, Files>();
  readonly #list = el("ol", { class: "history-list", "aria-label": "Revisions, newest first" });
  readonly #detail = el("div", { class: "history-detail", tabindex: "0", role: "region", "aria-label": "What differs" });
  readonly #said = el("p", { class: "vh", role: "status" });
  readonly #whole = el("input", { type: "checkbox" });
  #views: { destroy(): void }[] = [];
  #turn = 0;
  #timer = 0;
  #isStale = true;
  #stops: (() => void)[] = [];

  connectedCallback(): void {
    this.tools.replaceChildren(this.#whole, "Whole files");
    this.#whole.addEventListener("change", () => void this.#showDetail());
    this.replaceChildren(this.#list, this.#detail, this.#said);
    const shown = new MutationObserver(() => this.#refresh());
    shown.observe(this, { attributes: true, attributeFilter: ["hidden"] });
    this.#stops = [
      () => shown.disconnect(),
      bus.on("saved", () => this.#later(true)),
      bus.on("files", () => this.#later(false)),
    ];
    this.#refresh();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
    this.#clearViews();
  }

  #later(isStale: boolean): void {
    this.#isStale ||= isStale;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#refresh(), TYPING_MS);
  }

  #refresh(): void {
    if (this.hidden) return;
    if (this.#isStale) void this.#load();
    else if (this.#against === "now") void this.#showDetail();
  }

  async #load(before?: number): Promise<void> {
    const { history } = workspaceConfig().urls;
    try {
      const timeline = await fetchJson<Timeline>(before === undefined ? history : `${history}?before=${before}`);
      const isFirst = this.#revisions.length === 0;
      this.#revisions = before === undefined ? timeline.revisions : [...this.#revisions, ...timeline.revisions];
      this.#hasMore = timeline.more;
      this.#solutionIsOpen = timeline.solution_is_open;
      this.#isStale = false;
      const previous = this.#revisions[1];
      if (isFirst && previous) this.#chosen = { kind: "revision", number: previous.number };
    } catch {
      this.#detail.replaceChildren(this.#failure(() => void this.#load(before)));
      return;
    }
    this.#showList();
    await this.#showDetail();
  }

  #failure(again: () => void): HTMLElement {
    const button = el("button", { class: "btn sm", type: "button" }, "Try again");
    button.addEventListener("click", again);
    return el("div", { class: "history-note" }, el("p", { class: "empty" }, "The history could not be loaded. Your work is not touched."), button);
  }

  // ── the timeline

  #showList(): void {
    const focused = this.#list.contains(document.activeElement) ? this.#keyOf(this.#chosen) : undefined;
    const now = new Date();
    const rows = [
      this.#row({ kind: "solution" }, "Solution", this.#solutionIsOpen ? "open" : "on request", "", ""),
      ...this.#revisions.map((entry) => this.#revisionRow(entry, now)),
      this.#row({ kind: "starter" }, "Starter", "as the lesson begins", "", ""),
    ];
    if (this.#hasMore) rows.splice(-1, 0, this.#moreRow());
    this.#list.replaceChildren(...rows);
    if (focused) this.#list.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
  }

  #revisionRow(entry: RevisionEntry, now: Date): HTMLElement {
    const state = stateWords(entry);
    return this.#row({ kind: "revision", number: entry.number }, `Revision ${entry.number}`, changeWords(entry), timeWords(entry.saved_at, now), state);
  }

  #row(chosen: Chosen, name: string, words: string, time: string, state: string): HTMLElement {
    const isChosen = this.#keyOf(chosen) === this.#keyOf(this.#chosen);
    const kind = chosen.kind === "revision" ? state.replace(" ", "-") : chosen.kind;
    const button = el(
      "button",
      { type: "button", class: `history-row is-${kind}`, "aria-current": isChosen ? "true" : undefined, "data-key": this.#keyOf(chosen) },
      el("span", { class: "tick-mark", "aria-hidden": "true" }),
      el("span", { class: "history-name" }, name, state === "passed" && el("span", { class: "badge ok" }, icon("tick"), "passed"), state === "not live" && el("span", { class: "badge bad" }, icon("cross"), "not live")),
      el("time", {}, time),
      el("span", { class: "history-words" }, words),
    );
    button.addEventListener("click", () => {
      this.#chosen = chosen;
      this.#showList();
      void this.#showDetail();
    });
    return el("li", {}, button);
  }

  #moreRow(): HTMLElement {
    const button = el("button", { class: "btn sm", type: "button" }, "Show older revisions");
    button.addEventListener("click", () => void this.#load(this.#revisions.at(-1)?.number));
    return el("li", { class: "history-more" }, button);
  }

  #keyOf(chosen: Chosen): string {
    return chosen.kind === "revision" ? String(chosen.number) : chosen.kind;
  }

  // ── what differs

  async #filesOf(chosen: Chosen): Promise<Files> {
    const key = this.#keyOf(chosen);
    const { history, solution } = workspaceConfig().urls;
    const isSolution = chosen.kind === "solution";
    const known = this.#known.get(key) ?? (await fetchJson<{ files: Files }>(isSolution ? solution : `${history}/${key}`, isSolution)).files;
    this.#known.set(key, known);
    return known;
  }

  /** Left: what it was. Right: what it became. A solution stands on the right: it is what could come next. */
  async #sides(): Promise<[Files, Files]> {
    const chosen = await this.#filesOf(this.#chosen);
    const now = bus.latest("files") ?? {};
    if (this.#chosen.kind === "solution") return [now, chosen];
    if (this.#against === "starter") return [await this.#filesOf({ kind: "starter" }), chosen];
    if (this.#against === "now" || this.#chosen.kind !== "revision") return [chosen, now];
    const { number } = this.#chosen;
    const before = this.#revisions.find((entry) => entry.number < number);
    return [before ? await this.#filesOf({ kind: "revision", number: before.number }) : {}, chosen];
  }

  async #showDetail(): Promise<void> {
    const turn = ++this.#turn;
    if (this.#chosen.kind === "solution" && !this.#solutionIsOpen) return this.#offerSolution();
    try {
      const [before, after] = await this.#sides();
      const files = await this.#filesOf(this.#chosen);
      if (turn === this.#turn) this.#showDifferences(before, after, files);
    } catch {
      if (turn === this.#turn) this.#detail.replaceChildren(this.#failure(() => void this.#showDetail()));
    }
  }

  #showDifferences(before: Files, after: Files, chosen: Files): void {
    this.#clearViews();
    const found = differences(before, after);
    const views = found.map((difference) => diffView(difference, !this.#whole.checked));
    this.#views = views;
    const empty = el("p", { class: "empty history-note" }, "No difference: every file is the same.");
    const { scrollTop } = this.#detail;
    this.#detail.replaceChildren(this.#head(found.length, chosen), ...(views.length ? views.map(({ element }) => element) : [empty]));
    this.#detail.scrollTop = scrollTop;
  }

  #head(count: number, chosen: Files): HTMLElement {
    const name = nameOf(this.#chosen);
    const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const isNow = differences(bus.latest("files") ?? {}, chosen).length === 0;
    const action = { revision: `Restore ${name}`, starter: "Reset to the starter", solution: "Take the solution" }[this.#chosen.kind];
    const restore = el("button", { class: "btn sm", type: "button", "aria-disabled": isNow ? "true" : undefined }, isNow ? "This is what you have" : action);
    restore.addEventListener("click", () => {
      if (!isNow) void this.#restore(chosen);
    });
    const verb = this.#chosen.kind === "solution" ? "would change" : count === 1 ? "differs" : "differ";
    const files = `${count} file${count === 1 ? "" : "s"} ${verb}`;
    return el("div", { class: "history-head" }, el("h2", {}, title), this.#chosen.kind !== "solution" && this.#againstChoice(), el("span", { class: "muted" }, files), el("span", { class: "push" }, restore));
  }

  #againstChoice(): HTMLElement {
    const options: [Against, string][] = [["now", "what you have now"], ["before", "the revision before"], ["starter", "the starter"]];
    const possible = this.#chosen.kind === "revision" ? options : options.slice(0, 1);
    const select = el("select", {}, ...possible.map(([value, words]) => el("option", { value, selected: value === this.#against }, words)));
    select.addEventListener("change", () => {
      this.#against = select.value as Against;
      void this.#showDetail().then(() => this.#detail.querySelector("select")?.focus());
    });
    return el("label", { class: "row" }, "beside", select);
  }

  #offerSolution(): void {
    this.#clearViews();
    const button = el("button", { class: "btn", type: "button" }, "Show the solution");
    button.addEventListener("click", () => {
      this.#solutionIsOpen = true;
      this.#showList();
      void this.#showDetail().then(() => this.#detail.focus());
    });
    this.#detail.replaceChildren(
      el(
        "div",
        { class: "history-note" },
        el("p", { class: "empty" }, el("b", {}, "One way to solve the task."), " It opens by itself when your check passes. You may look before: it shows what it would change, your files stay as they are, and the course notes that you asked."),
        button,
      ),
    );
  }

  async #restore(files: Files): Promise<void> {
    const name = nameOf(this.#chosen);
    await editsAreSaved();
    const kept = bus.latest("status")?.revision;
    bus.emit("replace-files", { files });
    bus.emit("save-now", undefined);
    this.#said.textContent = `The editor has ${name} now, as a new revision. ${kept === undefined ? "" : `Revision ${kept} keeps what you had.`}`;
    this.#detail.focus();
  }

  #clearViews(): void {
    for (const view of this.#views) view.destroy();
    this.#views = [];
  }
}

customElements.define("history-panel", HistoryPanel);
