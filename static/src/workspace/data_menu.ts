/** What the Data panel does with a whole table: import, export, clear. One thing at a time; progress and refusals in words. */
import { askFirst } from "./ask_first.ts";
import { workspaceConfig } from "./bus.ts";
import { askInSteps, type Step } from "./data_steps.ts";
import { SnapshotList } from "./snapshot_list.ts";
import { el } from "./marks.ts";
import { formatCount, plural } from "./wording.ts";

export /** As the engine does it (engine/tables/editing.py). */
const ROWS_PER_COMMIT = 250;
const IMPORT_BYTES_MAX = 20 * 1024 * 1024;

export interface MenuPlaces {
  /** The table that is shown and how many rows it has. */
  table(): { name: string; total: number } | null;
  above: HTMLElement;
  say(words: string, isGood: boolean, isProgress?: boolean): void;
}

export class DataMenu {
  readonly element = el("div", { class: "data-menu" });
  readonly #places: MenuPlaces;
  readonly #file = el("input", { type: "file", accept: ".csv,.jsonl,.ndjson,.json,text/csv", class: "file", "aria-label": "Import a file" });
  readonly #exports = { jsonl: exportLink("Export JSON lines"), csv: exportLink("Export CSV") };
  readonly #snapshots: SnapshotList;
  #isBusy = false;

  constructor(places: MenuPlaces) {
    this.#places = places;
    const clear = el("button", { class: "btn sm", type: "button" }, "Clear table");
    const importing = el("label", { class: "btn sm", title: "CSV or JSON lines, up to 20 MiB" }, "Import a file", this.#file);
    const actions = el("div", { class: "actions", role: "group", "aria-label": "The whole table" }, importing, this.#exports.jsonl, this.#exports.csv, clear);
    this.#snapshots = new SnapshotList({ above: places.above, say: places.say, steps: (...asked) => this.#steps(...asked) });
    this.element.append(actions, this.#snapshots.element);
    this.#file.addEventListener("change", () => void this.#import());
    clear.addEventListener("click", () => void this.#clear());
  }

  /** Opens or closes it; returns whether it is open. */
  toggle(): boolean {
    this.element.hidden = !this.element.hidden;
    if (!this.element.hidden) void this.#snapshots.refresh();
    return !this.element.hidden;
  }

  /** Another table: its own files. */
  follow(): void {
    const table = this.#places.table();
    for (const [format, link] of Object.entries(this.#exports)) {
      if (table) link.href = `${workspaceConfig().urls.data}export?${new URLSearchParams({ table: table.name, format })}`;
    }
  }

  async #import(): Promise<void> {
    const [file, table] = [this.#file.files?.[0], this.#places.table()];
    const { say } = this.#places;
    if (!file || !table) return;
    if (file.size > IMPORT_BYTES_MAX) {
      this.#file.value = "";
      return say(`${file.name} is too large to import: it has ${megabytes(file.size)} MiB, at most 20 MiB fit. Cut it into several files.`, false);
    }
    const format = /\.(csv|tsv|txt)$/i.test(file.name) || file.type === "text/csv" ? "csv" : "jsonl";
    const address = `import?${new URLSearchParams({ table: table.name, format })}`;
    const written = await this.#steps(address, file, (step) => progress(step), `Importing ${file.name}`);
    if (written) say(`${plural(written.written ?? 0, "row")} imported.`, true);
    this.#file.value = "";
  }

  async #clear(): Promise<void> {
    const table = this.#places.table();
    const { above, say } = this.#places;
    if (!table) return;
    const question = `Delete all ${plural(table.total, "row")} of ${table.name}? Only a snapshot brings them back.${table.total > ROWS_PER_COMMIT ? ` It takes several commits of ${ROWS_PER_COMMIT} rows, and panes see them go.` : ""}`;
    if (!(await askFirst(above, question, "Clear table"))) return;
    const body = JSON.stringify({ table: table.name });
    const cleared = await this.#steps("clear", body, ({ gone }) => `${formatCount(gone ?? 0)} of ${formatCount(table.total)} deleted`, "Clearing");
    if (cleared) say(`${plural(cleared.gone ?? 0, "row")} deleted.`, true);
  }

  /** Null when it was refused, which is said, or when something else runs. */
  async #steps(what: string, body: BodyInit, words: (step: Step) => string, first: string): Promise<Step | null> {
    const { say } = this.#places;
    if (this.#isBusy) {
      say("Something else is still running. Wait until it has ended.", false);
      return null;
    }
    this.#isBusy = true;
    say(first, true);
    const answer = await askInSteps(what, body, (step) => step.error === undefined && !step.done && say(words(step), true, true));
    this.#isBusy = false;
    if (answer.ok) return answer.value;
    say(answer.refusal.message, false);
    return null;
  }
}

function progress({ checked, written }: Step): string {
  return written ? `${formatCount(written)} of ${formatCount(checked ?? 0)} rows written` : `${formatCount(checked ?? 0)} rows checked`;
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function exportLink(text: string): HTMLAnchorElement {
  return el("a", { class: "btn sm", download: "", href: "#" }, text);
}
