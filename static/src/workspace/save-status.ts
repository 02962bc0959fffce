/** `<save-status>`: where the learner's edits stand, in words, in the header. */
import { bus, type SaveStatus } from "./bus.ts";

/** For a second or so nothing need be said: a save that works shows its result soon enough. */
const QUIET: ReadonlySet<SaveStatus["state"]> = new Set(["editing", "saving"]);
const TROUBLE: ReadonlySet<SaveStatus["state"]> = new Set(["offline", "conflict", "refused"]);

class SaveStatusElement extends HTMLElement {
  #stop: (() => void) | undefined;

  connectedCallback(): void {
    this.#stop = bus.on("status", (status) => this.#show(status));
    const status = bus.latest("status");
    if (status) this.#show(status);
  }

  disconnectedCallback(): void {
    this.#stop?.();
  }

  #show({ state, text }: SaveStatus): void {
    this.dataset.state = state;
    this.classList.toggle("bad", TROUBLE.has(state));
    // Announced politely as it is, "editing, saving, saved" at each pause would drown everything else.
    this.setAttribute("aria-live", QUIET.has(state) ? "off" : "polite");
    this.textContent = text;
  }
}

customElements.define("save-status", SaveStatusElement);
