/** One cause in Runs: its bar in the writer's hue, and below it the branch of what it woke. */
import { el, hueOf, isPersona, personMark, pulse, stepMark } from "./marks.ts";
import type { CommitMessage, RunMessage } from "./messages.ts";
import type { Group, Head } from "./run_groups.ts";
import type { ShownGroup } from "./run_filter.ts";
import { remarks, RunView, timeView, unfolding, type Woke } from "./run_view.ts";
import { describeWrites, formatClock, formatCount, functionName, plural } from "./wording.ts";

/** A commit has woken whom it wakes by then. */
const SETTLED_MS = 600;

export class GroupView {
  readonly element = el("li", { class: "group" });
  readonly runs = new Map<string, RunView>();
  readonly #group: Group;
  readonly #head = el("div", { class: "head" });
  readonly #branch = el("ol", { class: "branch" });
  #shownHead: Head | null = null;
  #timer = 0;
  readonly #before: (run: RunMessage) => RunMessage | null;

  /** `before`: the run of the same query before a run. */
  constructor(group: Group, before: (run: RunMessage) => RunMessage | null) {
    this.#group = group;
    this.#before = before;
    this.element.append(this.#head, this.#branch);
  }

  /** Draws what is new. `isFresh`: it happened now, so it may pulse. */
  update(isFresh: boolean): void {
    if (this.#shownHead !== this.#group.head) this.#showHead(isFresh);
    for (const run of this.#group.runs) {
      if (!this.runs.has(run.id)) this.#addRun(run, isFresh);
    }
  }

  set isStory(isStory: boolean) {
    this.element.classList.toggle("is-story", isStory);
  }

  show({ isShown, runs }: ShownGroup): void {
    this.element.hidden = !isShown;
    for (const [id, view] of this.runs) view.element.hidden = !runs.has(id);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.element.remove();
  }

  #showHead(isFresh: boolean): void {
    const { head, atMs } = this.#group;
    this.#shownHead = head;
    const writer = writerOf(head);
    this.element.className = `group ${hueOf(writer)}${this.element.classList.contains("is-story") ? " is-story" : ""}`;
    const unfolded = head.kind === "mutation" ? unfolding(head.run, () => null) : null;
    const bar = el("div", { class: "bar" }, ...headContent(head, unfolded?.opener));
    const line = el("div", { class: "commit" }, el("time", { datetime: new Date(atMs).toISOString() }, formatClock(atMs)), bar);
    if (head.kind === "mutation") line.append(timeView(head.run));
    this.#head.replaceChildren(line, ...(head.kind === "mutation" ? remarks(head.run) : []), ...(unfolded ? [unfolded.details] : []));
    if (isFresh && isPersona(writer)) pulse(bar);
    if (changesRows(head)) this.#timer = setTimeout(() => this.#sayNobody(), SETTLED_MS);
  }

  #addRun(run: RunMessage, isFresh: boolean): void {
    const view = new RunView(run, wokeBy(this.#group.head), this.#before(run));
    this.runs.set(run.id, view);
    this.#branch.querySelector(".nobody")?.remove();
    this.#branch.append(view.element);
    if (isFresh && run.cause.kind === "commit") pulse(view.element);
  }

  #sayNobody(): void {
    if (this.runs.size === 0 && !this.#branch.hasChildNodes()) this.#branch.append(el("li", { class: "nobody" }, "woke nobody"));
  }
}

function writerOf(head: Head): string | null {
  if (head.kind === "mutation") return head.run.writer;
  return head.kind === "commit" ? head.commit.writer : null;
}

function changesRows(head: Head): boolean {
  return (head.kind === "mutation" && head.run.writes.length > 0) || head.kind === "commit";
}

function wokeBy(head: Head): Woke {
  if (head.kind === "mutation") return { tables: new Set(head.run.writes.map((write) => write.table)), writes: head.run.writes };
  return { tables: new Set(head.kind === "commit" ? head.commit.tables : []), writes: [] };
}

function headContent(head: Head, opener: HTMLElement | undefined): (Node | string)[] {
  switch (head.kind) {
    case "mutation":
      return mutationContent(head.run, opener ?? el("strong", { class: "mono" }, functionName(head.run.path)));
    case "commit":
      return commitContent(head.commit);
    case "deployed": {
      const { revision, liveMs } = head.deployed;
      const live = liveMs === null ? "" : `both panes live after ${formatCount(liveMs)} ms`;
      return [el("strong", {}, "Deployed"), el("span", {}, `revision ${revision}`), el("span", { class: "muted what" }, live)];
    }
    case "first":
      return [el("strong", {}, "First run"), el("span", { class: "muted what" }, "a pane subscribed")];
    case "identity":
      return [el("strong", {}, "Ran again"), el("span", { class: "muted what" }, "the pane said who is asking")];
    case "call":
      return [el("strong", {}, "Asked once"), el("span", { class: "muted what" }, "nobody waits for changes")];
    case "unknown":
      return [el("strong", {}, "Commit"), el("span", { class: "muted what" }, "made elsewhere")];
  }
}

function mutationContent(run: RunMessage, name: HTMLElement): (Node | string)[] {
  const { writer } = run;
  const people = isPersona(writer) ? [personMark(writer)] : [];
  if (run.error !== null) return [...people, name, el("span", { class: "refused what" }, "failed, nothing was written")];
  const written = describeWrites(run.writes);
  const what = el("span", { class: "what" }, written.text, written.name !== null && ": ", written.name !== null && el("b", {}, written.name));
  return run.writes.length > 0 ? [stepMark(2), ...people, name, what] : [...people, name, what];
}

const COMMIT_VERBS: Record<string, string> = { seed: "Seeded", import: "Imported", clear: "Cleared", restore: "Restored" };

function commitContent(commit: CommitMessage): (Node | string)[] {
  const verb = COMMIT_VERBS[commit.cause] ?? "Written";
  const by = commit.writer === null ? "" : `, by the ${commit.writer}`;
  return [el("strong", {}, verb), el("span", { class: "what" }, `${plural(commit.documents, "row")} in ${commit.tables.join(", ") || "no table"}${isPersona(commit.writer) ? "" : by}`)];
}
