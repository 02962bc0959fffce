/**
 * <runs-panel>: every execution on a time line, newest first, grouped by what caused it. Bars share the axis above.
 * New entries push down only while the list stands at its top; otherwise a button counts them.
 */
import { bus, workspaceConfig } from "./bus.ts";
import { GroupView } from "./group_view.ts";
import { el, isPersona, NAMES } from "./marks.ts";
import type { ComparedMessage, RunMessage } from "./messages.ts";
import { EVERYTHING, filterGroup, type RunFilter } from "./run_filter.ts";
import { type Group, newestStory, RunGroups, RUNS_KEPT } from "./run_groups.ts";
import { RunsTools } from "./runs_tools.ts";
import { timeAxis } from "./time_axis.ts";
import { describeWrites, functionName } from "./wording.ts";

const BAR_PX = 112;
/** The axis fits the runs of late: one slow run long ago must not flatten all others. */
const RUNS_ON_AXIS = 40;

const NO_RUNS = (): (Node | string)[] => [el("b", {}, "No runs yet."), " Add a name in Alice’s pane and follow it here."];
const NO_MATCH = (): (Node | string)[] => [el("b", {}, "No run fits the filter."), " Clear it to see the others."];

export class RunsPanel extends HTMLElement {
  #groups = new RunGroups();
  readonly #views = new Map<string, GroupView>();
  readonly #dirty = new Set<Group>();
  #stops: (() => void)[] = [];
  #drawing = 0;
  #totalsMs: number[] = [];
  #unseen = 0;
  #filter = EVERYTHING;
  /** What came during a pause; null while there is none. */
  #held: (() => void)[] | null = null;
  readonly #tools = new RunsTools({
    filter: (filter) => this.#applyFilter(filter),
    pause: (isPaused) => this.#pause(isPaused),
    clear: () => this.#clear(),
  });
  readonly #ticks = el("ol");
  readonly #axis = el("div", { class: "axis", "aria-hidden": "true" });
  readonly #list = el("ol", { class: "line scroll", tabindex: 0, "aria-label": "Runs, latest first", hidden: true });
  readonly #empty = el("p", { class: "empty panel-empty" }, ...NO_RUNS());
  readonly #more = el("button", { class: "btn sm more-runs", type: "button", hidden: true });
  readonly #said = el("p", { class: "vh", role: "status" });

  /** Beside the dock's tabs. */
  get tools(): HTMLElement {
    return this.#tools.element;
  }

  connectedCallback(): void {
    this.#axis.replaceChildren(el("span", {}, "time"), el("span", {}, "what ran, and why"), this.#ticks, el("span", { class: "u" }, "ms"));
    this.replaceChildren(
      this.#axis,
      this.#empty,
      this.#list,
      this.#more,
      this.#said,
    );
    this.#drawAxis();
    // Before the server's first word nobody knows whether there are none.
    this.classList.toggle("is-loading", bus.latest("tables") === undefined);
    this.#listen();
  }

  disconnectedCallback(): void {
    cancelAnimationFrame(this.#drawing);
    this.#drawing = 0;
    for (const stop of this.#stops.splice(0)) stop();
    this.#clear();
  }

  #clear(): void {
    for (const view of this.#views.values()) view.close();
    this.#views.clear();
    this.#dirty.clear();
    this.#groups = new RunGroups();
    if (this.#held) this.#held = [];
    this.#totalsMs = [];
    this.#unseen = 0;
    this.#draw();
  }

  #pause(isPaused: boolean): void {
    const held = this.#held ?? [];
    this.#held = isPaused ? [] : null;
    if (!isPaused) for (const show of held) show();
  }

  /** Shows it now, or after the pause. Of a long pause the newest are kept. */
  #take(show: () => void): void {
    if (!this.#held) return show();
    this.#held.push(show);
    if (this.#held.length > RUNS_KEPT) this.#held.shift();
    this.#tools.showWaiting(this.#held.length);
  }

  #applyFilter(filter: RunFilter): void {
    this.#filter = filter;
    this.#draw();
  }

  #listen(): void {
    const before = bus.latest("deployed")?.revision ?? workspaceConfig().goodRevision;
    const toTop = (): void => this.#scrollToTop();
    const onScroll = (): void => this.#scrolled();
    this.#more.addEventListener("click", toTop);
    this.#list.addEventListener("scroll", onScroll, { passive: true });
    this.#stops = [
      () => this.#more.removeEventListener("click", toTop),
      () => this.#list.removeEventListener("scroll", onScroll),
      bus.on("run", (run) => this.#take(() => this.#addRun(run))),
      // A commit without documents declares tables and indexes; the deploy above it says so.
      bus.on("commit", (commit) => commit.documents > 0 && this.#take(() => this.#changed(this.#groups.addCommit(commit)))),
      bus.on("deployed", ({ revision, liveMs }) => {
        if (revision === before) return;
        const atMs = Date.now();
        this.#take(() => this.#changed(this.#groups.addDeployed({ revision, liveMs, atMs })));
      }),
      bus.on("tables", () => this.classList.remove("is-loading")),
      bus.on("compared", (compared) => this.#showComparison(compared)),
      bus.on("server-error", () => this.#stopComparing()),
    ];
  }

  #addRun(run: RunMessage): void {
    this.#totalsMs = [...this.#totalsMs.slice(1 - RUNS_ON_AXIS), run.total_ms];
    this.#changed(this.#groups.addRun(run));
    if (run.kind === "mutation" && run.writes.length > 0) this.#sayStory(run);
  }

  /** Drawn once a frame, however many messages come. */
  #changed(group: Group): void {
    this.#dirty.add(group);
    this.#drawing ||= requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#drawing = 0;
    const wasAtTop = this.#list.scrollTop < 8;
    const { groups } = this.#groups;
    const kept = new Set(groups.map((group) => group.key));
    for (const [key, view] of this.#views) {
      if (!kept.has(key)) {
        view.close();
        this.#views.delete(key);
      }
    }
    for (const group of [...this.#dirty].reverse()) if (kept.has(group.key)) this.#drawGroup(group, groups);
    this.#dirty.clear();
    const story = newestStory(groups);
    for (const [key, view] of this.#views) view.isStory = key === story?.key;
    const shown = this.#showMatching(groups);
    this.#list.hidden = shown === 0;
    this.#empty.hidden = shown > 0;
    this.#empty.replaceChildren(...(groups.length > 0 ? NO_MATCH() : NO_RUNS()));
    this.#tools.showCount(this.#groups.runs);
    this.#drawAxis();
    if (wasAtTop) this.#list.scrollTop = 0;
    this.#showMore();
  }

  /** Answers how many groups the filter lets through. */
  #showMatching(groups: readonly Group[]): number {
    let shown = 0;
    for (const group of groups) {
      const matching = filterGroup(group, this.#filter);
      this.#views.get(group.key)?.show(matching);
      if (matching.isShown) shown += 1;
    }
    return shown;
  }

  #drawGroup(group: Group, groups: readonly Group[]): void {
    let view = this.#views.get(group.key);
    if (!view) {
      view = new GroupView(group, (run) => this.#groups.before(run));
      this.#views.set(group.key, view);
      const older = groups.slice(groups.indexOf(group) + 1).find(({ key }) => this.#views.get(key)?.element.isConnected);
      this.#list.insertBefore(view.element, (older && this.#views.get(older.key)?.element) ?? null);
      if (this.#list.scrollTop >= 8) this.#unseen += 1;
    }
    view.update(true);
  }

  #drawAxis(): void {
    const { endMs, ticksMs } = timeAxis(Math.max(...this.#totalsMs, 0));
    this.style.setProperty("--u", `${BAR_PX / endMs}px`);
    if (this.#ticks.lastElementChild?.textContent === String(endMs)) return;
    this.#ticks.replaceChildren(
      ...ticksMs.map((ms) => {
        const tick = el("li", {}, String(ms));
        tick.style.setProperty("--at", String(ms));
        return tick;
      }),
    );
  }

  #scrolled(): void {
    if (this.#list.scrollTop >= 8) return;
    this.#unseen = 0;
    this.#showMore();
  }

  #scrollToTop(): void {
    this.#list.scrollTop = 0;
    this.#list.focus();
    this.#scrolled();
  }

  #showMore(): void {
    this.#more.hidden = this.#unseen === 0;
    this.#more.textContent = `${this.#unseen} new`;
    this.#more.setAttribute("aria-label", `${this.#unseen} new above; go to the latest`);
  }

  #showComparison(compared: ComparedMessage): void {
    for (const { runs } of this.#views.values()) runs.get(compared.run)?.showComparison(compared);
  }

  #stopComparing(): void {
    for (const { runs } of this.#views.values()) for (const view of runs.values()) view.stopComparing();
  }

  #sayStory(run: RunMessage): void {
    const { text, name } = describeWrites(run.writes);
    const who = isPersona(run.writer) ? `${NAMES[run.writer]}: ` : "";
    this.#said.textContent = `${who}${functionName(run.path)}, ${text}${name === null ? "" : `, ${name}`}`;
  }
}

customElements.define("runs-panel", RunsPanel);
