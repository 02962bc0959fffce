/**
 * <schema-panel>: what hangs on the schema, from a field through functions and components to the stored rows, with what
 * breaks marked while it is typed. Uses come from the editor's TypeScript; the server holds the saved schema against the
 * rows without deploying it.
 */
import { bus, workspaceConfig } from "../workspace/bus.ts";
import { jumpTo } from "../workspace/jump.ts";
import { el, icon } from "../workspace/marks.ts";
import type { Uses } from "../workspace/messages.ts";
import { plural } from "../workspace/wording.ts";
import { type Chain, chainOf } from "./chain.ts";
import { functionsView, tableView } from "./chain_view.ts";
import type { Rehearsal } from "./messages.ts";
import { mismatchView } from "./rows_view.ts";

const TYPING_PAUSE_MS = 600;
/** Rows that are being filled in are counted again, but not with every commit. */
const ROWS_PAUSE_MS = 1_500;

export class SchemaPanel extends HTMLElement {
  #stops: (() => void)[] = [];
  #uses: Uses | null = null;
  #rehearsal: Rehearsal | null = null;
  #trouble = "";
  /** The files outside of src/ that the last rehearsal was about: what decides the schema. */
  #rehearsed = "";
  #isCounting = false;
  #isCountWanted = false;
  #usesAreOld = true;
  #usesTimer = 0;
  #countTimer = 0;
  #shown = "";
  readonly tools = el("div", { class: "schema-tools" });
  readonly #again = el("button", { class: "btn sm", type: "button" }, "Count again");
  readonly #sum = el("p", { class: "sum badge", role: "status" });
  readonly #body = el("div", { class: "schema-body" });

  connectedCallback(): void {
    this.tools.replaceChildren(this.#again);
    this.replaceChildren(this.#sum, this.#body);
    const again = (): void => void this.#count();
    const visibility = new MutationObserver(() => this.#catchUp());
    visibility.observe(this, { attributeFilter: ["hidden"] });
    this.#again.addEventListener("click", again);
    this.#stops = [
      () => this.#again.removeEventListener("click", again),
      () => visibility.disconnect(),
      bus.on("files", () => this.#edited()),
      bus.on("uses", (uses) => {
        this.#uses = uses;
        this.#draw();
      }),
      bus.on("problems", () => this.#draw()),
      bus.on("saved", () => this.#catchUp()),
      bus.on("tables", () => this.#rowsChanged()),
    ];
    this.#uses = bus.latest("uses") ?? null;
    this.#draw();
    this.#catchUp();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#usesTimer);
    clearTimeout(this.#countTimer);
    for (const stop of this.#stops.splice(0)) stop();
  }

  // ── when to look again ──

  #edited(): void {
    this.#usesAreOld = true;
    clearTimeout(this.#usesTimer);
    this.#usesTimer = setTimeout(() => this.#catchUp(), TYPING_PAUSE_MS);
  }

  /** What has changed while nobody looked is looked up when somebody does. */
  #catchUp(): void {
    if (this.hidden) return;
    if (this.#usesAreOld) {
      this.#usesAreOld = false;
      bus.emit("uses-wanted", undefined);
    }
    const isSaved = !["editing", "saving"].includes(bus.latest("status")?.state ?? "saved");
    if (isSaved && this.#schemaText() !== this.#rehearsed) void this.#count();
  }

  #rowsChanged(): void {
    if (this.hidden || !this.#rehearsal?.tables.some(({ mismatched }) => mismatched > 0)) return;
    clearTimeout(this.#countTimer);
    this.#countTimer = setTimeout(() => void this.#count(), ROWS_PAUSE_MS);
  }

  #schemaText(): string {
    const files = bus.latest("files") ?? workspaceConfig().files;
    const names = Object.keys(files).filter((name) => name.startsWith("convex/")).sort();
    return JSON.stringify(names.map((name) => [name, files[name]]));
  }

  /** One request at a time; the last wish is the one that counts. */
  async #count(): Promise<void> {
    this.#isCountWanted = true;
    if (this.#isCounting) return;
    this.#isCounting = true;
    this.#again.setAttribute("aria-disabled", "true");
    while (this.#isCountWanted) {
      this.#isCountWanted = false;
      const about = this.#schemaText();
      const answer = await fetch(workspaceConfig().urls.schemaRehearsal).catch(() => null);
      const said = (await answer?.json().catch(() => null)) as Rehearsal | { message: string } | null;
      this.#trouble = answer?.ok ? "" : said && "message" in said ? said.message : "The rows could not be counted; try again in a moment.";
      if (answer?.ok) this.#rehearsal = said as Rehearsal;
      this.#rehearsed = about;
    }
    this.#isCounting = false;
    this.#again.removeAttribute("aria-disabled");
    this.#draw();
  }

  // ── what is shown ──

  #draw(): void {
    if (!this.#uses) {
      this.#sum.replaceChildren("TypeScript is loading.");
      return;
    }
    const problems = bus.latest("problems") ?? [];
    const chain = chainOf(this.#uses, problems, this.#rehearsal);
    // Problems come with every keystroke; what would look the same is left alone, with its focus and what is unfolded.
    const state = JSON.stringify([chain, this.#rehearsal, this.#trouble]);
    if (state === this.#shown) return;
    this.#shown = state;
    this.#showSum(chain);
    const { activeElement } = document;
    const focused = activeElement instanceof HTMLElement && this.#body.contains(activeElement) ? activeElement.textContent : null;
    const unfolded = this.#body.querySelector(".rows[open]") !== null;
    this.#body.replaceChildren(...this.#parts(chain));
    if (unfolded) for (const rows of this.#body.querySelectorAll<HTMLDetailsElement>(".rows")) rows.open = true;
    if (focused) [...this.#body.querySelectorAll<HTMLElement>("button, summary")].find(({ textContent }) => textContent === focused)?.focus();
  }

  #parts(chain: Chain): HTMLElement[] {
    const { tables, functions } = chain;
    if (tables.length === 0 && functions.length === 0) {
      return [el("p", { class: "empty panel-empty" }, el("b", {}, "No tables yet."), " Declare one in schema.ts, and everything that hangs on it appears here.")];
    }
    const rehearsal = this.#rehearsal;
    const wrong = rehearsal?.tables.filter(({ mismatched }) => mismatched > 0) ?? [];
    const problems = rehearsal?.problems ?? [];
    return [
      ...(this.#trouble ? [el("p", { class: "trouble" }, this.#trouble)] : []),
      ...problems.slice(0, 3).map((problem) => el("p", { class: "trouble" }, `The rows cannot be counted: ${problem.message.split("\n")[0] ?? ""} `, jumpTo(problem))),
      ...(rehearsal && !rehearsal.validated && problems.length === 0 ? [el("p", { class: "muted note" }, "This schema is not enforced, so every row fits.")] : []),
      ...(rehearsal?.cut ? [el("p", { class: "muted note" }, "The time for counting was over before all rows were looked at; the counts are of those.")] : []),
      ...tables.map(tableView),
      ...wrong.flatMap((table) => (rehearsal ? [mismatchView(table, rehearsal)] : [])),
      ...(functions.length > 0 ? [functionsView(functions)] : []),
    ];
  }

  #showSum({ brokenUses, brokenRows }: Chain): void {
    const parts = [brokenUses > 0 && `${plural(brokenUses, "use")} in code`, brokenRows > 0 && plural(brokenRows, "stored row")].filter(Boolean);
    this.#sum.className = `sum badge ${parts.length > 0 ? "bad" : "ok"}`;
    if (parts.length > 0) this.#sum.replaceChildren(icon("cross"), `Breaks: ${parts.join(", ")}.`);
    else this.#sum.replaceChildren(icon("tick"), this.#rehearsal ? "Schema, code and stored rows fit together." : "Schema and code fit together.");
  }
}

customElements.define("schema-panel", SchemaPanel);
