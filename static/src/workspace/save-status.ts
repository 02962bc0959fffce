/** `<save-status>`: where the learner's edits stand, in words, in the header. */
import { type BackfillMessage, bus, type SaveStatus } from "./bus.ts";

/** For a second or so nothing need be said: a save that works shows its result soon enough. */
const QUIET: ReadonlySet<SaveStatus["state"]> = new Set(["editing", "saving"]);
const TROUBLE: ReadonlySet<SaveStatus["state"]> = new Set(["offline", "conflict", "refused"]);

class SaveStatusElement extends HTMLElement {
  #stops: (() => void)[] = [];

  connectedCallback(): void {
    this.#stops = [
      bus.on("status", (status) => this.#show(status)),
      bus.on("backfill", (progress) => this.#showProgress(progress)),
    ];
    const status = bus.latest("status");
    if (status) this.#show(status);
  }

  disconnectedCallback(): void {
    for (const stop of this.#stops) stop();
  }

  #show({ state, text }: SaveStatus): void {
    this.dataset.state = state;
    this.classList.toggle("bad", TROUBLE.has(state));
    // Announced politely as it is, "editing, saving, saved" at each pause would drown everything else.
    this.setAttribute("aria-live", QUIET.has(state) ? "off" : "polite");
    this.textContent = text;
  }

  /** A save that has many stored documents to go through says how far it is. */
  #showProgress({ table, indexes, documents, total }: BackfillMessage): void {
    if (this.dataset.state !== "saving") return;
    const what = indexes.length > 0 ? `filling ${indexes.join(", ")} of` : "checking";
    this.textContent = `Saving: ${what} ${table}, ${documents.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  }
}

customElements.define("save-status", SaveStatusElement);
