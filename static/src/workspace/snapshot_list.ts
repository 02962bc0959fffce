/** The named snapshots of the whole store: take one, go back to one, delete one. */
import { askFirst } from "./ask_first.ts";
import { workspaceConfig } from "./bus.ts";
import { askData, answerOf } from "./data_calls.ts";
import type { Step } from "./data_steps.ts";
import { el } from "./marks.ts";
import { formatBytes, formatClock, formatCount, plural } from "./wording.ts";

interface Snapshot {
  id: string;
  name: string;
  at_ms: number;
  rows: number;
  bytes: number;
}

export interface SnapshotPlaces {
  above: HTMLElement;
  say(words: string, isGood: boolean): void;
  /** Long work, told in steps; null when it was refused, which is said. */
  steps(what: string, body: BodyInit, words: (step: Step) => string, first: string): Promise<Step | null>;
}

/** As the store does it (engine/store/restoring.py). */
const CHANGES_PER_COMMIT = 1_000;

function commitsOf(changes: number): string {
  return changes > CHANGES_PER_COMMIT ? ` in ${formatCount(Math.ceil(changes / CHANGES_PER_COMMIT))} commits` : "";
}

export class SnapshotList {
  readonly element = el("div", { class: "snapshots", role: "group", "aria-label": "Snapshots of the whole store" });
  readonly #places: SnapshotPlaces;
  readonly #name = el("input", { type: "text", maxlength: 60, placeholder: "Name of the snapshot", "aria-label": "Name of the snapshot", autocomplete: "off" });
  readonly #list = el("ul");
  #isTaking = false;

  constructor(places: SnapshotPlaces) {
    this.#places = places;
    const form = el("form", {}, this.#name, el("button", { class: "btn sm", type: "submit" }, "Take snapshot"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#take();
    });
    this.element.append(form, this.#list);
  }

  async refresh(): Promise<void> {
    const answer = await fetch(`${workspaceConfig().urls.data}snapshots`).then((response) => answerOf<{ snapshots: Snapshot[] }>(response), () => null);
    if (!answer?.ok) return this.#places.say(answer?.refusal.message ?? "The snapshots cannot be read now.", false);
    const { snapshots } = answer.value;
    this.#list.replaceChildren(...snapshots.map((one) => this.#line(one)));
    if (snapshots.length === 0) this.#list.append(el("li", { class: "muted" }, "No snapshots yet. One keeps all tables and files as they are now."));
  }

  #line(one: Snapshot): HTMLElement {
    const restore = el("button", { class: "btn bare sm", type: "button", "aria-label": `Restore ${one.name}` }, "Restore");
    const remove = el("button", { class: "btn bare sm", type: "button", "aria-label": `Delete ${one.name}` }, "Delete");
    restore.addEventListener("click", () => void this.#restore(one));
    remove.addEventListener("click", () => void this.#delete(one));
    const facts = `${formatClock(one.at_ms)} · ${plural(one.rows, "row")} · ${formatBytes(one.bytes)}`;
    return el("li", {}, el("span", { class: "name", title: one.name }, one.name), el("span", { class: "muted num" }, facts), restore, remove);
  }

  async #take(): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    const answer = await askData<Snapshot>("snapshots/take", { name: this.#name.value });
    this.#isTaking = false;
    if (!answer.ok) return this.#places.say(answer.refusal.message, false);
    this.#name.value = "";
    this.#places.say(`Snapshot ${answer.value.name} taken.`, true);
    await this.refresh();
  }

  async #restore(one: Snapshot): Promise<void> {
    const { above, say, steps } = this.#places;
    const inSteps = one.rows > CHANGES_PER_COMMIT ? ` More than ${formatCount(CHANGES_PER_COMMIT)} changes are made in several commits, and panes show the way there.` : "";
    const question = `Go back to ${one.name}? The present is kept as a snapshot first. Code stays as it is.${inSteps}`;
    if (!(await askFirst(above, question, "Restore"))) return;
    const words = ({ changed, total }: Step): string => `${formatCount(changed ?? 0)} of ${formatCount(total ?? 0)} changes made`;
    const restored = await steps("snapshots/restore", JSON.stringify({ id: one.id }), words, "Restoring");
    if (restored) say(restored.changed ? `Restored: ${plural(restored.changed, "change")}${commitsOf(restored.changed)}.` : "Nothing differs from this snapshot.", true);
    await this.refresh();
  }

  async #delete(one: Snapshot): Promise<void> {
    const { above, say } = this.#places;
    if (!(await askFirst(above, `Delete the snapshot ${one.name}?`, "Delete snapshot"))) return;
    const answer = await askData("snapshots/delete", { id: one.id });
    if (answer.ok) say("Snapshot deleted.", true);
    else say(answer.refusal.message, false);
    await this.refresh();
  }
}
